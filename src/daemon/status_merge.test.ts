import assert from "node:assert/strict";
import { test } from "node:test";
import { mergeCounted, mergeReadiness } from "./status_merge.ts";

test("mergeCounted: sums what is counted, keeps the newest faults and the oldest that is due", () => {
  const states = { due: 1, waiting: 2, leased: 0, held: 1 };
  const part = (at: string, oldestDue?: string): Parameters<typeof mergeCounted>[0][number] => ({
    queue: { messages: 3, units: 4, states, ...(oldestDue === undefined ? {} : { oldestDue }) },
    limited: { "client-rate": 2, [`only-${at}`]: 1 },
    faults: Array.from({ length: 6 }, (_, nth) => ({ at: `2026-03-0${nth + 1}T0${at}`, where: "store", text: at })),
  });
  const merged = mergeCounted([part("1", "2026-03-03"), part("2", "2026-03-02"), part("3")]);
  assert.deepEqual(merged.queue, {
    messages: 9,
    units: 12,
    states: { due: 3, waiting: 6, leased: 0, held: 3 },
    oldestDue: "2026-03-02",
  });
  assert.deepEqual(merged.limited, { "client-rate": 6, "only-1": 1, "only-2": 1, "only-3": 1 });
  assert.equal(merged.faults.length, 10);
  assert.deepEqual(merged.faults.at(-1), { at: "2026-03-06T03", where: "store", text: "3" });
});

test("mergeReadiness: one that is not ready is enough, and the same reason comes once", () => {
  const reason = { kind: "draining", text: "x" } as const;
  const not = { ready: false, reasons: [reason] };
  assert.deepEqual(mergeReadiness([{ ready: true, reasons: [] }, not, not]), not);
  assert.deepEqual(mergeReadiness([{ ready: true, reasons: [] }]), { ready: true, reasons: [] });
});
