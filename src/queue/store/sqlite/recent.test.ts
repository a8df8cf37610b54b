import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { recentBodies } from "./recent.ts";

test("recentBodies: never more than the limit, the oldest go first, and nothing is found after it was forgotten", () => {
  const step = fc.record({ id: fc.constantFrom("a", "b", "c", "d"), size: fc.nat(60), forget: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const recent = recentBodies(100);
      let model: { id: string; size: number }[] = [];
      for (const { id, size, forget } of steps) {
        model = model.filter((one) => one.id !== id);
        if (forget) recent.forget(id);
        else {
          recent.put(id, new Uint8Array(size));
          model.push({ id, size });
          while (model.reduce((sum, one) => sum + one.size, 0) > 100) model.shift();
        }
        for (const name of ["a", "b", "c", "d"]) {
          assert.equal(recent.get(name)?.length, model.find((one) => one.id === name)?.size);
        }
      }
      recent.clear();
      for (const name of ["a", "b", "c", "d"]) assert.equal(recent.get(name), undefined);
    }),
  );
});

test("recentBodies: one that is larger than the limit is not kept", () => {
  const recent = recentBodies(10);
  recent.put("a", new Uint8Array(11));
  assert.equal(recent.get("a"), undefined);
});
