import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom, systemRandom, unreachable } from "../../base/mod.ts";
import { ManualClock } from "../../../test/support/clock.ts";
import { NULL_REVERSE_PATH } from "../../mail/mod.ts";
import { newQueueId } from "../id.ts";
import type {
  Claim,
  Destination,
  NewMessage,
  Operation,
  QueuedMessage,
  QueuedUnit,
  QueueId,
  Settlement,
  Store,
  UnitFilter,
} from "../port.ts";
import { deferred, delivered, envelopeFor, failed, stage } from "./contract/lab.test.ts";
import { memoryStore } from "./memory.ts";
import { openSqliteStore } from "./sqlite/mod.ts";

/** One random act on both stores; numbers choose among what is there. */
type Act =
  | { readonly kind: "queue"; readonly units: readonly number[]; readonly size: number }
  | {
      readonly kind: "claim";
      readonly limit: number;
      readonly except: readonly number[];
      readonly suspects: "only" | "none" | undefined;
    }
  | { readonly kind: "operate"; readonly operation: Operation; readonly filter: Filter }
  | { readonly kind: "forget"; readonly day: number }
  | {
      readonly kind: "settle";
      readonly which: number;
      readonly how: "deliver" | "fail" | "part" | "retry" | "hold" | "notice" | "untouched";
      readonly tally: readonly number[];
      readonly delay: number;
    }
  | { readonly kind: "renew"; readonly which: number }
  | { readonly kind: "advance"; readonly span: number }
  | { readonly kind: "reopen" };

/** Numbers stand for a known message, destination and sender. */
interface Filter {
  readonly message?: number;
  readonly destination?: number;
  readonly sender?: number;
  readonly state?: QueuedUnit["state"];
}

const SENDERS = ["", "ann@pine.example", "nobody@pine.example"];
const DAYS = ["2026-03-01", "2026-03-02", "2026-03-03"];
const NAMES = ["a.example", "b.example", "c.example"];
const LEASE = 1000;
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("queue" as const),
      units: fc.array(fc.nat(2), { minLength: 1, maxLength: 4 }),
      size: fc.constantFrom(0, 10, 300),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("claim" as const),
      limit: fc.integer({ min: 1, max: 4 }),
      except: fc.subarray([0, 1, 2]),
      suspects: fc.constantFrom(undefined, "only" as const, "none" as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("operate" as const),
      operation: fc.constantFrom("retry" as const, "release" as const, "hold" as const, "drop" as const),
      filter: fc.record(
        {
          message: fc.nat(),
          destination: fc.nat(2),
          sender: fc.nat(2),
          state: fc.constantFrom("due" as const, "waiting" as const, "leased" as const, "held" as const),
        },
        { requiredKeys: [] },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("forget" as const), day: fc.nat(2) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("settle" as const),
      which: fc.nat(),
      how: fc.constantFrom(
        "deliver" as const,
        "fail" as const,
        "part" as const,
        "retry" as const,
        "hold" as const,
        "notice" as const,
        "untouched" as const,
      ),
      tally: fc.array(fc.nat(8), { maxLength: 3 }),
      delay: fc.integer({ min: -300, max: 2000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("renew" as const), which: fc.nat() }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("advance" as const), span: fc.integer({ min: 1, max: 900 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reopen" as const) }) },
);

test("sqlite does what the memory model does, for any sequence of acts", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 50 }), async (acts) => {
      const directory = await mkdtemp(`${tmpdir()}/hopseal-model-`);
      try {
        await play(directory, acts);
      } finally {
        await rm(directory, { recursive: true });
      }
    }),
    { numRuns: 40 },
  );
});

