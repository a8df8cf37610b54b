import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { der, generalName } from "../../../test/support/mint.ts";
import { generalNamesOf } from "./general_name.ts";
import { nameConstraintsOf } from "./name_constraints.ts";

const tree = (...parts: readonly Uint8Array[]): Uint8Array => der(0x30, ...parts);
const permitted = (...trees: readonly Uint8Array[]): Uint8Array => der(0xa0, ...trees);
const excluded = (...trees: readonly Uint8Array[]): Uint8Array => der(0xa1, ...trees);

test("generalNamesOf: every kind of name; strangers keep their tag (RFC 5280 §4.2.1.6)", () => {
  const list = ["mx.pine.example", "email:bo@pine.example", "uri:http://pine.example", "ip:c0000201", "dir:Pine"];
  const found = generalNamesOf(der(0x30, ...list.map(generalName), der(0xa0, [0x06, 0]), der(0x88, [1])));
  assert.deepEqual(
    found?.map((name) => name.kind),
    ["dns", "email", "other", "ip", "directory", "other", "other"],
  );
  assert.deepEqual(found?.[0], { kind: "dns", name: "mx.pine.example" });
  assert.deepEqual(found?.[1], { kind: "email", name: "bo@pine.example" });
  assert.deepEqual(found?.[2], { kind: "other", tag: 6 });
  assert.deepEqual(found?.[3], { kind: "ip", octets: Uint8Array.from([192, 0, 2, 1]) });
  assert.deepEqual(generalNamesOf(der(0x30)), []);
  assert.deepEqual(generalNamesOf(der(0x30, der(0x82, [0x6d, 0, 0xff]))), [{ kind: "dns", name: "m\0\u00ff" }]);
  for (const value of [
    new Uint8Array(0),
    der(0x31),
    der(0x30, der(0x0c, [1])),
    der(0x30, der(0xa4, [1])),
    der(0x30, der(0xa4, der(0x31))),
    Uint8Array.from([0x30, 1, 0x82]),
  ]) {
    assert.equal(generalNamesOf(value), undefined, Buffer.from(value).toString("hex"));
  }
});

test("nameConstraintsOf: both lists, no distances, nothing empty (RFC 5280 §4.2.1.10)", () => {
  const pine = generalName("pine.example");
  const name = { kind: "dns", name: "pine.example" };
  assert.deepEqual(nameConstraintsOf(der(0x30, permitted(tree(pine)))), { permitted: [name], excluded: [] });
  assert.deepEqual(nameConstraintsOf(der(0x30, excluded(tree(pine), tree(pine)))), {
    permitted: [],
    excluded: [name, name],
  });
  assert.deepEqual(nameConstraintsOf(der(0x30, permitted(tree(pine)), excluded(tree(pine)))), {
    permitted: [name],
    excluded: [name],
  });
  for (const value of [
    new Uint8Array(0),
    der(0x30),
    der(0x30, permitted()),
    der(0x30, permitted(), excluded()),
    der(0x30, permitted(pine)),
    der(0x30, permitted(tree())),
    der(0x30, permitted(Uint8Array.from([0x30, 2, 0x82, 9]))),
    der(0x30, permitted(Uint8Array.from([0x30, 9]))),
    der(0x30, permitted(tree(der(0x0c, [1])))),
    der(0x30, permitted(tree(pine, der(0x80, [1])))),
    der(0x30, permitted(tree(pine, der(0x81, [1])))),
    der(0x30, permitted(tree(pine)), permitted(tree(pine))),
    der(0x30, der(0xa2, tree(pine))),
    der(0x30, permitted(tree(pine)), der(0xa2, tree(pine))),
    der(0x31, permitted(tree(pine))),
  ]) {
    assert.equal(nameConstraintsOf(value), undefined, Buffer.from(value).toString("hex"));
  }
});

test("generalNamesOf, nameConstraintsOf: any octets give a value or undefined", () => {
  const part = fc.tuple(fc.constantFrom(0x30, 0x81, 0x82, 0x87, 0xa0, 0xa1, 0xa4), fc.uint8Array({ maxLength: 12 }));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.array(part, { maxLength: 4 }), (octets, parts) => {
      const shaped = parts.map(([tag, content]) => der(tag, content));
      for (const value of [octets, der(0x30, ...shaped), der(0x30, der(0xa0, der(0x30, ...shaped)))]) {
        generalNamesOf(value);
        nameConstraintsOf(value);
      }
    }),
    { numRuns: 1000 },
  );
});
