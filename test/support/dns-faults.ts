import type { SignedZone, ZoneRecord } from "./dns-zone.ts";

/** Which records a fault touches. */
export interface Target {
  /** Absolute, with the trailing dot, lower case. */
  readonly owner?: string;
  readonly type: string;
  /** For an RRSIG: the type that it covers. */
  readonly covers?: string;
}

export function matches(record: ZoneRecord, target: Target): boolean {
  return (
    record.type === target.type &&
    (target.owner === undefined || record.owner === target.owner) &&
    (target.covers === undefined || record.rdata.split(/\s+/, 1)[0] === target.covers)
  );
}

export function drop(zone: SignedZone, target: Target): SignedZone {
  const left = zone.filter((record) => !matches(record, target));
  if (left.length === zone.length) throw new Error(`Nothing to drop: ${JSON.stringify(target)}`);
  return left;
}

export function change(zone: SignedZone, target: Target, edit: (rdata: string) => string): SignedZone {
  if (!zone.some((record) => matches(record, target))) throw new Error(`Nothing to change: ${JSON.stringify(target)}`);
  return zone.map((record) => (matches(record, target) ? { ...record, rdata: edit(record.rdata) } : record));
}

/** Flips one bit of the signature in an RRSIG, or of the last base64 or hex field of another record. */
export function flipLast(rdata: string): string {
  const fields = rdata.split(" ");
  const hex = /^[0-9A-Fa-f]+$/.test(fields.at(-1) ?? "") && fields.length === 4;
  const fixed = fields.length > 8 ? 8 : 3;
  const octets = Buffer.from(fields.slice(fixed).join(""), hex ? "hex" : "base64");
  octets[5] = (octets[5] ?? 0) ^ 1;
  return [...fields.slice(0, fixed), octets.toString(hex ? "hex" : "base64")].join(" ");
}

/** Replaces records of `zone` by those of `other` that the target names. */
export function graft(zone: SignedZone, other: SignedZone, target: Target): SignedZone {
  return [...drop(zone, target), ...other.filter((record) => matches(record, target))];
}
