import assert from "node:assert/strict";
import { test } from "node:test";
import { chainFault } from "./fault.ts";

test("chainFault: an expired certificate, an untrusted chain and all else have their own results (RFC 8460 §4.3)", () => {
  const table: readonly [code: string, result: string][] = [
    ["CERT_HAS_EXPIRED", "certificate-expired"],
    ["CERT_NOT_YET_VALID", "certificate-not-trusted"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "certificate-not-trusted"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "certificate-not-trusted"],
    ["UNABLE_TO_GET_ISSUER_CERT", "certificate-not-trusted"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "certificate-not-trusted"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "certificate-not-trusted"],
    ["CERT_SIGNATURE_FAILURE", "certificate-not-trusted"],
    ["INVALID_PURPOSE", "certificate-not-trusted"],
    ["INVALID_CA", "certificate-not-trusted"],
    ["PATH_LENGTH_EXCEEDED", "certificate-not-trusted"],
    ["CERT_CHAIN_TOO_LONG", "certificate-not-trusted"],
    ["UNSPECIFIED", "certificate-not-trusted"],
    ["the chain was not verified", "validation-failure"],
    ["", "validation-failure"],
    ["__proto__", "validation-failure"],
  ];
  assert.deepEqual(
    table.map(([code]) => [code, chainFault(code).result]),
    table,
  );
  assert.equal(chainFault("CERT_HAS_EXPIRED").detail, "a certificate has expired");
  assert.equal(chainFault("X").detail, "the chain cannot be verified: X");
});
