import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/clock.ts";
import { createExpiringStore } from "./expiring.ts";

test("createExpiringStore ends a value by whichever clock comes first", () => {
  const clock = new ManualClock(1_000_000);
  const store = createExpiringStore<string>({ clock, entries: 10, octets: 10_000, sizeOf: () => 1 });
  store.set("a", "kept", clock.now() + 60_000);
  clock.advance(59_999);
  assert.equal(store.get("a"), "kept");
  clock.advance(1);
  assert.equal(store.get("a"), undefined);

  store.set("b", "kept", clock.now() + 60_000);
  clock.jump(60_000);
  assert.equal(store.get("b"), undefined);

  store.set("c", "kept", clock.now() + 60_000);
  clock.jump(-3_600_000);
  clock.advance(60_000);
  assert.equal(store.get("c"), undefined);

  store.set("d", "over", clock.now());
  assert.equal(store.entries, 0);
});
