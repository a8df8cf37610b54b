import assert from "node:assert/strict";
import { test } from "node:test";
import { recording } from "./_reception.ts";
import { bareSession } from "./_runner.ts";

const LINE_ENDS = ["\n", "\r", "\r\n", "\n\r", "\r\r", "\n\n", "\0\n", "\r\0\n", "\n\0", "\r\0", "\r\n\0", "\0"];
const DOTS = [".", ".\0", "\0.", ". "];
const INJECTED = "MAIL FROM:<evil@x.example>\r\nRCPT TO:<bo@rook.example>\r\nDATA\r\nsmuggled\r\n.\r\n";

/** Everything that somebody could mistake for the end of data. */
function variants(): string[] {
  const ends = LINE_ENDS.flatMap((before) =>
    DOTS.flatMap((dot) => LINE_ENDS.map((after) => `${before}${dot}${after}`)),
  );
  return ends.filter((end) => !end.includes("\r\n.\r\n"));
}

/** Sends `pieces` as content of one transaction; what was taken, by sender. */
function deliver(pieces: readonly string[]): { senders: string[]; codes: number[]; breaches: string[] } {
  const kept = recording();
  const session = bareSession(kept.reception);
  for (const line of ["EHLO a", "MAIL FROM:<ada@pine.example>", "RCPT TO:<bo@rook.example>", "DATA"])
    session.send(`${line}\r\n`);
  session.replies();
  for (const piece of pieces) session.send(piece);
  const codes = session.replies().map(({ code }) => code);
  session.runner.lose();
  const senders = kept.taken.map(({ request }) =>
    request.reversePath.kind === "null" ? "" : request.reversePath.mailbox.localPart,
  );
  return { senders, codes, breaches: kept.breaches };
}

test("J01: nothing but CRLF.CRLF ends the data, at any split: one message at most, and no smuggled command (RFC 5321 §4.1.1.4)", () => {
  const all = variants();
  assert.ok(all.length > 400);
  for (const end of all) {
    const stream = `x${end}${INJECTED}`;
    const whole = deliver([stream]);
    // The one reply that comes is to the true end of data; the finish itself answers later, if it is asked.
    assert.ok(whole.codes.length <= 1, JSON.stringify(end));
    for (let at = 1; at < stream.length; at++) {
      const split = deliver([stream.slice(0, at), stream.slice(at)]);
      assert.deepEqual(split, whole, `${JSON.stringify(end)} split at ${at}`);
    }
    assert.ok(!whole.senders.includes("evil"));
    assert.ok(whole.senders.length <= 1);
    const single = deliver(stream.split(""));
    assert.deepEqual(single, whole, `${JSON.stringify(end)} in single octets`);
  }
});

test("the true end of data is found at every split, and what follows is a command of its own", async () => {
  const stream = "x\r\n.\r\nMAIL FROM:<cy@pine.example>\r\n";
  for (let at = 0; at <= stream.length; at++) {
    const kept = recording();
    const session = bareSession(kept.reception);
    for (const line of ["EHLO a", "MAIL FROM:<ada@pine.example>", "RCPT TO:<bo@rook.example>", "DATA"])
      session.send(`${line}\r\n`);
    session.replies();
    session.send(stream.slice(0, at));
    session.send(stream.slice(at));
    await new Promise(setImmediate);
    assert.deepEqual(
      session.replies().map(({ code }) => code),
      [250, 250],
    );
    assert.deepEqual(
      kept.taken.map(({ content }) => Buffer.from(content).toString()),
      ["x\r\n"],
    );
  }
});
