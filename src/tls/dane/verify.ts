import { equalBytes, err, type Instant, ok, type Result } from "../../base/mod.ts";
import { type Anchors, buildPath } from "../path/build.ts";
import type { Wanted } from "../path/judge.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { type Outline, outlineOf } from "../x509/outline.ts";
import { MATCHING, SELECTOR, type TlsaRecord, tlsaMatcher, USAGE, usableTlsa } from "./tlsa.ts";

/** Which record proved the peer: its place in the list, and how far above the leaf it matched (0 is the leaf). */
export interface DaneProof {
  readonly record: number;
  readonly depth: number;
}

/** Why no record proved the peer, named as TLS reports do (RFC 8460 §4.3). */
export interface DaneFault {
  readonly result:
    | "certificate-host-mismatch"
    | "certificate-expired"
    | "certificate-not-trusted"
    | "validation-failure"
    | "tlsa-invalid";
  /** One clause for people. */
  readonly detail: string;
}

/**
 * Judges a server's certificates (DER, leaf first, as sent) by TLSA records (RFC 7672 §3). One record that matches is
 * enough; the failure told is that of the record that came furthest. `names` are the reference identifiers, A-labels,
 * which count for usage DANE-TA alone. Unusable records are passed over. Never throws; bounded whatever the server sends.
 */
export function verifyDane(
  tlsa: readonly TlsaRecord[],
  chain: readonly Uint8Array[],
  names: readonly string[],
  now: Instant,
): Result<DaneProof, DaneFault> {
  const usable = tlsa.flatMap((record, at) => (usableTlsa(record) ? [{ ...record, at }] : []));
  if (usable.length === 0) return err({ result: "tlsa-invalid", detail: "no TLSA record can be used" });
  const leaf = outlineOf(chain[0] ?? NOTHING);
  if (!leaf.ok) return err({ result: "validation-failure", detail: leaf.error });
  // RFC 7671 §5.1: neither names nor dates nor issuers count for DANE-EE.
  const matches = tlsaMatcher(leaf.value);
  const same = usable.find((record) => record.usage === USAGE.daneEe && matches(record));
  if (same !== undefined) return ok({ record: same.at, depth: 0 });
  const anchors = usable.filter((record) => record.usage === USAGE.daneTa);
  return anchors.length === 0 ? err(NO_MATCH) : byAnchor(anchors, leaf.value, chain.slice(1), { names, now });
}

type Placed = TlsaRecord & { readonly at: number };

function byAnchor(
  records: readonly Placed[],
  outline: Outline,
  issuers: readonly Uint8Array[],
  wanted: Wanted,
): Result<DaneProof, DaneFault> {
  const leaf = parseCertificate(outline.der);
  if (!leaf.ok) return err({ result: "validation-failure", detail: leaf.error });
  const full = records.filter((record) => record.matching === MATCHING.full).slice(0, MOST_FULL_RECORDS);
  // RFC 7671 §5.2.2: a certificate that stands in the record need not be sent.
  const given = full.flatMap((record) => (record.selector === SELECTOR.cert ? [record.data] : []));
  const keys = full.flatMap((record) =>
    record.selector === SELECTOR.spki ? [{ spki: record.data, value: record.at }] : [],
  );
  const pool = issuersOf(outline.der, [...issuers.slice(0, MOST_CERTIFICATES), ...given]);
  const matches = new Map<Certificate, number>();
  for (const certificate of pool) {
    const record = records.find(tlsaMatcher(certificate.outline));
    if (record !== undefined) matches.set(certificate, record.at);
  }
  const anchors: Anchors<number> = { at: (certificate) => matches.get(certificate), keys };
  const built = buildPath(leaf.value, pool, anchors, wanted);
  if (built.kind === "trusted") return ok({ record: built.anchor, depth: built.depth });
  if (built.kind === "refused") return err(built.fault);
  if (built.kind === "exhausted") return err(TOO_MUCH);
  return err(matches.size === 0 ? NO_MATCH : NO_PATH);
}

/** Each once, without the leaf, which names no trust anchor. One that cannot be read proves nothing and does no harm. */
function issuersOf(leaf: Uint8Array, found: readonly Uint8Array[]): readonly Certificate[] {
  const seen = [leaf];
  const issuers: Certificate[] = [];
  for (const der of found) {
    if (seen.some((one) => equalBytes(one, der))) continue;
    seen.push(der);
    const certificate = parseCertificate(der);
    if (certificate.ok) issuers.push(certificate.value);
  }
  return issuers;
}

const NOTHING = new Uint8Array(0);
const NO_MATCH: DaneFault = {
  result: "validation-failure",
  detail: "no TLSA record matches a certificate of the host",
};
const NO_PATH: DaneFault = {
  result: "certificate-not-trusted",
  detail: "the certificate was not issued by the CA that the TLSA record names",
};
const TOO_MUCH: DaneFault = {
  result: "certificate-not-trusted",
  detail: "the host sent more certificates than can be tried",
};
/** As many as a handshake reports. */
const MOST_CERTIFICATES = 32;
const MOST_FULL_RECORDS = 8;
