import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createDueCursor, type DueEntry, isAfter } from "./due.ts";

test("take gives every entry once, oldest due first among those not excepted, whatever was noted or passed", () => {
  const entries = fc.uniqueArray(
    fc.record({
      due: fc.integer({ min: 0, max: 50 }),
      key: fc.integer({ min: 1, max: 1000 }),
      destination: fc.constantFrom("a", "b", "c"),
      suspect: fc.boolean(),
    }),
    { selector: (entry) => entry.key, maxLength: 80 },
  );
  const steps = fc.array(
    fc.record({
      now: fc.integer({ min: 0, max: 60 }),
      except: fc.subarray(["a", "b", "c"]),
      scan: fc.nat(9),
      only: fc.constantFrom(undefined, "only" as const, "none" as const),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(entries, entries, steps, (present, late, plan) => {
      const keys = new Set(present.map(({ key }) => key));
      const extra = late.filter(({ key }) => !keys.has(key));
      const index: DueEntry[] = [...present].sort((a, b) => (isAfter(a, b) ? 1 : -1));
      const waiting = new Set(index);
      const cursor = createDueCursor();
      for (const [at, { now, except, scan, only }] of plan.entries()) {
        const fresh = extra[at];
        if (fresh !== undefined) {
          index.push(fresh);
          index.sort((a, b) => (isAfter(a, b) ? 1 : -1));
          waiting.add(fresh);
          cursor.note(fresh);
        }
        const ahead = index.filter((entry) => isAfter(entry, cursor.position)).slice(0, scan);
        for (const entry of ahead) cursor.pass(entry);
        const known = [...waiting].filter((entry) => !isAfter(entry, cursor.position));
        const open = known
          .filter((entry) => !except.includes(entry.destination))
          .sort((a, b) => (isAfter(a, b) ? 1 : -1));
        assert.deepEqual(cursor.first(new Set(except)), open[0]);
        const wanted = open.find(
          (entry) => entry.due <= now && (only === undefined || entry.suspect === (only === "only")),
        );
        const taken = cursor.take(now, { except: new Set(except), ...(only === undefined ? {} : { suspects: only }) });
        assert.deepEqual(taken, wanted);
        if (taken !== undefined) {
          waiting.delete(taken);
          index.splice(index.indexOf(taken), 1);
        }
      }
    }),
  );
});

test("a long backlog of one destination is taken in order", () => {
  const cursor = createDueCursor();
  for (let key = 1; key <= 5000; key++) cursor.pass({ due: 1, key, destination: "a", suspect: false });
  for (let key = 1; key <= 5000; key++) assert.equal(cursor.take(1, ANY)?.key, key);
  assert.equal(cursor.take(1, ANY), undefined);
});

test("reset forgets all and starts over", () => {
  const cursor = createDueCursor();
  cursor.pass({ due: 1, key: 1, destination: "a", suspect: false });
  cursor.reset();
  assert.equal(cursor.take(9, ANY), undefined);
  assert.equal(isAfter({ due: -1e15, key: 1 }, cursor.position), true);
});

test("drop takes out what first showed, and nothing else", () => {
  const cursor = createDueCursor();
  const entries = [1, 2, 3].map((key) => ({ due: key, key, destination: "a", suspect: key === 2 }));
  for (const entry of entries) cursor.pass(entry);
  const seen = entries.map(() => {
    const first = cursor.first(new Set());
    if (first !== undefined) cursor.drop(first);
    return first;
  });
  assert.deepEqual([...seen, cursor.first(new Set())], [...entries, undefined]);
});

const ANY = { except: new Set<string>() };
