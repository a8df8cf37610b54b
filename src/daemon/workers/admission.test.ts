import assert from "node:assert/strict";
import { test } from "node:test";
import { type Status, statusOf } from "../../status/mod.ts";
import { admissionDesk } from "./admission.ts";

/** Counts who is inside, and lets in as many as there is room for. */
function counting(most: number): {
  enter(address: string): Status | undefined;
  leave(address: string): void;
  readonly inside: string[];
} {
  const inside: string[] = [];
  return {
    inside,
    enter(address) {
      if (inside.length >= most) return statusOf("too-many-connections");
      inside.push(address);
      return undefined;
    },
    leave(address) {
      const at = inside.indexOf(address);
      assert.ok(at >= 0, `${address} left without having entered`);
      inside.splice(at, 1);
    },
  };
}

test("admissionDesk: the limit holds over all workers, and a death lets out those of that worker alone, once each", async () => {
  const house = counting(3);
  const [one, other] = [admissionDesk(house), admissionDesk(house)];
  for (const address of ["a", "a"]) assert.equal(await one.enter(address), undefined);
  assert.equal(await other.enter("b"), undefined);
  assert.deepEqual(await other.enter("c"), statusOf("too-many-connections"));
  one.leave("a");
  // Nobody of that name is inside.
  one.leave("b");
  assert.deepEqual(house.inside, ["a", "b"]);
  one.close();
  assert.deepEqual(house.inside, ["b"]);
  one.leave("a");
  one.close();
  assert.deepEqual(house.inside, ["b"]);
});

test("admissionDesk: who is let in when the worker is dead already is let out at once", async () => {
  const house = counting(1);
  const desk = admissionDesk({ enter: async (address) => house.enter(address), leave: house.leave });
  const entering = desk.enter("a");
  desk.close();
  assert.equal(await entering, undefined);
  assert.deepEqual(house.inside, []);
});
