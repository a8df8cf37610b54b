import assert from "node:assert/strict";
import { test } from "node:test";
import { mint, rsaKeys } from "../../../test/support/mint.ts";
import { parseCertificate } from "../x509/certificate.ts";
import { makeNode, type Node, signedBy } from "./node.ts";

function nodeOf(der: Uint8Array): Node {
  const certificate = parseCertificate(der);
  assert.ok(certificate.ok);
  return makeNode(certificate.value);
}

test("signedBy: each pair costs one signature, once; nothing is computed beyond the budget", () => {
  const root = mint({ ca: true });
  const other = mint({ ca: true });
  const node = nodeOf(mint({ issuer: root }).der);
  const budget = { signatures: 2, visits: 0, judgements: 0 };
  assert.equal(signedBy(node, other.spki, budget), false);
  assert.equal(signedBy(node, other.spki, budget), false);
  assert.equal(budget.signatures, 1);
  assert.equal(signedBy(node, root.spki, budget), true);
  assert.equal(budget.signatures, 0);
  assert.equal(signedBy(node, root.spki, budget), true);
  const fresh = nodeOf(mint({ issuer: root }).der);
  assert.equal(signedBy(fresh, root.spki, budget), false);
  assert.equal(signedBy(fresh, root.spki, { ...budget, signatures: 1 }), true);
});

test("signedBy: a weak key has signed what it signed, a key of another kind has not", () => {
  const weak = mint({ ca: true, keys: rsaKeys(1024) });
  const node = nodeOf(mint({ issuer: weak }).der);
  const budget = { signatures: 9, visits: 0, judgements: 0 };
  assert.equal(signedBy(node, weak.spki, budget), true);
  assert.equal(signedBy(node, mint({ keys: rsaKeys(1024) }).spki, budget), false);
  assert.equal(signedBy(node, new Uint8Array(3), budget), false);
});
