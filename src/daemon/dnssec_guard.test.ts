import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../test/support/clock.ts";
import type { SelfTestReport } from "../dns/io/mod.ts";
import { subscribe } from "../observe/mod.ts";
import { dnssecGuard } from "./dnssec_guard.ts";

type Outcome = SelfTestReport["checks"][number]["outcome"];

function report(outcome: Outcome): SelfTestReport {
  return {
    mode: "validate",
    sound: outcome === "pass",
    checks: [{ what: "signatures", question: "q", outcome, detail: "d" }],
    summary: `the test says ${outcome}`,
  };
}

test("dnssecGuard: only a clear failure turns validation off, aloud; an outage does not", async () => {
  for (const [outcome, allowed, told] of [
    ["pass", true, []],
    ["fail", false, ["the test says fail"]],
    ["unclear", true, ["the test says unclear"]],
  ] as const) {
    const faults: string[] = [];
    using _listening = subscribe("hopseal:fault", ({ text }) => faults.push(text));
    assert.equal(await dnssecGuard(async () => report(outcome), new ManualClock())(), allowed, outcome);
    assert.deepEqual(faults, told);
  }
});

test("dnssecGuard: one test serves all who wait, holds for an hour, and a doubt for a minute", async () => {
  const clock = new ManualClock();
  let tests = 0;
  let outcome: Outcome = "unclear";
  const guard = dnssecGuard(async () => {
    tests++;
    return report(outcome);
  }, clock);
  assert.deepEqual(await Promise.all([guard(), guard(), guard()]), [true, true, true]);
  assert.equal(tests, 1);
  outcome = "fail";
  clock.advance(59_000);
  assert.equal(await guard(), true);
  clock.advance(2000);
  assert.equal(await guard(), false);
  assert.equal(tests, 2);
  outcome = "pass";
  clock.advance(3_599_000);
  assert.equal(await guard(), false);
  clock.advance(2000);
  assert.equal(await guard(), true);
  assert.equal(tests, 3);
});

test("dnssecGuard: once DNSSEC has worked, stripping it gives nobody insecure answers", async () => {
  const clock = new ManualClock();
  let outcome: Outcome = "pass";
  const faults: string[] = [];
  using _listening = subscribe("hopseal:fault", ({ text }) => faults.push(text));
  const guard = dnssecGuard(async () => report(outcome), clock);
  assert.equal(await guard(), true);
  outcome = "fail";
  clock.advance(3_601_000);
  assert.equal(await guard(), true);
  assert.deepEqual(faults, ["the test says fail"]);
});
