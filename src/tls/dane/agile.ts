import { MATCHING, type TlsaRecord } from "./tlsa.ts";

/**
 * Digest algorithm agility (RFC 7671 §9) over usable records: for each usage and selector, those with full data and those
 * of the strongest digest present stay, in their order. `order` names matching types, strongest first; others are weaker.
 */
export function agile<T extends TlsaRecord>(
  records: readonly T[],
  order: readonly number[] = STRONGEST_FIRST,
): readonly T[] {
  const strength = (matching: number): number => {
    const at = order.indexOf(matching);
    return at < 0 ? order.length : at;
  };
  const strongest = new Map<string, number>();
  for (const record of records) {
    if (record.matching === MATCHING.full) continue;
    const known = strongest.get(groupOf(record));
    strongest.set(groupOf(record), Math.min(known ?? Number.POSITIVE_INFINITY, strength(record.matching)));
  }
  // RFC 7671 §9
  return records.filter(
    (record) => record.matching === MATCHING.full || strength(record.matching) === strongest.get(groupOf(record)),
  );
}

function groupOf(record: TlsaRecord): string {
  return `${record.usage} ${record.selector}`;
}

const STRONGEST_FIRST: readonly number[] = [MATCHING.sha512, MATCHING.sha256];
