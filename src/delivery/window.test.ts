import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { adjusted, type Ending, freshWindow, type Window } from "./window.ts";

function after(endings: string, most: number): readonly number[] {
  let window = freshWindow(most);
  return Array.from(endings, (ending) => {
    window = adjusted(window, ending === "+" ? "well" : "failed", most);
    return window.limit;
  });
}

test("adjusted: a destination begins small, earns a place with as many good ends as it has, and loses half by a bad one", () => {
  assert.deepEqual(freshWindow(10), { limit: 4, credit: 0, trouble: 0 });
  assert.deepEqual(freshWindow(2), { limit: 2, credit: 0, trouble: 0 });
  assert.deepEqual(after("++++", 10), [4, 4, 4, 5]);
  assert.deepEqual(after("+++++++++", 10), [4, 4, 4, 5, 5, 5, 5, 5, 6]);
  assert.deepEqual(after("----", 10), [2, 1, 1, 1]);
  assert.deepEqual(after("--+++", 10), [2, 1, 2, 2, 3]);
  assert.deepEqual(after("+++-+", 10), [4, 4, 4, 2, 2]);
  assert.deepEqual(after("+".repeat(60), 6).at(-1), 6);
});

test("adjusted: the limit stays between one and the most, and trouble counts bad ends in a row", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.constantFrom<Ending>("well", "failed")), (most, list) => {
      let window: Window = freshWindow(most);
      for (const ending of list) window = adjusted(window, ending, most);
      assert.ok(window.limit >= 1 && window.limit <= most);
      assert.equal(window.trouble, list.length - 1 - list.lastIndexOf("well"));
    }),
  );
});
