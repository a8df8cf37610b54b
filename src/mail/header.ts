import { type Bytes, concat, fromUtf8, utf8 } from "../base/mod.ts";

/**
 * Looks at the header of a message while its content comes in, however the content is split, and keeps nothing but
 * counts and the values that were asked for. It refuses nothing by itself: it reports, the caller judges.
 *
 * The header ends at the first empty line, or before the first line that is neither a field nor the continuation of one
 * (so a message without a header is all body); a `From ` line of mailbox files at the very start is passed over. Lines end in
 * CRLF or LF.
 */
export interface HeaderScanner {
  /** Takes the next octets; costs nothing once the header is over. Keeps no reference to `chunk`. */
  push(chunk: Bytes): void;
  /** The content is over. */
  end(): void;
  /** Whether the rest of the content is of no interest. */
  readonly done: boolean;
  result(): HeaderReport;
}

export interface HeaderScanOptions {
  /** Field names in lower case whose values are wanted. */
  readonly collect?: readonly string[];
  /** More fields than these are a fault. */
  readonly maxFields?: number;
  /** More octets of header than these are a fault. */
  readonly maxOctets?: number;
}

export interface HeaderReport {
  readonly fields: number;
  /** Received fields, the hop count of RFC 5321 §6.3. */
  readonly received: number;
  /** Octets of the header with the empty line, as far as it was looked at. */
  readonly octets: number;
  /** Unfolded, trimmed values in the order of the message; cut after `LONGEST_VALUE` octets. A name not met is absent. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly fault?: "too-many-fields" | "too-long";
}

export function headerScanner(options: HeaderScanOptions = {}): HeaderScanner {
  const scan: Scan = {
    wanted: (options.collect ?? []).map((name) => ({ name, octets: utf8(name) })),
    maxFields: options.maxFields ?? MOST_FIELDS,
    maxOctets: options.maxOctets ?? LONGEST_HEADER,
    values: new Map(),
    partial: [],
    held: 0,
    open: undefined,
    fault: undefined,
    fields: 0,
    received: 0,
    octets: 0,
    done: false,
  };
  return {
    push: (chunk) => push(scan, chunk),
    end: () => end(scan),
    get done() {
      return scan.done;
    },
    result: () => ({
      fields: scan.fields,
      received: scan.received,
      octets: scan.octets,
      values: scan.values,
      ...(scan.fault === undefined ? {} : { fault: scan.fault }),
    }),
  };
}

interface Wanted {
  readonly name: string;
  readonly octets: Bytes;
}

interface Scan {
  readonly wanted: readonly Wanted[];
  readonly maxFields: number;
  readonly maxOctets: number;
  readonly values: Map<string, string[]>;
  /** Copies of the chunks that hold the beginning of a line whose LF has not come, and their octets. */
  partial: Bytes[];
  held: number;
  /** The field whose value is being collected. */
  open: { readonly name: string; readonly lines: Bytes[]; room: number } | undefined;
  fault: HeaderReport["fault"];
  fields: number;
  received: number;
  octets: number;
  done: boolean;
}

/** The octets of `bytes` from `start` up to, not including, `end`. */
interface Span {
  readonly bytes: Bytes;
  readonly start: number;
  readonly end: number;
}

function push(scan: Scan, chunk: Bytes): void {
  let at = 0;
  while (!scan.done && at < chunk.length) {
    const lf = chunk.indexOf(LF, at);
    const next = lf < 0 ? chunk.length : lf + 1;
    if (scan.octets + scan.held + next - at > scan.maxOctets) return stop(scan, "too-long");
    if (lf < 0 || scan.held > 0) hold(scan, chunk.subarray(at, next));
    else takeLine(scan, { bytes: chunk, start: at, end: next });
    if (lf >= 0 && scan.held > 0) release(scan);
    at = next;
  }
}

function end(scan: Scan): void {
  if (!scan.done && scan.held > 0) release(scan);
  close(scan);
  scan.partial = [];
  scan.done = true;
}

function hold(scan: Scan, piece: Bytes): void {
  scan.partial.push(new Uint8Array(piece));
  scan.held += piece.length;
}

