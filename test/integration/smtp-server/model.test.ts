import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { statusOf } from "../../../src/status/mod.ts";
import { type Action, Model, MODEL_RECIPIENTS, MODEL_SIZE, wireOf } from "./_model.ts";
import { type Recording, recording } from "./_reception.ts";
import { type Bare, bareSession } from "./_runner.ts";

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    kind: fc.constant("hello" as const),
    verb: fc.constantFrom("EHLO", "EHLO", "HELO"),
    valid: fc.constantFrom(true, true, true, false),
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("mail" as const),
      how: fc.constantFrom("good", "good", "good", "binary", "refused", "malformed", "too-big", "unknown-parameter"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("rcpt" as const),
      how: fc.constantFrom("good", "good", "refused", "malformed"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("data" as const),
      content: fc.constantFrom("good", "bare", "too-big", "fails"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("bdat" as const),
      size: fc.constantFrom("none", "some", "some", "too-big"),
      last: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("other" as const),
      line: fc.constantFrom(
        "RSET",
        "NOOP",
        "HELP",
        "VRFY ada",
        "EXPN all",
        "STARTTLS",
        "AUTH PLAIN AGEAYg==",
        "XYZZY",
        `NOOPE ${"x".repeat(5000)}`,
      ),
    }),
  },
);

/** Chance alone seldom gets as far as content. */
const start: readonly Action[] = [
  { kind: "hello", verb: "EHLO", valid: true },
  { kind: "mail", how: "good" },
  { kind: "rcpt", how: "good" },
];
const actions = fc
  .array(fc.oneof({ weight: 5, arbitrary: action.map((one) => [one]) }, fc.constant(start)), { maxLength: 20 })
  .map((groups) => groups.flat());

function house(late: boolean): Recording {
  return recording({
    late,
    sender: ({ reversePath }) =>
      reversePath.kind === "mailbox" && reversePath.mailbox.localPart === "refused"
        ? statusOf("policy-refused")
        : undefined,
    recipient: ({ path }) =>
      statusOf(path.kind === "mailbox" && path.mailbox.localPart === "refused" ? "unknown-recipient" : "ok-recipient"),
    finish: ({ size }) => Promise.resolve(statusOf(size === "fails\r\n".length ? "storage-error" : "ok-message")),
  });
}

/** Lets every answer of the house arrive. */
async function settle(session: Bare): Promise<void> {
  do await new Promise(setImmediate);
  while (session.runner.waitsFor === "house");
}

/** Plays one action against session and model; the session's codes and the model's. */
async function play(session: Bare, model: Model, done: Action, cut: number): Promise<[number[], readonly number[]]> {
  const { line, content } = wireOf(done);
  const expected = model.codes(done);
  const said: number[] = [];
  for (const text of [line, content]) {
    if (text === undefined || (text === content && said[0] !== 354)) continue;
    const at = cut % (text.length + 1);
    session.send(text.slice(0, at));
    session.send(text.slice(at));
    await settle(session);
    said.push(...session.replies().map(({ code }) => code));
  }
  if (said.at(-1) === 220) session.runner.secured({ version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256" });
  return [said, expected];
}

for (const late of [false, true]) {
  test(`any sequence of commands gets the model's replies and leaves no envelope behind, answers ${late ? "later" : "at once"}`, async () => {
    await fc.assert(
      fc.asyncProperty(actions, fc.nat(100), fc.boolean(), async (steps, cut, quits) => {
        const kept = house(late);
        const limits = { messageSize: MODEL_SIZE, recipients: MODEL_RECIPIENTS, errors: 1000 };
        const session = bareSession(kept.reception, { limits, starttls: true });
        const model = new Model();
        await settle(session);
        assert.deepEqual(
          session.replies().map(({ code }) => code),
          [220],
        );
        for (const done of steps) {
          const [said, expected] = await play(session, model, done, cut);
          assert.deepEqual(said, expected, JSON.stringify(done));
          assert.equal(kept.open().handlers, model.mail === undefined ? 0 : 1, `after ${JSON.stringify(done)}`);
          assert.equal(kept.open().sinks, model.mail?.chunked === true ? 1 : 0, `after ${JSON.stringify(done)}`);
        }
        if (quits) session.send("QUIT\r\n");
        else session.runner.lose();
        assert.deepEqual([kept.breaches, kept.open()], [[], { handlers: 0, sinks: 0 }]);
        assert.equal(session.closed, quits ? "gently" : "at once");
      }),
      { numRuns: late ? 200 : 600 },
    );
  });
}

test("a connection lost while the house thinks is cleaned up when it answers", async () => {
  const before = [
    "EHLO a\r\n",
    "MAIL FROM:<ada@pine.example>\r\n",
    "RCPT TO:<bo@rook.example>\r\n",
    "DATA\r\n",
    "x\r\n.\r\n",
  ];
  for (let stop = 1; stop < before.length + 1; stop++) {
    const kept = house(true);
    const session = bareSession(kept.reception);
    await settle(session);
    for (const [at, text] of before.slice(0, stop).entries()) {
      session.send(text);
      if (at < stop - 1) await settle(session);
    }
    session.runner.lose();
    await settle(session);
    assert.deepEqual(
      [kept.breaches, kept.open(), session.runner.over],
      [[], { handlers: 0, sinks: 0 }, true],
      `after ${stop}`,
    );
  }
});

test("an early talker gets 554 in place of the greeting (RFC 5321 §3.1)", async () => {
  const session = bareSession(house(true).reception);
  session.send("E");
  await settle(session);
  assert.deepEqual(session.replies(), [{ code: 554, lines: ["5.5.0 Protocol error: talking before the greeting"] }]);
  assert.equal(session.closed, "gently");
});

test("whatever is sent while the house thinks counts as talking ahead (RFC 2920 §3.1)", async () => {
  const table: readonly (readonly [readonly string[], string, readonly number[]])[] = [
    [["HELO a"], "MAIL FROM:<>", [554]],
    [["HELO a", "MAIL FROM:<>"], "RCPT TO:<bo@rook.example>", [554]],
    [["EHLO a", "MAIL FROM:<>", "RCPT TO:<bo@rook.example>"], "DATA", [554]],
    // The message is kept by then, and its reply stands.
    [["HELO a", "MAIL FROM:<>", "RCPT TO:<bo@rook.example>", "DATA", "x"], ".", [250, 554]],
    [["EHLO a", "MAIL FROM:<>", "RCPT TO:<bo@rook.example>", "DATA", "x"], ".", [250]],
  ];
  for (const [lines, last, codes] of table) {
    const kept = house(true);
    const session = bareSession(kept.reception);
    await settle(session);
    for (const line of lines) {
      session.send(`${line}\r\n`);
      await settle(session);
    }
    session.replies();
    session.send(`${last}\r\n`);
    session.send("R");
    await settle(session);
    assert.deepEqual(
      session.replies().map(({ code }) => code),
      codes,
      `${lines.join()} ${last}`,
    );
    session.runner.lose();
    assert.deepEqual([kept.breaches, kept.open()], [[], { handlers: 0, sinks: 0 }]);
  }
});
