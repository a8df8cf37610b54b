import assert from "node:assert/strict";
import { test } from "node:test";
import { statusOf } from "../status/mod.ts";
import type { RecipientState } from "./port.ts";
import { claimed, isClaimable, operated, renewed, settled, shownState, type UnitState } from "./transition.ts";

const PENDING: RecipientState = { kind: "pending" };
const MIXED_OF = (state: RecipientState): ReadonlyMap<number, RecipientState> =>
  new Map([
    [0, PENDING],
    [1, state],
  ]);
const DONE: RecipientState = { kind: "delivered", status: statusOf("ok"), at: 5 };
const MIXED = MIXED_OF(DONE);
const READY: UnitState = {
  kind: "ready",
  due: 10,
  token: 3,
  attempt: 3,
  crashes: 0,
  recipients: new Map([
    [0, PENDING],
    [1, PENDING],
  ]),
};
const LEASED = claimed(READY, 100);

test("claimed counts the attempt and, over an unsettled lease, the crash", () => {
  assert.deepEqual(LEASED, { ...READY, kind: "leased", due: 100, token: 4, attempt: 4 });
  assert.deepEqual(claimed(LEASED, 200), { ...LEASED, due: 200, token: 5, attempt: 5, crashes: 1 });
});

test("isClaimable: due and not held", () => {
  assert.deepEqual(
    (["ready", "leased", "held"] as const).map((kind) => [9, 10].map((now) => isClaimable({ kind, due: 10 }, now))),
    [
      [false, true],
      [false, true],
      [false, false],
    ],
  );
});

test("settled: every way out", () => {
  const none = new Map<number, RecipientState>();
  const one = new Map([[1, DONE]]);
  const kept = { token: 4, attempt: 4, crashes: 0 };
  assert.deepEqual(settled(LEASED, 3, { at: 2, recipients: none, retryAt: 7 }), { kind: "lost" });
  assert.deepEqual(settled(READY, 3, { at: 2, recipients: none, retryAt: 7 }), { kind: "lost" });
  assert.deepEqual(settled(LEASED, 4, { at: 2, recipients: one, retryAt: 7 }), {
    kind: "kept",
    unit: {
      ...kept,
      kind: "ready",
      due: 7,
      recipients: MIXED,
    },
  });
  assert.deepEqual(settled(LEASED, 4, { at: 2, recipients: one, hold: true }), {
    kind: "kept",
    unit: {
      ...kept,
      kind: "held",
      due: 100,
      heldBy: "settlement",
      recipients: MIXED,
    },
  });
  assert.deepEqual(
    settled(LEASED, 4, {
      at: 2,
      recipients: new Map([
        [0, DONE],
        [1, DONE],
      ]),
      hold: true,
    }),
    { kind: "finished" },
  );
  assert.throws(() => settled(LEASED, 4, { at: 2, recipients: one }), /names no time/);
  assert.throws(() => settled(LEASED, 4, { at: 2, recipients: new Map([[2, DONE]]), retryAt: 1 }), /recipient 2/);
});

test("renewed needs the newest token of a leased unit", () => {
  assert.deepEqual(renewed(LEASED, 4, 500), { ...LEASED, due: 500 });
  assert.equal(renewed(LEASED, 3, 500), undefined);
  assert.equal(renewed(READY, 3, 500), undefined);
});

test("shownState", () => {
  assert.deepEqual(
    (["ready", "leased", "held"] as const).map((kind) => [9, 10].map((now) => shownState({ kind, due: 10 }, now))),
    [
      ["waiting", "due"],
      ["leased", "due"],
      ["held", "held"],
    ],
  );
});

test("operated: every operation on every kind of unit", () => {
  const units = {
    due: { kind: "ready", due: 10, crashes: 1 },
    waiting: { kind: "ready", due: 50, crashes: 1 },
    held: { kind: "held", due: 10, crashes: 2 },
    leased: { kind: "leased", due: 50, crashes: 0 },
    expired: { kind: "leased", due: 10, crashes: 0 },
  } as const;
  const table = (["retry", "release", "hold", "drop"] as const).map((operation) => [
    operation,
    Object.fromEntries(
      Object.entries(units)
        .map(([name, unit]) => [name, operated(unit, operation, 20)] as const)
        .filter(([, after]) => after !== undefined),
    ),
  ]);
  assert.deepEqual(Object.fromEntries(table), {
    retry: { waiting: { kind: "ready", due: 20, crashes: 1 } },
    release: { held: { kind: "ready", due: 20, crashes: 0 } },
    hold: {
      due: { kind: "held", due: 10, crashes: 1, heldBy: "operator" },
      waiting: { kind: "held", due: 50, crashes: 1, heldBy: "operator" },
    },
    drop: { due: "gone", waiting: "gone", held: "gone" },
  });
});

test("settled: untouched gives the attempt back and keeps the crashes that were seen", () => {
  const suspect = { ...claimed({ ...LEASED }, 200) };
  assert.deepEqual([suspect.attempt, suspect.crashes], [5, 1]);
  const none = new Map<number, RecipientState>();
  const outcomes = [{}, { retryAt: 300 }, { hold: true }].map((more) => {
    const after = settled(suspect, suspect.token, { at: 150, recipients: none, untouched: true, ...more });
    return after.kind === "kept"
      ? [after.unit.kind, after.unit.due, after.unit.attempt, after.unit.crashes]
      : after.kind;
  });
  assert.deepEqual(outcomes, [
    ["ready", 150, 4, 1],
    ["ready", 300, 4, 1],
    ["held", 200, 4, 1],
  ]);
});