function release(scan: Scan): void {
  const bytes = concat(scan.partial);
  scan.partial = [];
  scan.held = 0;
  takeLine(scan, { bytes, start: 0, end: bytes.length });
}

/** Takes one line with its line end, which only the last line of a message may lack. */
function takeLine(scan: Scan, line: Span): void {
  const content = withoutLineEnd(line);
  const begin = content.bytes[content.start];
  if (content.end === content.start) finish(scan);
  else if (begin === SPACE || begin === TAB) {
    if (scan.fields === 0) return finish(scan);
    keep(scan, content);
  } else {
    close(scan);
    const name = fieldName(content);
    if (name !== undefined) takeField(scan, content, name);
    else if (scan.octets > 0 || !hasPrefix(content, MAILBOX_FROM)) return finish(scan);
  }
  scan.octets += line.end - line.start;
}

function takeField(scan: Scan, content: Span, name: Span): void {
  scan.fields++;
  if (scan.fields > scan.maxFields) return stop(scan, "too-many-fields");
  if (isName(name, RECEIVED)) scan.received++;
  const hit = scan.wanted.find((one) => isName(name, one.octets));
  if (hit === undefined) return;
  scan.open = { name: hit.name, lines: [], room: LONGEST_VALUE };
  keep(scan, { ...content, start: content.bytes.indexOf(COLON, name.end) + 1 });
}

/** Adds to the value that is being collected, if one is. */
function keep(scan: Scan, part: Span): void {
  if (scan.open === undefined || scan.open.room === 0) return;
  const piece = new Uint8Array(part.bytes.subarray(part.start, Math.min(part.end, part.start + scan.open.room)));
  scan.open.lines.push(piece);
  scan.open.room -= piece.length;
}

function close(scan: Scan): void {
  if (scan.open === undefined) return;
  const value = fromUtf8(concat(scan.open.lines)).trim();
  const values = scan.values.get(scan.open.name);
  if (values === undefined) scan.values.set(scan.open.name, [value]);
  else values.push(value);
  scan.open = undefined;
}

/** The header ended before this line. */
function finish(scan: Scan): void {
  close(scan);
  scan.done = true;
}

function stop(scan: Scan, fault: NonNullable<HeaderReport["fault"]>): void {
  scan.fault = fault;
  finish(scan);
}

function withoutLineEnd({ bytes, start, end }: Span): Span {
  let last = end;
  if (last > start && bytes[last - 1] === LF) last--;
  if (last > start && bytes[last - 1] === CR) last--;
  return { bytes, start, end: last };
}

/** The name before the colon, white space between them allowed (RFC 5322 §4.5); undefined when the line is no field. */
function fieldName({ bytes, start, end }: Span): Span | undefined {
  const colon = bytes.indexOf(COLON, start);
  if (colon < 0 || colon >= end) return undefined;
  let last = colon;
  while (last > start && (bytes[last - 1] === SPACE || bytes[last - 1] === TAB)) last--;
  for (let at = start; at < last; at++) {
    const octet = bytes[at] ?? 0;
    if (octet <= SPACE || octet === DELETE) return undefined;
  }
  return last === start ? undefined : { bytes, start, end: last };
}

/** Compares letters without their case; `lower` is in lower case. */
function isName({ bytes, start, end }: Span, lower: Bytes): boolean {
  if (end - start !== lower.length) return false;
  for (let at = 0; at < lower.length; at++) {
    const octet = bytes[start + at] ?? 0;
    if ((octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet) !== lower[at]) return false;
  }
  return true;
}

function hasPrefix({ bytes, start, end }: Span, prefix: Bytes): boolean {
  return end - start >= prefix.length && prefix.every((octet, at) => bytes[start + at] === octet);
}

/** RFC 5321 knows no limit; more than a thousand is an attack or a loop. */
const MOST_FIELDS = 1000;
const LONGEST_HEADER = 1 << 20;
/** Octets of a collected value; what is longer can equal nothing that anybody compares it with. */
export const LONGEST_VALUE = 4096;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const DELETE = 0x7f;
const RECEIVED = utf8("received");
const MAILBOX_FROM = utf8("From ");
