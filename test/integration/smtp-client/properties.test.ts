import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat, fromUtf8, utf8 } from "../../../src/base/mod.ts";
import { type ClientEffect, conversation, type ConversationInput } from "../../../src/smtp/client/mod.ts";
import { brief, CONTENT, LOGIN, OPTIONS, request, to } from "./dialogue.ts";

const NAMES = ["a", "b", "c", "d", "e", "f"].map((name) => `${name}@rook.example`);
const rcptReply = fc.constantFrom("250 2.1.5 ok", "251 2.1.5 forwards", "550 5.1.1 nobody", "450 4.2.1 later");
const endReply = fc.constantFrom("250 2.0.0 kept", "452 4.2.2 full", "552 5.2.2 full", "250 ok");
const end = fc.constantFrom("lost", "expired", "421 4.3.2 bye", "354 go on", "what");

interface Run {
  readonly rcpts: readonly string[];
  readonly ends: readonly string[];
  /** Instead of the rest of the replies. */
  readonly cut: { readonly after: number; readonly how: string };
  readonly chunked: boolean;
  readonly pipelined: boolean;
  readonly at: number;
}

const run: fc.Arbitrary<Run> = fc.record({
  rcpts: fc.array(rcptReply, { minLength: 1, maxLength: NAMES.length }),
  ends: fc.array(endReply, { minLength: NAMES.length, maxLength: NAMES.length }),
  cut: fc.record({ after: fc.nat(NAMES.length * 2), how: end }),
  chunked: fc.boolean(),
  pipelined: fc.boolean(),
  at: fc.nat(400),
});

/** What must come out, told without the machine: each accepted recipient has its reply, or what ended the session. */
function expected({ rcpts, ends, cut }: Run): readonly string[] {
  const broken = { lost: "451 4.4.2 connection-lost", expired: "451 4.4.2 timeout" }[cut.how];
  const said = broken ?? (cut.how.startsWith("421") ? "421 4.3.2 remote-reply" : "451 4.5.0 peer-protocol-error");
  let replies = 0;
  return rcpts.map((rcpt) => {
    if (!rcpt.startsWith("2")) return named(rcpt);
    const at = replies++;
    return at < cut.after ? named(ends[at] ?? "") : said;
  });
}

function named(reply: string): string {
  const [code = "", second = ""] = reply.split(" ");
  return `${code} ${/^\d\.\d\.\d$/.test(second) ? second : "-"} remote-reply`;
}

test("LMTP client: whatever each recipient is told, and wherever it breaks off, each has its own outcome (RFC 2033 §4.2)", () => {
  fc.assert(
    fc.property(run, (one) => {
      const accepted = one.rcpts.filter((reply) => reply.startsWith("2")).length;
      const machine = conversation({
        ...OPTIONS,
        protocol: "lmtp",
        chunking: one.chunked ? "preferred" : "needed",
        chunkSize: 7,
      });
      const done: Extract<ClientEffect, { readonly kind: "done" }>[] = [];
      const sent: string[] = [];
      const feed = (input: ConversationInput): void => {
        const effects = machine.handle(input);
        for (const effect of effects) {
          if (effect.kind === "done") done.push(effect);
          if (effect.kind === "write") sent.push(fromUtf8(concat(effect.parts)));
        }
        if (effects.some(({ kind }) => kind === "pull")) feed({ kind: "content", octets: CONTENT, last: true });
      };
      const say = (...lines: readonly string[]): void => {
        const octets = utf8(lines.map((line) => `${line}\r\n`).join(""));
        const at = Math.min(one.at, octets.length);
        feed({ kind: "octets", octets: octets.subarray(0, at) });
        if (at < octets.length) feed({ kind: "octets", octets: octets.subarray(at) });
      };
      const keywords = [...(one.pipelined ? ["PIPELINING"] : []), ...(one.chunked ? ["CHUNKING"] : []), "8BITMIME"];
      feed({ kind: "connected" });
      say("220 rook");
      say("250-rook", ...keywords.map((word, at) => `250${at === keywords.length - 1 ? " " : "-"}${word}`));
      feed({ kind: "transact", request: request({ recipients: to(...NAMES.slice(0, one.rcpts.length)) }) });
      const data = one.chunked ? [] : [accepted > 0 ? "354 go on" : "503 5.5.1 nobody"];
      if (one.pipelined) say("250 2.1.0 ok", ...one.rcpts, ...data);
      else for (const line of ["250 2.1.0 ok", ...one.rcpts, ...(accepted > 0 ? data : [])]) say(line);
      if (accepted > 0) {
        for (let chunk = 0; one.chunked && machine.state.kind === "await-bdat-content" && chunk < 9; chunk++)
          say("250 ok");
        say(...one.ends.slice(0, Math.min(accepted, one.cut.after)));
        if (one.cut.after < accepted) {
          if (one.cut.how === "lost" || one.cut.how === "expired") feed({ kind: one.cut.how, detail: "x" });
          else say(one.cut.how);
        }
      }
      assert.equal(done.length, 1);
      const [effect] = done;
      assert.deepEqual(effect?.result.recipients.map(brief), expected(one));
      const unknown = accepted > one.cut.after;
      assert.equal(effect?.result.reusable, !unknown);
      assert.equal(effect?.result.afterDot, unknown && !one.cut.how.startsWith("421") ? true : undefined);
      assert.equal(sent.join("").includes("hello"), accepted > 0);
    }),
    { numRuns: 2000 },
  );
});

test("AUTH client: whatever the server says, it ends in a session or a failure, and no password is in either", () => {
  const blob = Buffer.from(`\0${LOGIN.user}\0${LOGIN.password}`).toString("base64");
  const parts = ["235", "334", "535", "421", "354", " ", "-", "\r\n", "YQ==", "2.7.0", LOGIN.password, blob, "=", "\n"];
  const text = fc.array(fc.oneof(fc.constantFrom(...parts), fc.string({ unit: "binary", maxLength: 5 })), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(text, fc.constantFrom("PLAIN", "LOGIN", "PLAIN LOGIN"), fc.nat(40), (words, offer, cut) => {
      const machine = conversation({ ...OPTIONS, tls: "established", login: true });
      const ends: ClientEffect[] = [];
      const feed = (input: ConversationInput): void => {
        for (const effect of machine.handle(input)) {
          if (effect.kind === "failed" || effect.kind === "ready") ends.push(effect);
        }
      };
      feed({ kind: "connected" });
      feed({ kind: "octets", octets: utf8(`220 x\r\n`) });
      feed({ kind: "octets", octets: utf8(`250-x\r\n250 AUTH ${offer}\r\n`) });
      feed({ kind: "login", login: LOGIN });
      const octets = utf8(`${words.join("")}\r\n`);
      feed({ kind: "octets", octets: octets.subarray(0, cut) });
      feed({ kind: "octets", octets: octets.subarray(cut) });
      feed({ kind: "expired", detail: "x" });
      assert.ok(ends.length === 1);
      const kept = JSON.stringify([ends, machine.state.kind === "closed" ? machine.state.why : ""]);
      assert.equal(kept.includes(LOGIN.password) || kept.includes(blob), false, kept);
    }),
    { numRuns: 3000 },
  );
});
