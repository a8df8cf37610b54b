import assert from "node:assert/strict";
import { test } from "node:test";
import { type Dialogue, play } from "../../../test/integration/smtp-client/dialogue.ts";
import { remoteStatus } from "./outcome.ts";

const OPEN: Dialogue = [
  "> connected",
  "S: 220 mx.rook.example",
  "C: EHLO out.pine.example",
  "S: 250-mx.rook.example",
  "S: 250 PIPELINING",
  "< ready",
  "> transact",
  "C: MAIL FROM:<ada@pine.example>",
  "C: RCPT TO:<bo@rook.example>",
  "C: DATA",
];

/** The same whether the host says 354 to a DATA without recipients or refuses it. */
test("a host that cannot take MAIL now is left for the next one, whatever it says to DATA (RFC 5321 §4.2.1, RFC 2920 §3.1)", () => {
  for (const [mail, end] of [
    ["451 later", "451 - remote-reply; reusable, host failed"],
    ["550 never", "550 - remote-reply; reusable"],
  ]) {
    const refused: Dialogue = [...OPEN, `S: ${mail}`, "S: 503 no MAIL", "S: 503 no MAIL", `< done: ${end}`];
    const goOn: Dialogue = [
      ...OPEN,
      `S: ${mail}`,
      "S: 503 no MAIL",
      "S: 354 go on",
      "C: .",
      "S: 554 no recipients",
      `< done: ${end}`,
    ];
    for (const dialogue of [refused, goOn]) assert.deepEqual(play(dialogue).lines, dialogue);
  }
});

test("what is kept of a reply is bounded, for it is kept with every recipient", () => {
  const peer = { host: "mx.rook.example" };
  const long = remoteStatus({ code: 450, lines: Array.from({ length: 100 }, () => "x".repeat(600)) }, peer);
  assert.deepEqual(
    long.reply?.lines.map((line) => line.length),
    [600, 600, 600, 197],
  );
  const short = ["one", "", "two"];
  assert.deepEqual(remoteStatus({ code: 450, lines: short }, peer).reply?.lines, short);
});
