import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerNames } from "./certificate.ts";
import { type Choosable, chosenFor, coveringOnes } from "./choose.ts";

interface Named extends Choosable {
  readonly id: string;
}

function one(id: string, keyType: string, ...dns: readonly string[]): Named {
  const names: PeerNames = { dns, ip: [] };
  return { id, keyType, names };
}

const ALL = [
  one("first", "rsa", "mx.a.example"),
  one("wild", "ec", "*.b.example"),
  one("twin", "ec", "mx.a.example"),
  one("exact", "ec", "MX.b.example"),
  one("other", "rsa", "mx.b.example", "c.example"),
];

test("chosenFor: one of each key type, exact names first; unknown and absent names get the first (RFC 8461 §7.1)", () => {
  const ids = (name: string | undefined): readonly string[] => chosenFor(ALL, name).map(({ id }) => id);
  assert.deepEqual(
    [ids("mx.a.example"), ids("Mx.B.example"), ids("y.b.example"), ids("unknown.example"), ids(undefined)],
    [["first", "twin"], ["exact", "other"], ["wild"], ["first", "twin"], ["first", "twin"]],
  );
  assert.deepEqual(chosenFor([], "a.example"), []);
});

test("coveringOnes: all that are for a name, and none for another", () => {
  assert.deepEqual(
    coveringOnes(ALL, "mx.b.example").map(({ id }) => id),
    ["exact", "other", "wild"],
  );
  assert.deepEqual(coveringOnes(ALL, "b.example"), []);
});
