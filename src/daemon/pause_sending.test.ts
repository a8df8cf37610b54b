import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ManualClock } from "../../test/support/clock.ts";
import type { Claim, Destination, Settlement, Store } from "../queue/mod.ts";
import { drainOf } from "./drain.ts";
import { pausableStore } from "./pause_sending.ts";
import { openPauses } from "./pauses.ts";

const folder = mkdtempSync(join(tmpdir(), "hopseal-sending-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const [PINE, ROOK] = ["pine.example", "rook.example"] as unknown as [Destination, Destination];

/** A store of which only the calls are looked at. */
function fake(): { store: Store; calls: unknown[]; due: { at: number | undefined }; ring: () => void } {
  const calls: unknown[] = [];
  const due: { at: number | undefined } = { at: undefined };
  const listeners = new Set<() => void>();
  const store = {
    claim: async ({ except }: { except?: readonly Destination[] }) => {
      calls.push({ claim: except });
      return [claim(1)];
    },
    nextDue: async (except: readonly Destination[]) => {
      calls.push({ nextDue: except });
      return due.at;
    },
    renew: async () => true,
    settle: async () => true,
    watch(listener: () => void) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
  } as unknown as Store;
  return { store, calls, due, ring: () => listeners.forEach((listener) => listener()) };
}

function claim(token: number, leaseUntil = Date.UTC(2026, 2, 3, 8, 20)): Claim {
  return { unit: "u", token, leaseUntil } as unknown as Claim;
}

test("pausableStore: nothing is claimed or due while sending is paused, nothing to paused destinations ever; a change rings", async () => {
  const { store, calls, due } = fake();
  const pauses = openPauses(folder);
  const pausable = pausableStore(store, pauses, new ManualClock());
  let rung = 0;
  using _watch = pausable.watch(() => rung++);
  const request = { now: 0, lease: 1, limit: 1 };
  due.at = 7;
  assert.equal((await pausable.claim({ ...request, except: [ROOK] })).length, 1);
  pauses.change("pause", { destinations: [PINE] });
  await pausable.claim({ ...request, except: [ROOK] });
  assert.equal(await pausable.nextDue(), 7);
  pauses.change("pause", { sending: true });
  assert.deepEqual(await pausable.claim(request), []);
  assert.equal(await pausable.nextDue(), undefined);
  pauses.change("resume", {});
  await pausable.claim(request);
  assert.deepEqual(calls, [{ claim: [ROOK] }, { claim: [ROOK, PINE] }, { nextDue: [PINE] }, { claim: [] }]);
  assert.equal(rung, 3);
});

test("pausableStore: counts what is claimed until it is settled, or its lease has run out", async () => {
  const clock = new ManualClock();
  const pausable = pausableStore(fake().store, openPauses(folder), clock);
  await pausable.claim({ now: 0, lease: 1, limit: 1 });
  assert.equal(pausable.underWay(), 1);
  await pausable.settle(claim(0), {} as Settlement);
  assert.equal(pausable.underWay(), 1, "an older claim of the same unit");
  await pausable.settle(claim(1), {} as Settlement);
  assert.equal(pausable.underWay(), 0);
  await pausable.claim({ now: 0, lease: 1, limit: 1 });
  await pausable.renew(claim(1), clock.now() + 1000);
  clock.advance(1001);
  assert.equal(pausable.underWay(), 0);
});

test("drainOf: ends when nothing is due or under way, at its time, or with the process", async () => {
  const clock = new ManualClock();
  const state = { due: clock.now(), underWay: 0 };
  const store = { nextDue: async () => state.due, underWay: () => state.underWay };
  const settled = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));
  const begin = (): ReturnType<typeof drainOf> => drainOf({ clock, store, pauses: openPauses(folder) });
  {
    using drain = begin();
    let how: string | undefined;
    void drain.start().then((ended) => (how = ended));
    await settled();
    assert.equal(how, undefined);
    state.due = clock.now() + 10_000;
    state.underWay = 1;
    clock.advance(250);
    await settled();
    assert.equal(how, undefined, "something is under way");
    state.underWay = 0;
    clock.advance(250);
    await settled();
    assert.equal(how, "empty");
  }
  {
    state.underWay = 1;
    using drain = begin();
    const late = drain.start(clock.now() + 1000);
    for (let at = 0; at < 4; at++) {
      await settled();
      clock.advance(250);
    }
    assert.equal(await late, "late");
  }
  const drain = begin();
  const stopped = drain.start();
  drain[Symbol.dispose]();
  assert.equal(await stopped, "stopped");
  await settled();
  assert.equal(clock.pending, 0);
});
