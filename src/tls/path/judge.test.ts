import assert from "node:assert/strict";
import { test } from "node:test";
import { mint, type Minted, type MintOptions, PURPOSE, rsaKeys } from "../../../test/support/mint.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { pathFault } from "./judge.ts";

const HOST = "mx.pine.example";
const NOW = Date.UTC(2027, 2, 1);
const DAY = 86_400_000;

function parsed({ der }: Minted): Certificate {
  const certificate = parseCertificate(der);
  assert.ok(certificate.ok, certificate.ok ? "" : certificate.error);
  return certificate.value;
}

function verdict(ca: MintOptions, leaf: MintOptions = {}, rest: { anchored?: boolean; now?: number } = {}): unknown {
  const issuer = mint({ subject: "CA", ca: true, ...ca });
  const path = [mint({ issuer, names: [HOST], ...leaf }), issuer].map(parsed);
  const fault = pathFault(path, rest.anchored ?? true, { names: [HOST], now: rest.now ?? NOW });
  return fault === undefined ? undefined : `${fault.result}: ${fault.detail}`;
}

test("pathFault: says what is wrong and where (RFC 5280 §6.1)", () => {
  const NO = "certificate-not-trusted";
  const at1 = `${NO}: the CA certificate at depth 1`;
  assert.equal(verdict({}), undefined);
  assert.equal(verdict({ subject: [] }), `${at1}: it has no name`);
  assert.equal(verdict({ ca: false }), `${at1}: it is not a CA`);
  assert.equal(verdict({ usage: [7, 0x80] }), `${at1}: its key is not for signing certificates`);
  assert.equal(verdict({ keys: rsaKeys(1024) }), `${at1}: its RSA key has 1024 bits`);
  assert.equal(verdict({ excluded: [HOST] }), `${NO}: a CA may not issue for its name`);
  assert.equal(
    verdict({}, { signature: "ecdsa-sha1" }),
    `${NO}: the certificate: it is signed with a weak or unusual algorithm`,
  );
  assert.equal(verdict({}, { usage: [1, 0x06] }), `${NO}: the certificate: its key is not for TLS`);
  assert.equal(
    verdict({}, { names: ["rook.example"] }),
    `certificate-host-mismatch: the certificate is not for ${HOST}`,
  );
});

test("pathFault: purposes and critical extensions count for every certificate (RFC 5280 §4.2)", () => {
  const critical: MintOptions = { more: [["2a0304", true, new Uint8Array([5, 0])]] };
  const clients: MintOptions = { purposes: [PURPOSE.clientAuth, PURPOSE.any] };
  for (const [ca, leaf] of [
    [{}, critical],
    [critical, {}],
  ] as const) {
    assert.match(String(verdict(ca, leaf)), /it has a critical extension that cannot be processed$/);
  }
  for (const [ca, leaf] of [
    [{}, clients],
    [clients, {}],
  ] as const) {
    assert.match(String(verdict(ca, leaf)), /it is not for TLS servers$/);
  }
});

test("pathFault: a path length counts CAs between, without self-issued ones (RFC 5280 §4.2.1.9)", () => {
  const judged = (pathLength: number, subjects: readonly string[]): string | undefined => {
    const certificates = [mint({ subject: "Top", ca: true, pathLength })];
    for (const subject of subjects)
      certificates.unshift(mint({ subject, issuer: certificates[0] ?? mint(), ca: true }));
    certificates.unshift(mint({ issuer: certificates[0] ?? mint(), names: [HOST] }));
    return pathFault(certificates.map(parsed), true, { names: [HOST], now: NOW })?.detail;
  };
  const tooMany = (depth: number): string => `the CA certificate at depth ${depth}: too many CAs are below it`;
  assert.deepEqual(
    [
      judged(0, []),
      judged(0, ["Top"]),
      judged(0, ["A"]),
      judged(1, ["A"]),
      judged(1, ["Top", "A", "A"]),
      judged(1, ["A", "B"]),
    ],
    [undefined, undefined, tooMany(2), undefined, undefined, tooMany(3)],
  );
});

test("pathFault: an anchor may be signed anyhow and be of version 1; what is only below a bare key may not", () => {
  assert.equal(verdict({ signature: "ecdsa-sha1" }), undefined);
  assert.match(
    String(verdict({ signature: "ecdsa-sha1" }, {}, { anchored: false })),
    /depth 1: it is signed with a weak/,
  );
  const old = { version: 1 as const };
  assert.equal(verdict(old), undefined);
  assert.match(String(verdict(old, {}, { anchored: false })), /depth 1: it is not a CA/);
});

test("pathFault: dates count to the millisecond, at both ends and for every certificate (RFC 5280 §4.1.2.5)", () => {
  const [from, until] = [new Date(NOW), new Date(NOW + DAY)];
  const span = { notBefore: from, notAfter: until };
  for (const [ca, leaf, place] of [
    [{}, span, "the certificate"],
    [span, {}, "the CA certificate at depth 1"],
  ] as const) {
    assert.equal(verdict(ca, leaf, { now: NOW }), undefined);
    assert.equal(verdict(ca, leaf, { now: NOW + DAY }), undefined);
    assert.equal(
      verdict(ca, leaf, { now: NOW - 1 }),
      `certificate-not-trusted: ${place}: it is not valid before 2027-03-01`,
    );
    assert.equal(verdict(ca, leaf, { now: NOW + DAY + 1 }), `certificate-expired: ${place}: it expired on 2027-03-02`);
  }
});

test("pathFault: rules of the chain are told before dates, and dates before names", () => {
  const late = NOW + 3650 * DAY * 2;
  assert.match(String(verdict({ ca: false }, { names: ["x.example"] }, { now: late })), /^certificate-not-trusted/);
  assert.match(String(verdict({}, { names: ["x.example"] }, { now: late })), /^certificate-expired/);
  assert.match(String(verdict({}, { names: ["x.example"] })), /^certificate-host-mismatch/);
});
