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

/**
 * Tells which records have the data of this certificate, or of its key where they select the key (RFC 6698 §2.1). Each
 * digest is computed once, however many records ask for it.
 */
export function tlsaMatcher(of: {
  readonly der: Uint8Array;
  readonly spki: Uint8Array;
}): (record: TlsaRecord) => boolean {
  const digests = new Map<string, Uint8Array>();
  const presented = ({ selector, matching }: TlsaRecord): Uint8Array => {
    const selected = selector === SELECTOR.cert ? of.der : of.spki;
    const name = DIGEST_NAME.get(matching);
    if (name === undefined) return selected;
    const digest = digests.get(`${selector} ${name}`) ?? createHash(name).update(selected).digest();
    digests.set(`${selector} ${name}`, digest);
    return digest;
  };
  return (record) => equalBytes(presented(record), record.data);
}

/** RFC 6698 §2.1.1, §2.1.2, §2.1.3 */
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
