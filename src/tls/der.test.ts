import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { der } from "../../test/support/mint.ts";
import { DER_MOST_CHILDREN, derChildren, derContent, derElement, derSequence } from "./der.ts";

test("derChildren: elements that are found tile their parent, whatever the octets are", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (octets) => {
      const whole = derElement(octets, 0);
      if (whole === undefined) return;
      assert.ok(whole.start === 0 && whole.content >= 2 && whole.content <= whole.end && whole.end <= octets.length);
      let at = whole.content;
      for (const child of derChildren(octets, whole) ?? []) {
        assert.equal(child.start, at);
        at = child.end;
      }
      assert.ok(at === whole.end || at === whole.content);
    }),
    { numRuns: 2000 },
  );
});

test("derElement: what is written reads back, however long", () => {
  fc.assert(
    fc.property(fc.constantFrom(0x04, 0x30, 0x82, 0xa3), fc.nat(70_000), (tag, length) => {
      const octets = der(tag, new Uint8Array(length));
      const element = derElement(octets, 0);
      assert.ok(element !== undefined);
      assert.deepEqual([element.tag, element.end, derContent(octets, element).length], [tag, octets.length, length]);
      assert.equal(derElement(octets, 0, octets.length - 1), undefined);
    }),
    { numRuns: 50 },
  );
});

test("derSequence: one element of that tag and nothing behind it", () => {
  assert.equal(derSequence(der(0x30, der(0x02, [1])))?.length, 1);
  assert.equal(derSequence(der(0x31, der(0x02, [1])), 0x31)?.length, 1);
  assert.equal(derSequence(der(0x31)), undefined);
  assert.equal(derSequence(Uint8Array.from([...der(0x30), 0])), undefined);
  assert.equal(derSequence(new Uint8Array(0)), undefined);
});

test("derChildren: a crowd of elements is refused", () => {
  const crowd = (count: number): Uint8Array =>
    der(
      0x30,
      new Uint8Array(count * 2).map((_, at) => (at % 2 === 0 ? 5 : 0)),
    );
  assert.equal(derSequence(crowd(DER_MOST_CHILDREN))?.length, DER_MOST_CHILDREN);
  assert.equal(derSequence(crowd(DER_MOST_CHILDREN + 1)), undefined);
});
