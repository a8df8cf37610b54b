import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DEFAULT_RATE, noticeBound, type Turn } from "./bound.ts";
import type { NoticeKind } from "./types.ts";

const RATE = { perMinute: 2, burst: 3, longestWait: 120_000, senders: 2 };

test("noticeBound: a burst at once, then evenly; a failure waits its turn, others are not told", () => {
  const bound = noticeBound(RATE);
  const say = (kind: NoticeKind, now: number, domain = "a"): Turn => bound.turn(domain, kind, now);
  const now = { kind: "now" };
  assert.deepEqual([say("success", 0), say("delay", 0), say("failure", 0)], [now, now, now]);
  assert.deepEqual([say("success", 0), say("delay", 29_999)], [{ kind: "never" }, { kind: "never" }]);
  assert.deepEqual(say("failure", 0), { kind: "later", at: 30_000 });
  assert.deepEqual(say("failure", 0), { kind: "later", at: 60_000 });
  assert.deepEqual(say("success", 0, "b"), now);
  // The places of the failures that wait are theirs.
  assert.deepEqual([say("success", 60_000), say("success", 90_000)], [{ kind: "never" }, now]);
});

test("noticeBound: no failure waits longer than it may, also after a jump of wall time", () => {
  const bound = noticeBound(RATE);
  const waits = Array.from({ length: 12 }, () => bound.turn("a", "failure", 1_000_000)).map((turn) =>
    turn.kind === "later" ? turn.at - 1_000_000 : turn.kind,
  );
  assert.deepEqual(waits, ["now", "now", "now", 30_000, 60_000, 90_000, ...Array.from({ length: 6 }, () => 120_000)]);
  assert.deepEqual(bound.turn("a", "failure", 0), { kind: "later", at: 120_000 });
});

test("noticeBound: the domain not heard of for longest is forgotten first", () => {
  const bound = noticeBound({ ...RATE, burst: 1 });
  const kinds = ["a", "b", "a", "c", "a", "b"].map((domain) => bound.turn(domain, "failure", 0).kind);
  assert.deepEqual(kinds, ["now", "now", "later", "now", "later", "now"]);
});

test("noticeBound: in any minute no domain is told more than burst and rate allow, and no failure is lost", () => {
  const calls = fc.array(fc.tuple(fc.nat(20_000), fc.constantFrom<NoticeKind>("failure", "delay", "success")), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(calls, (steps) => {
      const bound = noticeBound({ ...DEFAULT_RATE, longestWait: Infinity });
      let now = 0;
      const times: number[] = [];
      for (const [wait, kind] of steps) {
        now += wait;
        const turn = bound.turn("a", kind, now);
        if (kind === "failure") assert.notEqual(turn.kind, "never");
        if (turn.kind !== "never") times.push(turn.kind === "later" ? turn.at : now);
        if (turn.kind === "later") assert.ok(turn.at > now);
      }
      times.sort((left, right) => left - right);
      for (const from of times) {
        const within = times.filter((at) => at >= from && at < from + 60_000).length;
        assert.ok(within <= DEFAULT_RATE.burst + DEFAULT_RATE.perMinute, `${within} in a minute`);
      }
    }),
  );
});
