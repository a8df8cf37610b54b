import { type Bytes, concat, utf8 } from "../base/mod.ts";
import { type MediaType, parseMediaType, parseToken } from "./content_type.ts";
import { isClean, measure } from "./measure.ts";

/** The header of a part: what decides how its body is to be read, and the fields as they stand. */
export interface PartHeader {
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
  /** With its line ends. */
  readonly octets: Bytes;
}

/** Reads header lines, the empty one left out. */
export function parseHeader(octets: Bytes, closed: boolean): PartHeader {
  const fields = fieldsOf(octets);
  const media = only(fields, "content-type", parseMediaType);
  return {
    fields,
    closed,
    media,
    encoding: only(fields, "content-transfer-encoding", parseToken),
    mimeVersion: fields.some(({ name }) => name === "mime-version"),
    signature: fields.find(({ name }) => SIGNATURES.has(name))?.name,
    fault: faultOf(octets),
  };
}

/** The header with another encoding, and with the fields of `add` at its end. */
export function rewriteHeader(header: PartHeader, encoding: string, add: readonly string[]): Bytes {
  const line = utf8(`Content-Transfer-Encoding: ${encoding}\r\n`);
  let placed = false;
  const parts: Bytes[] = [];
  for (const field of header.fields) {
    if (field.name !== "content-transfer-encoding") parts.push(field.octets);
    else if (!placed) {
      placed = true;
      parts.push(line);
    }
  }
  for (const field of add) parts.push(utf8(`${field}\r\n`));
  if (!placed) parts.push(line);
  parts.push(CRLF);
  return concat(parts);
}

/** Whether a line (without CRLF) begins a field: a name, white space perhaps, a colon (RFC 5322 §4.5). */
export function beginsField(line: Bytes): boolean {
  return nameLength(line) > 0;
}

function fieldsOf(octets: Bytes): readonly Field[] {
  const fields: Field[] = [];
  let start = 0;
  while (start < octets.length) {
    let end = lineEnd(octets, start);
    while (end < octets.length && (octets[end] === SPACE || octets[end] === TAB)) end = lineEnd(octets, end);
    const field = octets.subarray(start, end);
    fields.push({ name: ascii(field.subarray(0, nameLength(field))).toLowerCase(), octets: field });
    start = end;
  }
  return fields;
}

/** The value of the field that may stand there once. */
function only<T>(
  fields: readonly Field[],
  name: string,
  parse: (value: string) => T | undefined,
): T | "unreadable" | undefined {
  const found = fields.filter((field) => field.name === name);
  const [first] = found;
  if (first === undefined) return undefined;
  if (found.length > 1) return "unreadable";
  const colon = first.octets.indexOf(COLON);
  return parse(ascii(first.octets.subarray(colon + 1)).replaceAll("\r\n", "")) ?? "unreadable";
}

function faultOf(octets: Bytes): string | undefined {
  const meter = measure();
  meter.add(octets);
  const facts = meter.facts();
  if (isClean(facts)) return undefined;
  if (facts.eightBit) return "a header field has octets above 127";
  return facts.longestLine > LONGEST_LINE ? "a header line is too long" : "a header field has NUL, or CR or LF alone";
}

/** Octets of the name, or 0 when the line is no field. */
function nameLength(line: Bytes): number {
  let end = 0;
  while (end < line.length && (line[end] ?? 0) > SPACE && (line[end] ?? 0) !== 0x7f && line[end] !== COLON) end++;
  let colon = end;
  while (line[colon] === SPACE || line[colon] === TAB) colon++;
  return line[colon] === COLON ? end : 0;
}

function lineEnd(octets: Bytes, start: number): number {
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
