import { err, ok, type Result } from "../../base/mod.ts";

/** A JSON value whose objects are maps, so that no member name has a meaning of its own. */
export type ListJson = null | boolean | number | string | readonly ListJson[] | ListJsonObject;
export type ListJsonObject = ReadonlyMap<string, ListJson>;

/**
 * Parses JSON (RFC 8259) more strictly than `JSON.parse`: a member that stands twice in an object is refused, for two
 * programs could read two policies from it. Linear, and bounded in depth.
 */
export function parseListJson(text: string): Result<ListJson, string> {
  const reader: Reader = { text, at: 0 };
  const value = readValue(reader, 0);
  if (!value.ok) return value;
  skipBlanks(reader);
  return reader.at === text.length ? value : fault(reader, "there is more after the end");
}

interface Reader {
  readonly text: string;
  at: number;
}

function readValue(reader: Reader, depth: number): Result<ListJson, string> {
  skipBlanks(reader);
  const first = reader.text[reader.at];
  if (first === '"') return readString(reader);
  if (first !== "{" && first !== "[") return readPlain(reader);
  if (depth === DEEPEST) return fault(reader, "it is nested too deeply");
  return first === "{" ? readObject(reader, depth + 1) : readArray(reader, depth + 1);
}

function readObject(reader: Reader, depth: number): Result<ListJson, string> {
  const members = new Map<string, ListJson>();
  reader.at += 1;
  if (take(reader, "}")) return ok(members);
  do {
    skipBlanks(reader);
    const name = readString(reader);
    if (!name.ok) return name;
    // RFC 8259 §4
    if (members.has(name.value)) return fault(reader, `${JSON.stringify(name.value.slice(0, QUOTED))} stands twice`);
    if (!take(reader, ":")) return fault(reader, "a colon is missing");
    const value = readValue(reader, depth);
    if (!value.ok) return value;
    members.set(name.value, value.value);
  } while (take(reader, ","));
  return take(reader, "}") ? ok(members) : fault(reader, "a comma or brace is missing");
}

function readArray(reader: Reader, depth: number): Result<ListJson, string> {
  const items: ListJson[] = [];
  reader.at += 1;
  if (take(reader, "]")) return ok(items);
  do {
    const item = readValue(reader, depth);
    if (!item.ok) return item;
    items.push(item.value);
  } while (take(reader, ","));
  return take(reader, "]") ? ok(items) : fault(reader, "a comma or bracket is missing");
}

/** Finds the closing quote; what stands between is decoded by `JSON.parse`. */
function readString(reader: Reader): Result<string, string> {
  const { text, at } = reader;
  if (text[at] !== '"') return fault(reader, "a string is missing");
  let end = at + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
  const decoded = end < text.length ? decode(text.slice(at, end + 1)) : undefined;
  if (typeof decoded !== "string") return fault(reader, "a string is not well-formed");
  reader.at = end + 1;
  return ok(decoded);
}

/** A number or a word, up to what ends it. */
function readPlain(reader: Reader): Result<ListJson, string> {
  const { text, at } = reader;
  let end = at;
  while (end < text.length && PLAIN.test(text[end] ?? "")) end += 1;
  const decoded = end - at <= LONGEST_PLAIN ? decode(text.slice(at, end)) : undefined;
  if (decoded === undefined) return fault(reader, "there is no value");
  reader.at = end;
  return ok(decoded as null | boolean | number);
}

function decode(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function take(reader: Reader, character: string): boolean {
  skipBlanks(reader);
  if (reader.text[reader.at] !== character) return false;
  reader.at += 1;
  return true;
}

function skipBlanks(reader: Reader): void {
  while (BLANKS.has(reader.text[reader.at] ?? "")) reader.at += 1;
}

function fault({ at }: Reader, what: string): Result<never, string> {
  return err(`it is no JSON that can be used: ${what} (near character ${at})`);
}

const BLANKS: ReadonlySet<string> = new Set([" ", "\t", "\n", "\r"]);
const PLAIN = /^[a-z0-9+.E-]$/;
const LONGEST_PLAIN = 40;
const DEEPEST = 8;
/** How much of a stranger's file is quoted. */
const QUOTED = 60;
