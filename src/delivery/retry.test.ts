import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, seededRandom } from "../base/mod.ts";
import { domain, type Mailbox } from "../mail/mod.ts";
import { statusOf } from "../status/mod.ts";
import { DEFAULT_RETRY, expired, isLast, nextAttempt } from "./retry.ts";
import { type Route, routeFor } from "./route.ts";
import { judgeAttempt } from "./settle.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const steady: Random = { bytes: () => new Uint8Array(0), below: () => 0 };

test("nextAttempt: 30 min, 1 h, 2 h, 4 h, then every 4 h until five days are over (RFC 5321 §4.5.4.1)", () => {
  const waits: number[] = [];
  let now = 0;
  for (let attempt = 1; ; attempt++) {
    const next = nextAttempt({ attempt, acceptedAt: 0, now }, DEFAULT_RETRY, steady);
    if (next === undefined) break;
    waits.push((next - now) / MINUTE);
    now = next;
  }
  assert.deepEqual(waits.slice(0, 6), [30, 60, 120, 240, 240, 240]);
  assert.equal(now, DEFAULT_RETRY.expireAfter);
  // 7.5 h for the first four, 28 times 4 h, and the last try at the very end.
  assert.equal(waits.length, 4 + 28 + 1);
});

test("nextAttempt: greylisting is tried again after 5, 10 and 20 minutes, then as usual (RFC 6647 §2)", () => {
  const waits = (soon: boolean, first: number): readonly number[] =>
    [1, 2, 3, 4, 5].map((attempt) => {
      const policy = { first: first * MINUTE, expireAfter: DEFAULT_RETRY.expireAfter };
      return (nextAttempt({ attempt, acceptedAt: 0, now: 0, soon }, policy, steady) ?? 0) / MINUTE;
    });
  assert.deepEqual(waits(true, 30), [5, 10, 20, 240, 240]);
  assert.deepEqual(waits(false, 30), [30, 60, 120, 240, 240]);
  // Whoever comes sooner anyway is not slowed down.
  assert.deepEqual(waits(true, 2), [2, 4, 8, 16, 32]);
  assert.equal(isLast({ acceptedAt: 0, now: DEFAULT_RETRY.expireAfter - 1 }, DEFAULT_RETRY), false);
  assert.equal(isLast({ acceptedAt: 0, now: DEFAULT_RETRY.expireAfter }, DEFAULT_RETRY), true);
});

test("nextAttempt: waits are spread by up to a tenth and never shortened", () => {
  const waits = Array.from({ length: 200 }, (_, seed) => {
    const next = nextAttempt({ attempt: 1, acceptedAt: 0, now: 0 }, DEFAULT_RETRY, seededRandom(seed));
    return (next ?? 0) / MINUTE;
  });
  assert.ok(Math.min(...waits) >= 30 && Math.max(...waits) < 33);
  assert.ok(new Set(waits).size > 150);
});

test("nextAttempt: a first wait beyond four hours stays, and huge attempt numbers do not overflow", () => {
  const policy = { first: 6 * HOUR, expireAfter: 1000 * HOUR };
  assert.equal(nextAttempt({ attempt: 5, acceptedAt: 0, now: 0 }, policy, steady), 6 * HOUR);
  assert.equal(nextAttempt({ attempt: 1e6, acceptedAt: 0, now: 0 }, DEFAULT_RETRY, steady), 4 * HOUR);
});

test("expired: it says how long and keeps the last reason and who gave it", () => {
  const reply = { code: 450, lines: ["busy"] };
  const last = { cause: "remote-reply", code: 450, text: "busy", peer: { host: "mx.example" }, reply } as const;
  assert.deepEqual(expired(last, DEFAULT_RETRY), {
    cause: "expired",
    code: 554,
    enhanced: "5.4.7",
    text: "Not delivered within 5 days: busy",
    peer: { host: "mx.example" },
    reply,
  });
  assert.match(expired(last, { first: 1, expireAfter: 90 * MINUTE }).text, /within 1\.5 hours/);
  assert.match(expired(last, { first: 1, expireAfter: 5000 }).text, /within 5 seconds/);
  assert.match(expired(last, { first: 1, expireAfter: 5 }).text, /within 5 ms/);
});

test("judgeAttempt: each recipient by itself; only what is pending needs another time", () => {
  const via = { tls: "may:plaintext", because: [] };
  const outcomes = new Map([
    [0, { end: "delivered", status: statusOf("ok"), via } as const],
    [1, { end: "deferred", status: statusOf("timeout"), via } as const],
    [2, { end: "failed", status: statusOf("unknown-recipient"), via } as const],
  ]);
  const recipients = new Map([0, 1, 2].map((index) => [index, { kind: "pending" } as const]));
  const options = { now: 1000, retry: DEFAULT_RETRY, random: steady };
  const verdict = judgeAttempt({ attempt: 1, acceptedAt: 0, recipients }, outcomes, options);
  assert.deepEqual(verdict.recipients.get(0), { kind: "delivered", status: statusOf("ok"), at: 1000 });
  assert.deepEqual(verdict.recipients.get(1), { kind: "pending", last: statusOf("timeout") });
  assert.deepEqual(verdict.recipients.get(2), { kind: "failed", status: statusOf("unknown-recipient"), at: 1000 });
  assert.equal(verdict.retryAt, 1000 + 30 * MINUTE);
  assert.deepEqual(verdict.failed, [{ index: 2, status: statusOf("unknown-recipient") }]);

  const late = judgeAttempt({ attempt: 9, acceptedAt: 0, recipients }, outcomes, {
    ...options,
    now: DEFAULT_RETRY.expireAfter,
  });
  assert.equal(late.retryAt, undefined);
  assert.deepEqual(
    late.failed.map(({ index, status }) => [index, status.enhanced]),
    [
      [1, "5.4.7"],
      [2, "5.1.1"],
    ],
  );
  assert.equal(late.outcomes.get(1)?.end, "failed");
});

test("routeFor: the first match in order; domains, subdomains, addresses, everything", () => {
  const discard = { kind: "discard" } as const;
  const hop = (host: string) => ({ kind: "smtp", host, port: 25, mode: "starttls" }) as const;
  const routes: readonly Route[] = [
    { recipients: ["Ann@Rook.example"], target: hop("ann") },
    { recipients: ["rook.example", "[192.0.2.1]"], target: hop("rook") },
    { recipients: [".rook.example"], target: hop("sub") },
    { recipients: ['"a b"@oak.example'], target: discard },
  ];
  const to = (localPart: string, host: string): string => {
    const mailbox = { localPart, domain: host } as Mailbox;
    const target = routeFor(routes, mailbox);
    return target.kind === "smtp" ? target.host : target.kind;
  };
  assert.deepEqual(
    [
      to("Ann", "rook.example"),
      to("ann", "rook.example"),
      to("x", "a.rook.example"),
      to("x", "arook.example"),
      to("a b", "oak.example"),
      to("a", "oak.example"),
      to("x", "[192.0.2.1]"),
      to("x", "[192.0.2.2]"),
    ],
    ["ann", "rook", "sub", "mx", "discard", "mx", "rook", "mx"],
  );
  assert.equal(
    routeFor([{ recipients: ["*"], target: discard }], { localPart: "x", domain: domain("y.example") }),
    discard,
  );
});
