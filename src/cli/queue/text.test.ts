import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { MessageJson } from "../../daemon/mod.ts";
import { heading, messageLines, octets, span, tlsWord } from "./text.ts";

const NOW = Date.UTC(2026, 2, 3, 8, 0, 0);
const MESSAGE: MessageJson = {
  id: "0mmac06fs8jhyb7u89",
  from: "<ann@pine.example>",
  accepted: "2026-03-03T05:55:00.000Z",
  size: 4210,
  origin: "mx",
  tlsDemand: "secure",
  destinations: [
    {
      destination: "rook.example",
      state: "waiting",
      attempts: 3,
      crashes: 0,
      next: "2026-03-03T08:12:00.000Z",
      reason: "451 4.4.1 Cannot connect to mx1.rook.example (192.0.2.7): the connection timed out after a while",
      recipients: [],
    },
    {
      destination: "elm.example",
      state: "held",
      attempts: 3,
      crashes: 3,
      heldBy: "settlement",
      next: "2026-03-03T08:00:00.000Z",
      reason: "the process ended 3 time(s) in a row while it was tried",
      recipients: [],
    },
    {
      destination: "oak.example",
      state: "leased",
      attempts: 1,
      crashes: 1,
      next: "2026-03-03T08:00:30.000Z",
      recipients: [],
    },
    {
      destination: "fir.example",
      state: "due",
      attempts: 0,
      crashes: 0,
      next: "2026-03-03T05:55:00.000Z",
      recipients: [],
    },
  ],
};

test("messageLines: the table, whole", () => {
  assert.deepEqual(`${heading()}\n${messageLines(MESSAGE, NOW, () => true)}`.split("\n"), [
    "ID                    AGE  SIZE  TLS        FROM",
    "0mmac06fs8jhyb7u89  2h05m  4.1K  secure     <ann@pine.example>",
    "  rook.example  next in 12m, 3 tries",
    "    451 4.4.1 Cannot connect to mx1.rook.example (192.0.2.7): the connection ti…",
    "  elm.example  held, 3 tries, 3 crashes",
    "    the process ended 3 time(s) in a row while it was tried",
    "  oak.example  under way, 1 try, 1 crash",
    "  fir.example  due, not tried yet",
  ]);
  assert.deepEqual(
    messageLines(MESSAGE, NOW, (to) => to.state === "due")
      .split("\n")
      .slice(1),
    ["  fir.example  due, not tried yet", "  and 3 other destination(s)"],
  );
});

test("no line is wider than 80 columns or has a control character, whatever a message holds", () => {
  const text = fc.oneof(fc.string({ unit: "binary", maxLength: 200 }), fc.string({ unit: "grapheme", maxLength: 200 }));
  fc.assert(
    fc.property(text, text, text, fc.nat(), (from, destination, reason, size) => {
      const to = { ...MESSAGE.destinations[0], destination, reason } as (typeof MESSAGE.destinations)[number];
      for (const line of messageLines({ ...MESSAGE, from, size, destinations: [to] }, NOW, () => true).split("\n")) {
        assert.ok(Array.from(line).length <= 80, line);
        assert.ok(!/\p{C}/u.test(line), JSON.stringify(line));
      }
    }),
  );
});

test("tlsWord: REQUIRETLS before TLS-Required: No before the level", () => {
  assert.deepEqual(
    [
      {},
      { tlsOptional: true } as const,
      { requireTls: true } as const,
      { requireTls: true, tlsOptional: true } as const,
    ].map((more) => tlsWord({ tlsDemand: "encrypt", ...more })),
    ["encrypt", "optional", "requiretls", "requiretls"],
  );
});

test("span and octets: a few characters for any size", () => {
  const spans: [number, string][] = [
    [-5, "0s"],
    [59_499, "59s"],
    [60_000, "1m"],
    [3_599_000, "59m"],
    [11_100_000, "3h05m"],
    [86_400_000, "1d00h"],
    [8_640_000_000, "100d"],
  ];
  assert.deepEqual(
    spans.map(([ms]) => [ms, span(ms)]),
    spans,
  );
  const sizes: [number, string][] = [
    [0, "0"],
    [999, "999"],
    [1000, "1.0K"],
    [4210, "4.1K"],
    [74_752, "73K"],
    [52_428_800, "50M"],
    [1023 * 1024, "1.0M"],
  ];
  assert.deepEqual(
    sizes.map(([size]) => [size, octets(size)]),
    sizes,
  );
});
