import type { RawRecord } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { nameText } from "../wire/name.ts";
import type { Rrsig } from "../wire/rdata-dnssec.ts";
import { decodeRrsig } from "../wire/rdata-dnssec.ts";
import { CLASS_IN, isMetaType, TYPE, typeName } from "../wire/types.ts";

/** All records of one owner and type in one section of a message, with the signatures that claim to cover them. */
export interface RecordSet {
  readonly owner: Name;
  readonly type: number;
  readonly records: readonly RawRecord[];
  readonly signatures: readonly Rrsig[];
  /** Seconds: the least of the records. */
  readonly ttl: number;
}

/**
 * The record sets of a section by `setKey`; other classes, meta types and malformed signatures are left out. Equal
 * records count once (RFC 2181 §5).
 */
export function recordSets(section: readonly RawRecord[]): ReadonlyMap<string, RecordSet> {
  const sets = new Map<string, { owner: Name; type: number; records: RawRecord[]; signatures: Rrsig[]; ttl: number }>();
  const signatures: [string, Rrsig][] = [];
  const seen = new Set<string>();
  for (const record of section) {
    if (record.class !== CLASS_IN || isMetaType(record.type)) continue;
    if (record.type === TYPE.RRSIG) {
      const signature = decodeRrsig(record.rdata);
      if (signature !== undefined) signatures.push([setKey(record.owner, signature.typeCovered), signature]);
      continue;
    }
    const key = setKey(record.owner, record.type);
    const whole = `${key} ${Buffer.from(record.rdata).toString("latin1")}`;
    if (seen.has(whole)) continue;
    seen.add(whole);
    const set = sets.get(key);
    if (set === undefined) {
      sets.set(key, { owner: record.owner, type: record.type, records: [record], signatures: [], ttl: record.ttl });
    } else {
      set.records.push(record);
      set.ttl = Math.min(set.ttl, record.ttl);
    }
  }
  for (const [key, signature] of signatures) sets.get(key)?.signatures.push(signature);
  return sets;
}

export function setKey(owner: Name, type: number): string {
  return `${type} ${owner.key}`;
}

/** Such as `mx.pine.example. TLSA`. */
export function subjectOf(owner: Name, type: number): string {
  return `${nameText(owner)}. ${typeName(type)}`;
}
