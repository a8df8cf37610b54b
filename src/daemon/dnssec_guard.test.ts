import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ManualClock } from "../../test/support/clock.ts";
import type { SelfTestReport } from "../dns/io/mod.ts";
import { subscribe } from "../observe/mod.ts";
import { dnssecGuard } from "./dnssec_guard.ts";
import { dnssecMemory } from "./dnssec_memory.ts";

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
  for (const [outcome, expected, told] of [
    ["pass", { sound: true }, []],
    ["fail", { sound: false, why: "the test says fail" }, ["the test says fail"]],
    ["unclear", { sound: true }, ["the test says unclear"]],
  ] as const) {
    const faults: string[] = [];
    using _listening = subscribe("hopseal:fault", ({ text }) => faults.push(text));
    assert.deepEqual(await dnssecGuard(async () => report(outcome), new ManualClock())(), expected, outcome);
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
  const yes = { sound: true };
  assert.deepEqual(await Promise.all([guard(), guard(), guard()]), [yes, yes, yes]);
  assert.equal(tests, 1);
  outcome = "fail";
  clock.advance(59_000);
  assert.equal((await guard()).sound, true);
  clock.advance(2000);
  assert.equal((await guard()).sound, false);
  assert.equal(tests, 2);
  outcome = "pass";
  clock.advance(3_599_000);
  assert.equal((await guard()).sound, false);
  clock.advance(2000);
  assert.equal((await guard()).sound, true);
  assert.equal(tests, 3);
});

test("dnssecGuard: once DNSSEC has worked, stripping it gives nobody insecure answers", async () => {
  const clock = new ManualClock();
  let outcome: Outcome = "pass";
  const faults: string[] = [];
  using _listening = subscribe("hopseal:fault", ({ text }) => faults.push(text));
  const guard = dnssecGuard(async () => report(outcome), clock);
  assert.equal((await guard()).sound, true);
  outcome = "fail";
  clock.advance(3_601_000);
  assert.equal((await guard()).sound, true);
  assert.deepEqual(faults, ["the test says fail; it worked with these servers before, so mail waits"]);
});

test("dnssecGuard: that DNSSEC has worked is remembered over a restart, where stripping makes mail wait at once", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "hopseal-dnssec-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const memory = (servers: readonly string[]) => dnssecMemory(folder, { dnssec: "validate", servers, tls: undefined });
  const sound = async (outcome: Outcome, servers: readonly string[]): Promise<boolean> =>
    (await dnssecGuard(async () => report(outcome), new ManualClock(), memory(servers))()).sound;
  assert.equal(await sound("fail", ["127.0.0.1"]), false);
  assert.equal(await sound("unclear", ["127.0.0.1"]), true);
  assert.equal(await sound("fail", ["127.0.0.1"]), false);
  assert.equal(await sound("pass", ["127.0.0.1"]), true);
  assert.equal(await sound("fail", ["127.0.0.1"]), true);
  // Other servers must prove themselves.
  assert.equal(await sound("fail", ["127.0.0.2"]), false);
  writeFileSync(join(folder, "dnssec-proved.json"), "{");
  assert.equal(await sound("fail", ["127.0.0.1"]), true);
});

test("dnssecGuard: a wall clock that is set back prolongs no verdict", async () => {
  const clock = new ManualClock();
  let outcome: Outcome = "fail";
  const guard = dnssecGuard(async () => report(outcome), clock);
  assert.equal((await guard()).sound, false);
  outcome = "pass";
  clock.jump(-86_400_000);
  clock.advance(3_600_000);
  assert.equal((await guard()).sound, true);
});
