import { createHash } from "node:crypto";
import { equalBytes } from "../../base/mod.ts";
import { outlineOf, publicKeyOf } from "../x509/outline.ts";

/** The data of a TLSA record (RFC 6698 §2.1), as DNS has it. */
export interface TlsaRecord {
  readonly usage: number;
  readonly selector: number;
  readonly matching: number;
  readonly data: Uint8Array;
}

/** Whether mail may be authenticated by this record: usage DANE-TA or DANE-EE, all numbers known, the data of that shape. */
export function usableTlsa(record: TlsaRecord): boolean {
  // RFC 7672 §3.1.3: usages 0 and 1 are not for SMTP.
  if (record.usage !== USAGE.daneTa && record.usage !== USAGE.daneEe) return false;
  if (record.selector !== SELECTOR.cert && record.selector !== SELECTOR.spki) return false;
  const length = DIGEST_LENGTH.get(record.matching);
  if (length !== undefined) return record.data.length === length;
  if (record.matching !== MATCHING.full) return false;
  return record.selector === SELECTOR.cert ? outlineOf(record.data).ok : publicKeyOf(record.data) !== undefined;
}

/** Whether the record's data is that of this certificate, or of this key for a record that selects the key (RFC 6698 §2.1). */
export function matchesTlsa(record: TlsaRecord, of: { readonly der: Uint8Array; readonly spki: Uint8Array }): boolean {
  const selected = record.selector === SELECTOR.cert ? of.der : of.spki;
  const digest = DIGEST_NAME.get(record.matching);
  const presented = digest === undefined ? selected : createHash(digest).update(selected).digest();
  return equalBytes(presented, record.data);
}

/** RFC 7218 §2 */
export const USAGE = { daneTa: 2, daneEe: 3 } as const;
export const SELECTOR = { cert: 0, spki: 1 } as const;
export const MATCHING = { full: 0, sha256: 1, sha512: 2 } as const;

const DIGEST_LENGTH: ReadonlyMap<number, number> = new Map([
  [MATCHING.sha256, 32],
  [MATCHING.sha512, 64],
]);
const DIGEST_NAME: ReadonlyMap<number, string> = new Map([
  [MATCHING.sha256, "sha256"],
  [MATCHING.sha512, "sha512"],
]);
