import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { matchesAny, peerNames, type TlsaRecord, verifyDane } from "../../../src/tls/mod.ts";
import { vectors } from "../../support/vectors.ts";

/** What is used of a case of x509-limbo (C2SP, Apache-2.0). */
interface LimboCase {
  readonly id: string;
  readonly expected_result: "SUCCESS" | "FAILURE";
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
  readonly validation_time: string | null;
  readonly expected_peer_name: { readonly value: string };
}

const limbo = vectors("x509/limbo.json");

test("verifyDane: x509-limbo, its roots as records 2 0 0, but for the differences listed with a reason", {
  skip: limbo.skip,
}, () => {
  const cases = read();
  assert.equal(cases.length, 135);
  const differences = cases.flatMap((one) => (verdict(one, 0) === one.expected_result ? [] : [one.id]));
  assert.deepEqual(differences, [...DIFFERENT.keys()]);
  assert.equal(cases.length - differences.length, 101);
});

test("verifyDane: x509-limbo gives the same with the roots sent along and records 2 0 1 and 2 1 2", {
  skip: limbo.skip,
}, () => {
  const cases = read();
  const full = cases.map((one) => [one.id, verdict(one, 0)]);
  // Here the root comes from the server; what is not sent can match no digest.
  assert.deepEqual(
    cases.map((one) => [one.id, verdict(one, 1)]),
    full,
  );
  assert.deepEqual(
    cases.map((one) => [one.id, verdict(one, 2)]),
    full,
  );
});

test("matchesAny: the names of x509-limbo, DNS-ID alone (RFC 9525 §6.3)", { skip: limbo.skip }, () => {
  const cases = read().filter((one) => one.id.startsWith("webpki::"));
  const found = cases.map((one) => {
    const names = peerNames(derOf(one.peer_certificate));
    return [one.id, names.ok && matchesAny(names.value, [one.expected_peer_name.value])];
  });
  // Every case that must succeed has the name; of those that must fail, the ones about names lack it.
  const wrongName = /::(?:mismatch-|public-suffix-|wildcard-|unicode-|no-san|v1-cert)/;
  const expected = cases.map((one) => [one.id, one.expected_result === "SUCCESS" || !wrongName.test(one.id)]);
  assert.ok(cases.length > 40);
  assert.deepEqual(found, expected);
});

function read(): readonly LimboCase[] {
  const { testcases } = JSON.parse(readFileSync(limbo.path, "utf8")) as { readonly testcases: readonly LimboCase[] };
  return testcases;
}

function verdict(one: LimboCase, matching: 0 | 1 | 2): "SUCCESS" | "FAILURE" {
  const roots = one.trusted_certs.map(derOf);
  const chain = [one.peer_certificate, ...one.untrusted_intermediates].map(derOf);
  const now = one.validation_time === null ? SUITE_DATE : Date.parse(one.validation_time);
  const tlsa = roots.map((root) => recordOf(root, matching));
  return verifyDane(tlsa, matching === 0 ? chain : [...chain, ...roots], [one.expected_peer_name.value], now).ok
    ? "SUCCESS"
    : "FAILURE";
}

function recordOf(root: Uint8Array, matching: 0 | 1 | 2): TlsaRecord {
  if (matching === 0) return { usage: 2, selector: 0, matching, data: root };
  const key = new X509Certificate(root).publicKey.export({ type: "spki", format: "der" });
  const data = matching === 1 ? createHash("sha256").update(root).digest() : createHash("sha512").update(key).digest();
  return { usage: 2, selector: matching === 1 ? 0 : 1, matching, data: new Uint8Array(data) };
}

function derOf(pem: string): Uint8Array {
  return Uint8Array.from(Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ""), "base64"));
}

/** The suite was made then; its certificates without a time of their own are valid. */
const SUITE_DATE = Date.parse("2023-12-15T00:00:00Z");
const KEY_IDS = "key identifiers only help to find an issuer; the signature is the proof";
const CABF = "a rule of the CA/Browser Forum, which does not bind CAs of mail servers";
const PROFILE = "RFC 5280 binds the CA that issues so, not who relies upon it; OpenSSL accepts it too";
const DEPTH = "a record cannot set the length of a path";
const ADDRESS =
  "mail servers are known by DNS names, never by addresses (RFC 7672 §3.2.2); the chain itself is accepted";
const DIFFERENT: ReadonlyMap<string, string> = new Map([
  [
    "pathlen::validation-ignores-pathlen-in-leaf",
    "its leaf has a key for signing certificates only; OpenSSL refuses it too",
  ],
  ["pathlen::max-chain-depth-0-exhausted", DEPTH],
  ["pathlen::max-chain-depth-1-exhausted", DEPTH],
  ["rfc5280::aki::leaf-missing-aki", KEY_IDS],
  ["rfc5280::aki::intermediate-missing-aki", KEY_IDS],
  ["rfc5280::aki::cross-signed-root-missing-aki", KEY_IDS],
  ["rfc5280::nc::permitted-dns-match-noncritical", PROFILE],
  ["rfc5280::nc::permitted-ipv4-match", ADDRESS],
  ["rfc5280::nc::permitted-ipv6-match", ADDRESS],
  ["rfc5280::nc::permitted-dn-match", "its leaf has no DNS name; the chain itself is accepted"],
  ["rfc5280::nc::not-allowed-in-ee-noncritical", PROFILE],
  ["rfc5280::nc::not-allowed-in-ee-critical", PROFILE],
  ["rfc5280::san::noncritical-with-empty-subject", PROFILE],
  ["rfc5280::serial::too-long", PROFILE],
  ["rfc5280::serial::zero", PROFILE],
  ["rfc5280::ski::root-missing-ski", KEY_IDS],
  ["rfc5280::ski::intermediate-missing-ski", KEY_IDS],
  ["rfc5280::ee-empty-issuer", "what the anchor says of its own issuer does not matter"],
  ["rfc5280::root-non-critical-basic-constraints", PROFILE],
  ["rfc5280::leaf-ku-keycertsign", PROFILE],
  ["webpki::aki::root-with-aki-missing-keyidentifier", KEY_IDS],
  ["webpki::aki::root-with-aki-authoritycertissuer", KEY_IDS],
  ["webpki::aki::root-with-aki-authoritycertserialnumber", KEY_IDS],
  ["webpki::aki::root-with-aki-all-fields", KEY_IDS],
  ["webpki::aki::root-with-aki-ski-mismatch", KEY_IDS],
  ["webpki::eku::ee-anyeku", CABF],
  ["webpki::eku::ee-critical-eku", CABF],
  ["webpki::eku::ee-without-eku", CABF],
  ["webpki::eku::root-has-eku", CABF],
  ["webpki::san::no-san", "a common name serves where there is no dNSName (RFC 7672 §3.2.3)"],
  ["webpki::san::san-critical-with-nonempty-subject", CABF],
  ["webpki::malformed-aia", "nothing is fetched from there, so nothing is read"],
  ["webpki::v1-cert", CABF],
  ["webpki::ee-basicconstraints-ca", CABF],
]);
