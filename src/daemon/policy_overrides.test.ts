import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../test/support/clock.ts";
import { subscribe } from "../observe/mod.ts";
import { watchOverrides } from "./policy_overrides.ts";

test("watchOverrides: says of each override that it has ended, once, when it has", () => {
  const told: string[] = [];
  using _listening = subscribe("hopseal:policy", ({ domain, what }) => told.push(`${domain} ${what}`));
  const clock = new ManualClock(Date.UTC(2026, 2, 3));
  const entry = (destination: string, until?: Date | string) => ({
    destination,
    level: "may" as const,
    override: true,
    until,
  });
  const watching = watchOverrides(
    {
      tls_policy: [
        entry("past.example", "2026-03-02"),
        entry("soon.example", new Date(Date.UTC(2026, 2, 4))),
        entry("later.example", "2026-05-01"),
        { destination: "floor.example", level: "secure" },
        { ...entry("off.example", "2026-03-04"), override: false },
      ],
    },
    clock,
  );
  assert.deepEqual(told, ["past.example override-ended"]);
  clock.advance(86_399_999);
  assert.equal(told.length, 1);
  clock.advance(1);
  assert.deepEqual(told.slice(1), ["soon.example override-ended"]);
  // The clock was set back: the end is when the clock says so.
  clock.jump(-3_600_000);
  clock.advance(58 * 86_400_000);
  assert.equal(told.length, 2);
  clock.advance(3_600_000);
  assert.deepEqual(told.slice(2), ["later.example override-ended"]);
  watching[Symbol.dispose]();
  assert.equal(clock.pending, 0);
  watchOverrides({ tls_policy: [entry("never.example", "2026-12-31")] }, clock)[Symbol.dispose]();
  assert.equal(clock.pending, 0);
});
