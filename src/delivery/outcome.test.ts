import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rung } from "../policy/mod.ts";
import type { Extensions, SessionFailure, Stage } from "../smtp/client/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { endOf, hostOutcome, isGreylisting, nextRung, reachOf, wantsAnotherTransaction } from "./outcome.ts";

const FULL: Rung = { kind: "tls", hello: "full" };
const SMALL: Rung = { kind: "tls", hello: "small" };
const PLAINTEXT: Rung = { kind: "plaintext" };
const STAGES: readonly Stage[] = [
  "connect",
  "greeting",
  "hello",
  "starttls",
  "handshake",
  "verify",
  "second-hello",
  "auth",
];
const REPLIED: Status = { cause: "remote-reply", code: 421, text: "bye", reply: { code: 421, lines: ["bye"] } };

function failure(stage: Stage, status: Status = statusOf("connection-lost")): SessionFailure {
  return { kind: "failed", stage, status, findings: [], connected: stage !== "connect" };
}

/** The next rung by stage, by place on the ladder, and by whether the host said something. */
test("nextRung: every stage on every rung of both ladders, compared whole", () => {
  const ladders = { optional: [FULL, SMALL, PLAINTEXT], required: [FULL, SMALL] } as const;
  const rows = Object.entries(ladders).flatMap(([name, ladder]) =>
    STAGES.map((stage) => [
      name,
      stage,
      ...ladder.map((_, at) => nextRung(ladder, at, failure(stage)) ?? "-"),
      ...ladder.map((_, at) => nextRung(ladder, at, failure(stage, REPLIED)) ?? "-"),
    ]),
  );
  assert.deepEqual(rows, [
    ["optional", "connect", "-", "-", "-", "-", "-", "-"],
    ["optional", "greeting", "-", "-", "-", "-", "-", "-"],
    ["optional", "hello", "-", "-", "-", "-", "-", "-"],
    ["optional", "starttls", 2, 2, "-", 2, 2, "-"],
    ["optional", "handshake", 1, 2, "-", 1, 2, "-"],
    ["optional", "verify", "-", "-", "-", "-", "-", "-"],
    ["optional", "second-hello", 1, 2, "-", "-", "-", "-"],
    ["optional", "auth", "-", "-", "-", "-", "-", "-"],
    ["required", "connect", "-", "-", "-", "-"],
    ["required", "greeting", "-", "-", "-", "-"],
    ["required", "hello", "-", "-", "-", "-"],
    ["required", "starttls", "-", "-", "-", "-"],
    ["required", "handshake", 1, "-", 1, "-"],
    ["required", "verify", "-", "-", "-", "-"],
    ["required", "second-hello", 1, "-", "-", "-"],
    ["required", "auth", "-", "-", "-", "-"],
  ]);
});

test("hostOutcome: what a failed session says about its host", () => {
  const why = (stage: Stage, rung: Rung, status?: Status): string => hostOutcome("h", failure(stage, status), rung).why;
  assert.deepEqual(
    STAGES.map((stage) => [stage, why(stage, FULL), why(stage, FULL, REPLIED), why(stage, PLAINTEXT)]),
    [
      ["connect", "unreachable", "unreachable", "unreachable"],
      ["greeting", "answered", "answered", "answered"],
      ["hello", "answered", "answered", "answered"],
      ["starttls", "tls", "tls", "answered"],
      ["handshake", "tls", "tls", "answered"],
      ["verify", "tls", "tls", "answered"],
      ["second-hello", "tls", "answered", "tls"],
      ["auth", "answered", "answered", "answered"],
    ],
  );
});

test("endOf and wantsAnotherTransaction: by the first digit alone, but for what is too many (RFC 5321 §4.2.1, §4.5.3.1.10)", () => {
  const codes = [200, 250, 299, 400, 421, 452, 499, 500, 554, 599];
  assert.deepEqual(
    codes.map((code) => endOf({ cause: "remote-reply", code, text: "" })),
    [
      "delivered",
      "delivered",
      "delivered",
      "deferred",
      "deferred",
      "deferred",
      "deferred",
      "failed",
      "failed",
      "failed",
    ],
  );
  const many: readonly Status[] = [
    statusOf("too-many-recipients"),
    { cause: "remote-reply", code: 452, enhanced: "4.5.3", text: "" },
    { cause: "remote-reply", code: 452, enhanced: "4.3.1", text: "" },
    { cause: "remote-reply", code: 452, text: "" },
    { cause: "remote-reply", code: 550, enhanced: "5.5.3", text: "" },
  ];
  assert.deepEqual(many.map(wantsAnotherTransaction), [true, true, false, false, false]);
});

test("isGreylisting: by code, enhanced code or word; a full mailbox is none (RFC 6647 §2)", () => {
  const rows: readonly (readonly [number, Status["enhanced"], string, boolean])[] = [
    [450, "4.2.0", "come back", true],
    [451, "4.7.1", "try again later", true],
    [450, undefined, "Greylisted, see postgrey", true],
    [451, "4.3.0", "you are gray-listed", true],
    [451, undefined, "grey list", false],
    [450, "4.2.2", "mailbox full", false],
    [450, "4.1.1", "unknown for now", false],
    [451, undefined, "local error", false],
    [421, "4.7.1", "greylisted", false],
    [452, "4.2.0", "greylisted", false],
    [550, undefined, "greylisted", false],
  ];
  for (const [code, enhanced, text, expected] of rows) {
    const status: Status = { cause: "remote-reply", code, text, ...(enhanced === undefined ? {} : { enhanced }) };
    assert.equal(isGreylisting(status), expected, `${code} ${enhanced} ${text}`);
  }
});

test("reachOf: how far a message has come with each kind of peer (RFC 2033 §4.2, RFC 3461 §5.2.2)", () => {
  const none = { dsn: false, starttls: false } as Extensions;
  const target = { host: "h", address: "192.0.2.1", port: 25, mode: "starttls" } as const;
  const rows = ([undefined, "smtp", "lmtp"] as const).flatMap((protocol) =>
    [false, true].map((dsn) => {
      const spoken = protocol === undefined ? target : { ...target, protocol };
      return [protocol, dsn, reachOf({ target: spoken, extensions: { ...none, dsn } })];
    }),
  );
  assert.deepEqual(rows, [
    [undefined, false, "relayed"],
    [undefined, true, "relayed-dsn"],
    ["smtp", false, "relayed"],
    ["smtp", true, "relayed-dsn"],
    ["lmtp", false, "mailbox"],
    ["lmtp", true, "mailbox"],
  ]);
});
