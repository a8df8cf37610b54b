import type { Message, RawRecord } from "../wire/message.ts";
import { RCODE } from "../wire/message.ts";
import { decodeSoa } from "../wire/rdata.ts";
import { TYPE } from "../wire/types.ts";

/**
 * How many seconds a message may be kept: the least TTL in it, and for an absence no longer than the zone allows.
 * 0 for what must not be kept: cut messages, response codes that say nothing of the name, absences without an SOA.
 */
export function messageLifetime(message: Message): number {
  const { rcode, flags } = message;
  if (flags.tc || (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN)) return 0;
  const records = [...message.answer, ...message.authority];
  const least = leastTtl(records);
  if (!isAbsence(message)) return Math.min(least, LONGEST_SECONDS);
  const negative = negativeLifetime(message.authority);
  // RFC 2308 §5
  return negative === undefined ? 0 : Math.min(least, negative, LONGEST_NEGATIVE_SECONDS);
}

/** The same message `seconds` later: every TTL has run down, as in any cache (RFC 1035 §3.2.1). */
export function agedMessage(message: Message, seconds: number): Message {
  if (seconds <= 0) return message;
  const aged = (records: readonly RawRecord[]): readonly RawRecord[] =>
    records.map((record) => ({ ...record, ttl: Math.max(0, record.ttl - seconds) }));
  return {
    ...message,
    answer: aged(message.answer),
    authority: aged(message.authority),
    additional: aged(message.additional),
  };
}

/** About how many octets a decoded message takes in memory. */
export function messageOctets(message: Message): number {
  let octets = MESSAGE_COST;
  for (const section of [message.answer, message.authority, message.additional]) {
    for (const record of section) octets += RECORD_COST + record.rdata.length + record.owner.key.length;
  }
  return octets;
}

/** NXDOMAIN, or no record of the type that was asked for: at most aliases that lead nowhere. */
function isAbsence(message: Message): boolean {
  const type = message.question[0]?.type;
  if (message.rcode === RCODE.NXDOMAIN) return true;
  if (type === TYPE.ANY) return message.answer.length === 0;
  return !message.answer.some((record) => record.type === type);
}

// RFC 2308 §3, §5
function negativeLifetime(authority: readonly RawRecord[]): number | undefined {
  const record = authority.find((candidate) => candidate.type === TYPE.SOA);
  const soa = record === undefined ? undefined : decodeSoa(record.rdata);
  return record === undefined || soa === undefined ? undefined : Math.min(record.ttl, soa.minimum);
}

function leastTtl(records: readonly RawRecord[]): number {
  return records.reduce((least, record) => Math.min(least, record.ttl), Infinity);
}

/** A day: RFC 8767 §4 allows a week, but a DANE record that was withdrawn should not be followed for so long. */
export const LONGEST_SECONDS: number = 24 * 60 * 60;
/** Three hours, as RFC 2308 §5 advises. */
export const LONGEST_NEGATIVE_SECONDS: number = 3 * 60 * 60;
const MESSAGE_COST = 400;
const RECORD_COST = 350;
