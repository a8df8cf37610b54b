import type { Bytes } from "../base/mod.ts";

/** One field of a header section. */
export interface HeaderField {
  /** As written, without white space before the colon. */
  readonly name: string;
  /** The whole field with its folding and without its last line end; UTF-8, or Latin-1 where it is no UTF-8. */
  readonly raw: string;
  /** What stands behind the colon, still folded. */
  readonly value: string;
  /** Octets from the beginning of the message. */
  readonly offset: number;
}

export interface HeaderSection {
  readonly fields: readonly HeaderField[];
  /** Where the body begins, in octets. */
  readonly bodyOffset: number;
  /** Why the end of the section was not reached. */
  readonly cut?: "too-long" | "too-many-fields";
}

export interface ScanOptions {
  /** Lower-case names of the fields that are wanted; others are counted, not decoded. All by default. */
  readonly only?: ReadonlySet<string>;
  /** Octets of header that are looked at; 32 MB by default. */
  readonly maxOctets?: number;
  /** Fields that are looked at; 100,000 by default. */
  readonly maxFields?: number;
}

/**
 * Reads the header section of a message: LF, CRLF and mixed line ends, a mailbox `From ` line in front. The section ends
 * at an empty line, or before a line that is no field (RFC 5322 §2.2). Never throws; one pass.
 */
export function scanFields(message: Bytes, options: ScanOptions = {}): HeaderSection {
  const end = Math.min(message.length, options.maxOctets ?? MOST_OCTETS);
  const most = options.maxFields ?? MOST_FIELDS;
  const lineEnd = message.subarray(0, end).includes(LF) ? LF : CR;
  const fields: HeaderField[] = [];
  let at = skipMailboxLine(message, { end, lineEnd });
  let count = 0;
  while (at < end) {
    const next = fieldEnd(message, at, { end, lineEnd });
    const colon = colonOf(message, at, next);
    if (colon < 0)
      return { fields, bodyOffset: isEmptyLine(message, at, lineEnd) ? afterLine(message, at, { end, lineEnd }) : at };
    if (++count > most) return { fields, bodyOffset: at, cut: "too-many-fields" };
    const field = decode(message, { start: at, colon, end: next }, options.only);
    if (field !== undefined) fields.push(field);
    at = next;
  }
  return end < message.length ? { fields, bodyOffset: at, cut: "too-long" } : { fields, bodyOffset: at };
}

interface Limits {
  readonly end: number;
  readonly lineEnd: number;
}

function skipMailboxLine(message: Bytes, limits: Limits): number {
  let at = 0;
  if (message[at] === GREATER) at++;
  const marked = MAILBOX_FROM.every((octet, offset) => message[at + offset] === octet);
  return marked ? afterLine(message, at, limits) : 0;
}

function afterLine(message: Bytes, at: number, { end, lineEnd }: Limits): number {
  const found = message.indexOf(lineEnd, at);
  return found < 0 || found >= end ? end : found + 1;
}

/** Behind the last line of the field that begins at `at`. */
function fieldEnd(message: Bytes, at: number, limits: Limits): number {
  let next = afterLine(message, at, limits);
  while (next < limits.end && isBlank(message[next]) && !isEmptyLine(message, next, limits.lineEnd)) {
    next = afterLine(message, next, limits);
  }
  return next;
}

function isEmptyLine(message: Bytes, at: number, lineEnd: number): boolean {
  return message[at] === lineEnd || (message[at] === CR && message[at + 1] === LF);
}

/** The colon behind a valid name (RFC 5322 §3.6.8; white space before it is obsolete, §4.5), or -1. */
function colonOf(message: Bytes, at: number, end: number): number {
  let nameEnd = at;
  while (nameEnd < end && isNameOctet(message[nameEnd])) nameEnd++;
  if (nameEnd === at) return -1;
  let colon = nameEnd;
  while (colon < end && isBlank(message[colon])) colon++;
  return message[colon] === COLON ? colon : -1;
}

interface Extent {
  readonly start: number;
  readonly colon: number;
  readonly end: number;
}

function decode(message: Bytes, extent: Extent, only: ReadonlySet<string> | undefined): HeaderField | undefined {
  if (only !== undefined && extent.colon - extent.start > LONGEST_WANTED) return undefined;
  const name = ascii(message, extent.start, extent.colon).trimEnd();
  if (only !== undefined && !only.has(name.toLowerCase())) return undefined;
  let end = extent.end;
  while (end > extent.colon + 1 && (message[end - 1] === LF || message[end - 1] === CR)) end--;
  const raw = text(message.subarray(extent.start, end));
  return { name, raw, value: raw.slice(extent.colon + 1 - extent.start), offset: extent.start };
}

function ascii(message: Bytes, start: number, end: number): string {
  let name = "";
  for (let at = start; at < Math.min(end, start + LONGEST_NAME); at++) name += String.fromCharCode(message[at] ?? 0);
  return name;
}

function text(octets: Bytes): string {
  try {
    return strictUtf8.decode(octets);
  } catch {
    return latin1.decode(octets);
  }
}

function isNameOctet(octet: number | undefined): boolean {
  return octet !== undefined && octet > 32 && octet < 127 && octet !== COLON;
}

function isBlank(octet: number | undefined): boolean {
  return octet === 32 || octet === 9;
}

const LF = 10;
const CR = 13;
const COLON = 58;
const GREATER = 62;
const MAILBOX_FROM = [70, 114, 111, 109, 32];
const LONGEST_NAME = 1000;
/** A wanted name and white space behind it. */
const LONGEST_WANTED = 100;
const MOST_OCTETS = 32 * 1024 * 1024;
const MOST_FIELDS = 100_000;
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const latin1 = new TextDecoder("latin1");
