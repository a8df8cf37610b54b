import assert from "node:assert/strict";
import { test } from "node:test";
import type { WireStep } from "../types.ts";
import { type WireEffect, wireScript } from "./script.ts";

/** Lines from the host ("<") and from the sender (">"), and what came of each. */
function play(steps: readonly WireStep[], lines: readonly string[]): readonly string[] {
  const script = wireScript(steps);
  const say = (effect: WireEffect): string =>
    "octets" in effect ? `${effect.kind} ${effect.octets.toString("latin1")}` : effect.kind;
  return [
    ...script.start().map(say),
    ...lines.flatMap((line) => {
      const chunk = Buffer.from(line.slice(1), "latin1");
      return (line.startsWith("<") ? script.fromHost(chunk) : script.fromSender(chunk)).map(say);
    }),
  ];
}

const GREETING = "<220 mx\r\n";
const HELLO = [">EHLO me\r\n", "<250-mx\r\n250-STARTTLS\r\n250 8BITMIME\r\n"];
const UPGRADE = [">STARTTLS\r\n", "<220 go\r\n"];

test("without steps every octet passes, and clear content is told", () => {
  const lines = [GREETING, ...HELLO, ">DATA\r\n", "<354 go\r\n", ">one\r\n..two\r\n.\r\n", "<250 ok\r\n"];
  assert.deepEqual(play([], lines), [
    "to-sender 220 mx\r\n",
    "to-host EHLO me\r\n",
    "to-sender 250-mx\r\n250-STARTTLS\r\n250 8BITMIME\r\n",
    "to-host DATA\r\n",
    "to-sender 354 go\r\n",
    "to-host one\r\n",
    "to-host ..two\r\n",
    "content one\r\n..two\r\n",
    "to-host .\r\n",
    "to-sender 250 ok\r\n",
  ]);
});

test("from the handshake on all is noise and passes as it is", () => {
  const seen = play([], [GREETING, ...HELLO, ...UPGRADE, ">\x16\x03DATA\r\n", "<\x16\x03\r\n250"]);
  assert.deepEqual(seen.slice(-2), ["to-host \x16\x03DATA\r\n", "to-sender \x16\x03\r\n250"]);
});

test("each step does what it says, once its moment has come", () => {
  const cases: readonly (readonly [WireStep, readonly string[], readonly string[]])[] = [
    [
      { on: "EHLO", kind: "drop-lines", beginning: "8BITMIME" },
      HELLO,
      ["to-host EHLO me\r\n", "to-sender 250-mx\r\n250 STARTTLS\r\n"],
    ],
    [
      { on: "EHLO", kind: "replace", from: "STARTTLS", to: "XXXXXXXA" },
      HELLO,
      ["to-host EHLO me\r\n", "to-sender 250-mx\r\n250-XXXXXXXA\r\n250 8BITMIME\r\n"],
    ],
    [
      { on: "STARTTLS", kind: "inject", text: "250 evil\r\n" },
      UPGRADE,
      ["to-host STARTTLS\r\n", "to-sender 220 go\r\n250 evil\r\n"],
    ],
    [{ on: "STARTTLS", kind: "answer", text: "454 no\r\n" }, [">STARTTLS\r\n"], ["to-sender 454 no\r\n"]],
    [
      { on: "EHLO", kind: "early", text: "250 ok\r\n" },
      [">EHLO me\r\n"],
      ["to-sender 250 ok\r\n", "to-host EHLO me\r\n"],
    ],
    [{ on: "STARTTLS", kind: "rewrite", to: "XXXXXXXX" }, [">STARTTLS\r\n"], ["to-host XXXXXXXX\r\n"]],
    [{ on: "STARTTLS", kind: "reset", when: "command" }, [">STARTTLS\r\n"], ["reset"]],
    [{ on: "STARTTLS", kind: "close", when: "reply" }, UPGRADE, ["to-host STARTTLS\r\n", "close"]],
    [
      { on: "hello", kind: "blackhole", when: "command" },
      [...UPGRADE, ">\x16"],
      ["to-host STARTTLS\r\n", "to-sender 220 go\r\n", "blackhole"],
    ],
    [
      { on: "hello", kind: "answer", text: "x" },
      [...UPGRADE, ">\x16"],
      ["to-host STARTTLS\r\n", "to-sender 220 go\r\n", "to-sender x"],
    ],
  ];
  for (const [step, lines, expected] of cases)
    assert.deepEqual(play([step], [GREETING, ...lines]).slice(1), expected, JSON.stringify(step));
});

test("a hello of more than one packet vanishes, a small one passes", () => {
  const steps: readonly WireStep[] = [{ on: "hello", kind: "small-only" }];
  const last = (size: number): string => play(steps, [GREETING, ...UPGRADE, `>${"x".repeat(size)}`]).at(-1) ?? "";
  assert.deepEqual([last(1301), last(10)], ["blackhole", `to-host ${"x".repeat(10)}`]);
});
