import { type Bytes, concat, err, fromUtf8, ok, type Result, utf8 } from "../../base/mod.ts";
import { linesOf } from "./lines.ts";

/** A message or a part: its header and its content with the transfer encoding taken off. */
export interface Entity {
  readonly header: ReadonlyMap<string, string>;
  readonly content: Bytes;
}

export interface MediaType {
  /** Lower case. */
  readonly type: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Splits header and content at the first empty line; of fields of one name the first counts. */
export function entityOf(bytes: Bytes): Entity {
  const header = new Map<string, string>();
  let name: string | undefined;
  let pieces: string[] = [];
  const close = (): void => {
    if (name !== undefined && !header.has(name)) header.set(name, pieces.join("").trim());
  };
  let at = 0;
  for (const line of linesOf(bytes)) {
    const lf = bytes.indexOf(LF, at + line.length);
    at = lf < 0 ? bytes.length : lf + 1;
    if (line.length === 0) break;
    const text = fromUtf8(line);
    if (isBlank(text)) {
      pieces.push(text);
      continue;
    }
    close();
    const colon = text.indexOf(":");
    name = colon < 0 ? undefined : text.slice(0, colon).trim().toLowerCase();
    pieces = colon < 0 ? [] : [text.slice(colon + 1)];
  }
  close();
  return { header, content: decoded(bytes.subarray(at), header.get("content-transfer-encoding")) };
}

/** Content-Type, text/plain when there is none (RFC 2045 §5.2). A type that cannot be read is `application/octet-stream`. */
export function mediaTypeOf({ header }: Entity): MediaType {
  const value = header.get("content-type");
  const parameters = new Map<string, string>();
  if (value === undefined) return { type: "text/plain", parameters };
  const [first = "", ...rest] = splitParameters(value);
  const type = first.toLowerCase();
  if (!MEDIA_TYPE.test(type)) return { type: "application/octet-stream", parameters };
  for (const item of rest) {
    const equals = item.indexOf("=");
    if (equals < 0) continue;
    const name = item.slice(0, equals).trim().toLowerCase();
    if (!parameters.has(name)) parameters.set(name, unquoted(item.slice(equals + 1).trim()));
  }
  return { type, parameters };
}

/** The parts between the delimiters (RFC 2046 §5.1.1); the last delimiter must be there. */
export function partsOf(content: Bytes, boundary: string): Result<readonly Entity[], string> {
  const delimiter = utf8(`--${boundary}`);
  const parts: Entity[] = [];
  let begin: number | undefined;
  let at = 0;
  for (const line of linesOf(content)) {
    const lf = content.indexOf(LF, at + line.length);
    const next = lf < 0 ? content.length : lf + 1;
    const kind = delimiterKind(line, delimiter);
    if (kind !== "none") {
      if (begin !== undefined) parts.push(entityOf(content.subarray(begin, Math.max(begin, beforeBreak(content, at)))));
      if (parts.length > MOST_PARTS) return err(`it has more than ${MOST_PARTS} parts`);
      if (kind === "last") return ok(parts);
      begin = next;
    }
    at = next;
  }
  return err("its last part does not end");
}

function delimiterKind(line: Bytes, delimiter: Bytes): "none" | "next" | "last" {
  if (line.length < delimiter.length || !delimiter.every((octet, at) => line[at] === octet)) return "none";
  const rest = fromUtf8(line.subarray(delimiter.length));
  const last = rest.startsWith("--");
  return (last ? rest.slice(2) : rest).trim() === "" ? (last ? "last" : "next") : "none";
}

/** The line break before a delimiter belongs to it. */
function beforeBreak(content: Bytes, at: number): number {
  if (content[at - 1] !== LF) return at;
  return content[at - 2] === CR ? at - 2 : at - 1;
}

/** Splits at semicolons outside quotes and comments, and leaves comments out. */
function splitParameters(value: string): readonly string[] {
  const items: string[] = [];
  let item: string[] = [];
  let quoted = false;
  let depth = 0;
  for (let at = 0; at < value.length; at++) {
    const character = value[at] ?? "";
    if (character === "\\" && (quoted || depth > 0)) {
      if (quoted) item.push(character, value[at + 1] ?? "");
      at++;
    } else if (quoted || (character === '"' && depth === 0)) {
      if (character === '"') quoted = !quoted;
      item.push(character);
    } else if (character === "(") depth++;
    else if (depth > 0) depth -= character === ")" ? 1 : 0;
    else if (character === ";") {
      items.push(item.join("").trim());
      item = [];
    } else item.push(character);
  }
  items.push(item.join("").trim());
  return items;
}

function unquoted(value: string): string {
  if (!value.startsWith('"') || !value.endsWith('"') || value.length < 2) return value;
  return value.slice(1, -1).replace(QUOTED_PAIR, "$1");
}

/** A content that is not encoded as its label says stays as it is. */
function decoded(content: Bytes, encoding: string | undefined): Bytes {
  const name = encoding?.toLowerCase();
  if (name === "quoted-printable") return fromQuotedPrintable(content);
  if (name !== "base64") return content;
  try {
    return Uint8Array.fromBase64(fromUtf8(content));
  } catch {
    return content;
  }
}

function fromQuotedPrintable(content: Bytes): Bytes {
  const pieces: Bytes[] = [];
  for (let at = 0; at < content.length; ) {
    const equals = content.indexOf(EQUALS, at);
    if (equals < 0) {
      pieces.push(content.subarray(at));
      break;
    }
    pieces.push(content.subarray(at, equals));
    const next = escapeAt(content, equals);
    pieces.push(next.octets);
    at = next.end;
  }
  return concat(pieces);
}

/** `=XX`, a soft line break, or an "=" that stands for itself. */
function escapeAt(content: Bytes, equals: number): { readonly octets: Bytes; readonly end: number } {
  const pair = fromUtf8(content.subarray(equals + 1, equals + 3));
  if (HEX.test(pair)) return { octets: Uint8Array.of(Number.parseInt(pair, 16)), end: equals + 3 };
  if (pair === "\r\n") return { octets: NONE, end: equals + 3 };
  if (pair.startsWith("\n")) return { octets: NONE, end: equals + 2 };
  return { octets: content.subarray(equals, equals + 1), end: equals + 1 };
}

function isBlank(text: string): boolean {
  return text.startsWith(" ") || text.startsWith("\t");
}

const CR = 0x0d;
const LF = 0x0a;
const EQUALS = 0x3d;
const NONE: Bytes = new Uint8Array(0);
const HEX = /^[0-9A-Fa-f]{2}$/;
const MEDIA_TYPE = /^[a-z0-9!#$&^_.+-]{1,127}\/[a-z0-9!#$&^_.+-]{1,127}$/;
const QUOTED_PAIR = /\\(.)/gs;
const MOST_PARTS = 100;
