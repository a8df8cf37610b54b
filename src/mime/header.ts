import { type Bytes, concat, utf8 } from "../base/mod.ts";
import { type MediaType, parseMediaType, parseToken } from "./content_type.ts";
import { isClean, measure } from "./measure.ts";

/** The header of a part: what decides how its body is to be read, and the fields as they stand. */
export interface PartHeader {
  /** All lines, with their ends. */
  readonly octets: Bytes;
  readonly fields: readonly Field[];
  /** An empty line ended it; otherwise a boundary, the end, or a line that is no field. */
  readonly closed: boolean;
  /** Absent: there is no Content-Type; `unreadable` when it is malformed or stands there twice. */
  readonly media: MediaType | "unreadable" | undefined;
  /** In lower case, or "unreadable"; absent means 7bit (RFC 2045 §6.1). */
  readonly encoding: string | undefined;
  readonly mimeVersion: boolean;
  /** The first field of a signature over the message (RFC 6376 §3.5, RFC 8617 §4.1). */
  readonly signature: string | undefined;
  /** Why it cannot stand in 7-bit content. */
  readonly fault: string | undefined;
}

export interface Field {
  /** In lower case. */
  readonly name: string;
  /** Where it begins and ends in the octets of the header; its line ends belong to it. */
  readonly start: number;
  readonly end: number;
}

/** Reads header lines, the empty one left out. */
export function parseHeader(octets: Bytes, closed: boolean): PartHeader {
  const fields = fieldsOf(octets);
  const media = only(octets, named(fields, "content-type"), parseMediaType);
  return {
    octets,
    fields,
    closed,
    media,
    encoding: only(octets, named(fields, "content-transfer-encoding"), parseToken),
    mimeVersion: fields.some(({ name }) => name === "mime-version"),
    signature: fields.find(({ name }) => SIGNATURES.has(name))?.name,
    fault: faultOf(octets),
  };
}

/** The header with another encoding, and with the fields of `add` at its end. */
export function rewriteHeader(header: PartHeader, encoding: string, add: readonly string[]): Bytes {
  const line = utf8(`Content-Transfer-Encoding: ${encoding}\r\n`);
  const parts: Bytes[] = [];
  let from = 0;
  const old = named(header.fields, "content-transfer-encoding");
  for (const { start, end } of old) {
    parts.push(header.octets.subarray(from, start));
    if (start === old[0]?.start) parts.push(line);
    from = end;
  }
  parts.push(header.octets.subarray(from));
  for (const field of add) parts.push(utf8(`${field}\r\n`));
  if (old.length === 0) parts.push(line);
  parts.push(CRLF);
  return concat(parts);
}

/** Whether a line (without CRLF) begins a field: a name, white space perhaps, a colon (RFC 5322 §4.5). */
export function beginsField(line: Bytes): boolean {
  return nameEnd(line, 0, line.length) > 0;
}

function fieldsOf(octets: Bytes): readonly Field[] {
  const fields: Field[] = [];
  const view = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  let start = 0;
  while (start < view.length) {
    let end = lineEnd(view, start);
    while (end < view.length && (view[end] === SPACE || view[end] === TAB)) end = lineEnd(view, end);
    const name = view.toString("latin1", start, nameEnd(view, start, end)).toLowerCase();
    fields.push({ name, start, end });
    start = end;
  }
  return fields;
}

function named(fields: readonly Field[], name: string): readonly Field[] {
  return fields.filter((field) => field.name === name);
}

/** The value of the field that may stand there once. */
function only<T>(
  octets: Bytes,
  found: readonly Field[],
  parse: (value: string) => T | undefined,
): T | "unreadable" | undefined {
  const [first] = found;
  if (first === undefined) return undefined;
  if (found.length > 1) return "unreadable";
  const field = octets.subarray(first.start, first.end);
  return parse(ascii(field.subarray(field.indexOf(COLON) + 1)).replaceAll("\r\n", "")) ?? "unreadable";
}

function faultOf(octets: Bytes): string | undefined {
  const meter = measure();
  meter.add(octets);
  const facts = meter.facts();
  if (isClean(facts)) return undefined;
  if (facts.eightBit) return "a header field has octets above 127";
  return facts.longestLine > LONGEST_LINE ? "a header line is too long" : "a header field has NUL, or CR or LF alone";
}

/** Where the name of a field ends, or `start` when the line is no field. */
function nameEnd(line: Bytes, start: number, stop: number): number {
  let end = start;
  while (end < stop && (line[end] ?? 0) > SPACE && (line[end] ?? 0) !== 0x7f && line[end] !== COLON) end++;
  let colon = end;
  while (colon < stop && (line[colon] === SPACE || line[colon] === TAB)) colon++;
  return colon < stop && line[colon] === COLON ? end : start;
}

function lineEnd(octets: Buffer, start: number): number {
  for (let lf = octets.indexOf(LF, start); lf >= 0; lf = octets.indexOf(LF, lf + 1)) {
    if (lf > start && octets[lf - 1] === CR) return lf + 1;
  }
  return octets.length;
}

function ascii(octets: Bytes): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString("latin1");
}

const SIGNATURES: ReadonlySet<string> = new Set([
  "dkim-signature",
  "arc-seal",
  "arc-message-signature",
  "arc-authentication-results",
]);
const CRLF = utf8("\r\n");
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const LONGEST_LINE = 998;
