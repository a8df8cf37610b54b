import type { Instant } from "../../base/mod.ts";
import { derContent, derSequence } from "../der.ts";

export interface Validity {
  readonly notBefore: Instant;
  readonly notAfter: Instant;
}

/** Reads a Validity (RFC 5280 §4.1.2.5); undefined when a date is not written as it must be. */
export function validityOf(der: Uint8Array): Validity | undefined {
  const [first, second, ...rest] = derSequence(der) ?? [];
  if (first === undefined || second === undefined || rest.length > 0) return undefined;
  const notBefore = instantOf(first.tag, derContent(der, first));
  const notAfter = instantOf(second.tag, derContent(der, second));
  return notBefore === undefined || notAfter === undefined ? undefined : { notBefore, notAfter };
}

function instantOf(tag: number, octets: Uint8Array): Instant | undefined {
  const text = String.fromCharCode(...octets.subarray(0, LONGEST_TIME + 1));
  const years = tag === UTC_TIME ? 2 : 4;
  if (tag !== UTC_TIME && tag !== GENERALIZED_TIME) return undefined;
  // RFC 5280 §4.1.2.5.1: Zulu, with seconds
  if (text.length !== years + 11 || !DIGITS_ZULU.test(text)) return undefined;
  const [month, day, hour, minute, second] = [0, 2, 4, 6, 8].map((at) =>
    Number(text.slice(years + at, years + at + 2)),
  );
  const short = Number(text.slice(0, years));
  // RFC 5280 §4.1.2.5.1: 50 to 99 are of the last century.
  const year = years === 4 ? short : short + (short >= 50 ? 1900 : 2000);
  const date = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}.000Z`;
  const instant = Date.parse(date);
  // Date.parse carries 31 February over into March.
  return Number.isNaN(instant) || new Date(instant).toISOString() !== date ? undefined : instant;
}

function two(number: number | undefined): string {
  return String(number).padStart(2, "0");
}

const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const LONGEST_TIME = 15;
const DIGITS_ZULU = /^\d+Z$/;