async function play(directory: string, acts: readonly Act[]): Promise<void> {
  const clock = new ManualClock();
  const random = seededRandom(9);
  const model = memoryStore({ clock });
  const open = (): Promise<Store> => openSqliteStore({ directory, clock, random: systemRandom, smallBody: 100 });
  let real = await open();
  let claims: (readonly [Claim, Claim])[] = [];
  const known: QueueId[] = [];
  const both = <T>(work: (store: Store, side: 0 | 1) => Promise<T>): Promise<[T, T]> =>
    Promise.all([work(model, 0), work(real, 1)]);
  const message = (units: readonly number[]): NewMessage => ({
    id: newQueueId(clock, random),
    envelope: {
      ...envelopeFor(units.map((unit) => NAMES[unit] ?? "")),
      ...(units.length === 3 ? { reversePath: NULL_REVERSE_PATH } : {}),
    },
    acceptedAt: clock.now(),
    units: units.map((unit, index) => ({ destination: NAMES[unit] as Destination, recipients: [index] })),
  });
  const settleBoth = async (pair: readonly [Claim, Claim], settlement: Settlement): Promise<void> => {
    const [left, right] = await both((store, side) => store.settle(pair[side], settlement));
    assert.equal(right, left);
  };
  try {
    for (const next of acts) {
      switch (next.kind) {
        case "queue": {
          const fresh = message(next.units);
          known.push(fresh.id);
          await both(async (store) => store.commit(fresh, await stage(store, [random.bytes(next.size)])));
          break;
        }
        case "claim": {
          const except = next.except.map((name) => NAMES[name] as Destination);
          const only = next.suspects === undefined ? {} : { suspects: next.suspects };
          const [left, right] = await both((store) =>
            store.claim({ now: clock.now(), lease: LEASE, limit: next.limit, except, ...only }),
          );
          assert.deepEqual(right.map(plainClaim), left.map(plainClaim));
          claims.push(...left.map((claim, at) => [claim, right[at] as Claim] as const));
          break;
        }
        case "settle": {
          const pair = claims[next.which % claims.length];
          if (pair !== undefined) await settleBoth(pair, settlement(next, pair[0], clock.now(), message));
          break;
        }
        case "operate": {
          const filter = filterOf(next.filter, known);
          const [shown, seen] = await both(async (store) => (await store.list({ filter, limit: 2 })).map(plainMessage));
          assert.deepEqual(seen, shown);
          const [left, right] = await both((store) => store.operate(filter, next.operation, clock.now()));
          assert.equal(right, left);
          break;
        }
        case "forget":
          await both((store) => store.forgetTallies(DAYS[next.day] ?? ""));
          break;
        case "renew": {
          const pair = claims[next.which % claims.length];
          if (pair === undefined) break;
          const [left, right] = await both((store, side) => store.renew(pair[side], clock.now() + LEASE));
          assert.equal(right, left);
          break;
        }
        case "advance":
          clock.advance(next.span);
          break;
        case "reopen":
          // A lease that survives a reopening is a difference by design, so none is left open.
          for (const pair of claims)
            await settleBoth(pair, { at: 0, recipients: new Map(), retryAt: clock.now() + 10 });
          claims = [];
          await real[Symbol.asyncDispose]();
          real = await open();
          break;
        default:
          unreachable(next);
      }
      const [left, right] = await both(async (store) => [
        await store.count(),
        await store.nextDue(),
        await store.nextDue([NAMES[0] as Destination]),
        await store.nextDue([NAMES[1] as Destination, NAMES[2] as Destination]),
        await store.tallies(),
        (await store.list()).map(plainMessage),
      ]);
      assert.deepEqual(right, left);
    }
  } finally {
    await real[Symbol.asyncDispose]();
  }
}

function settlement(
  next: Act & { kind: "settle" },
  claim: Claim,
  now: number,
  message: (units: number[]) => NewMessage,
): Settlement {
  const retryAt = now + next.delay;
  const tally = next.tally.map((at) => ({ day: DAYS[at % 3] ?? "", key: `k${Math.floor(at / 3)}` }));
  const all = (state: ReturnType<typeof delivered>): Settlement["recipients"] =>
    new Map(claim.recipients.keys().map((index) => [index, state]));
  switch (next.how) {
    case "deliver":
      return { at: now, recipients: all(delivered(now)), tally };
    case "fail":
      return { at: now, recipients: all(failed(now)) };
    case "notice":
      return { at: now, recipients: all(failed(now)), enqueue: [{ message: message([0]), body: new Uint8Array(150) }] };
    case "hold":
      return { at: now, recipients: all(deferred()), hold: true, tally };
    case "untouched":
      return { at: now, recipients: new Map(), untouched: true, tally, ...(next.delay > 1000 ? { retryAt } : {}) };
    case "part":
    case "retry":
      return { at: now, recipients: next.how === "part" ? all(deferred()) : new Map(), retryAt, tally };
    default:
      return unreachable(next.how);
  }
}

function filterOf({ message, destination, sender, state }: Filter, known: readonly QueueId[]): UnitFilter {
  const id = message === undefined ? undefined : known[message % known.length];
  return {
    ...(id === undefined ? {} : { message: id }),
    ...(destination === undefined ? {} : { destination: NAMES[destination] as Destination }),
    ...(sender === undefined ? {} : { sender: SENDERS[sender] ?? "" }),
    ...(state === undefined ? {} : { state }),
  };
}

/** Without the names that each store gives to its units. */
function plainClaim(claim: Claim): unknown {
  return { ...claim, unit: "" };
}

function plainMessage(message: QueuedMessage): unknown {
  return { ...message, units: message.units.map((unit) => ({ ...unit, unit: "" })) };
}
