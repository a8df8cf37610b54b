import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../test/support/clock.ts";
import { startMetrics } from "../observe/io/mod.ts";
import type { Census } from "../queue/mod.ts";
import { type MeasureParts, measureOf } from "./measure.ts";

const UNITS = { due: 1, waiting: 2, leased: 0, held: 3 };

test("measureOf: those who ask at once share one look; one at a large queue is used for twenty times as long as it took", async () => {
  const clock = new ManualClock();
  const looks: PromiseWithResolvers<Census>[] = [];
  const store = {
    census() {
      looks.push(Promise.withResolvers());
      return (looks.at(-1) as PromiseWithResolvers<Census>).promise;
    },
  };
  const { census } = measureOf({ ...partsFor(clock), store });
  const both = [census(), census()];
  clock.advance(100);
  looks[0]?.resolve({ messages: 9_999, units: UNITS });
  await Promise.all(both);
  assert.equal(looks.length, 1);
  const again = census();
  clock.advance(100);
  const large = { messages: 10_000, units: UNITS };
  looks[1]?.resolve(large);
  assert.deepEqual(await again, large);
  clock.advance(1999);
  assert.deepEqual(await census(), large);
  assert.equal(looks.length, 2);
  clock.advance(1);
  const failing = census();
  looks[2]?.reject(new Error("gone"));
  await assert.rejects(failing, /gone/);
  const last = census();
  looks[3]?.resolve(large);
  await last;
  assert.equal(looks.length, 4, "a look that failed is not remembered");
});

test("measureOf: gauges of what the house knows; a queue that cannot be counted is absent, not 0", async () => {
  const clock = new ManualClock();
  using metrics = await startMetrics();
  const now = clock.now();
  const held = { list: { timestamp: now - 60_000, expires: now + 120_000 } };
  const parts = {
    ...partsFor(clock),
    metrics,
    certificates: { expires: now + 5000 },
    lists: () => [
      { source: { name: "ours" }, held },
      { source: { name: "none" }, held: undefined },
    ],
  } as unknown as MeasureParts;
  const names = [
    "hopseal_queue_oldest_due_seconds",
    "hopseal_certificate_expiry_seconds",
    "hopseal_policy_list_age_seconds",
    "hopseal_policy_list_expiry_seconds",
    "hopseal_deliveries_under_way",
    "hopseal_paused",
  ];
  const values = async (from: MeasureParts): Promise<unknown[]> => {
    const [snapshot = []] = await measureOf(from).snapshots();
    return names.map((name) => snapshot.find((metric) => metric.name === name)?.values.map(({ value }) => value));
  };
  const store = { census: async () => ({ messages: 1, units: UNITS, oldestDue: now - 30_000 }) };
  assert.deepEqual(await values({ ...parts, store }), [[30], [5], [60], [120], [2], [1, 0, 0]]);
  const broken = { census: () => Promise.reject(new Error("gone")) };
  assert.deepEqual((await values({ ...parts, store: broken }))[0], []);
  assert.deepEqual(await measureOf(partsFor(clock)).snapshots(), [], "nobody wants metrics");
});

function partsFor(clock: ManualClock): MeasureParts {
  return {
    config: { data_dir: "/" },
    clock,
    store: { census: async () => ({ messages: 0, units: UNITS }) },
    outgoing: { underWay: () => 2 },
    pauses: {
      now: { receiving: true, sending: false, destinations: [] },
      draining: false,
    } as unknown as MeasureParts["pauses"],
  };
}
