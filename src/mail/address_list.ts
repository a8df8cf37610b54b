import { type AddressOptions, type Mailbox, parseMailbox } from "./mailbox.ts";

/** One address of a From, To or Cc field. */
export interface HeaderAddress {
  /** The words before or after the address, quotes removed; encoded words stay as written, comments are left out. */
  readonly name?: string;
  /** The address without comments, folding, source route and the white space of old forms. */
  readonly address: string;
  /** Absent when `address` is none that SMTP can carry. */
  readonly mailbox?: Mailbox;
}

/** A group, or the addresses that stand in none (RFC 5322 §3.4). */
export interface AddressGroup {
  readonly name?: string;
  readonly members: readonly HeaderAddress[];
}

/**
 * Reads the value of an address field the way receivers must: obsolete forms, empty elements and missing ends are taken
 * (RFC 5322 §4.4). Each group stands alone; addresses between groups make nameless ones.
 */
export function parseAddressList(value: string, options: AddressOptions = {}): AddressGroup[] {
  const groups: { name?: string; members: HeaderAddress[] }[] = [];
  let open: { name?: string; members: HeaderAddress[] } | undefined;
  let element: Element = { words: [] };
  let inAngle = false;
  const flush = (): void => {
    const address = addressOf(element, options);
    if (address !== undefined) {
      if (open === undefined) groups.push((open = { members: [] }));
      open.members.push(address);
    }
    element = { words: [] };
    inAngle = false;
  };
  for (const token of tokenize(value)) {
    if (inAngle && token.kind === "special" && token.text === ">") inAngle = false;
    else if (inAngle) element.angle?.push(token);
    else if (isSpecial(token, "<")) {
      inAngle = true;
      element.angle ??= [];
    } else if (isSpecial(token, ",")) flush();
    else if (isSpecial(token, ";")) {
      flush();
      open = undefined;
    } else if (isSpecial(token, ":") && element.angle === undefined && open?.name === undefined) {
      groups.push((open = { name: phrase(element.words), members: [] }));
      element = { words: [] };
    } else element.words.push(token);
  }
  flush();
  return groups;
}

/** What stands between two commas. */
interface Element {
  readonly words: Token[];
  /** What stood in angle brackets. */
  angle?: Token[];
}

interface Token {
  readonly kind: "text" | "quoted" | "special";
  readonly text: string;
  /** White space or a comment stood before it. */
  readonly apart: boolean;
}

function addressOf({ words, angle }: Element, options: AddressOptions): HeaderAddress | undefined {
  if (angle === undefined && words.length === 0) return undefined;
  const address = spelled(angle === undefined ? words : withoutRoute(angle));
  const name = angle === undefined ? "" : phrase(words);
  // Most of what is no address has no "@", and need not hear why.
  const mailbox = address.includes("@") ? parseMailbox(address, options) : undefined;
  return { ...(name === "" ? {} : { name }), address, ...(mailbox?.ok === true ? { mailbox: mailbox.value } : {}) };
}

/** RFC 5322 §4.4: a source route is to be ignored. */
function withoutRoute(tokens: Token[]): Token[] {
  const first = tokens[0];
  const colon = tokens.findIndex((token) => isSpecial(token, ":"));
  return first !== undefined && isSpecial(first, "@") && colon > 0 ? tokens.slice(colon + 1) : tokens;
}

function phrase(tokens: readonly Token[]): string {
  return tokens.map(({ text, apart }, at) => (apart && at > 0 ? ` ${text}` : text)).join("");
}

/** The address again; white space around "." and "@" goes. */
function spelled(tokens: readonly Token[]): string {
  let result = "";
  let joins = true;
  for (const token of tokens) {
    const joint = isSpecial(token, ".") || isSpecial(token, "@");
    if (token.apart && !joint && !joins) result += " ";
    result += token.kind === "quoted" ? `"${token.text.replace(NEEDS_BACKSLASH, "\\$&")}"` : token.text;
    joins = joint;
  }
  return result;
}

function isSpecial(token: Token, text: string): boolean {
  return token.kind === "special" && token.text === text;
}

/** Cuts the value into words, quoted strings and specials; comments count as white space. A line that is not folded ends it. */
function tokenize(value: string): Token[] {
  const end = UNFOLDED_END.exec(value)?.index ?? value.length;
  const tokens: Token[] = [];
  let apart = false;
  let at = 0;
  while (at < end) {
    const character = value[at] ?? "";
    if (WHITE_SPACE.includes(character)) {
      apart = true;
      at++;
    } else if (character === "(") {
      apart = true;
      at = commentEnd(value, at, end);
    } else {
      const close = CLOSING.get(character);
      const stop = close === undefined ? wordEnd(value, at, end) : enclosedEnd(value, at, { close, end });
      const text = value.slice(at, stop);
      if (character === '"') tokens.push({ kind: "quoted", text: unquoted(text), apart });
      else tokens.push({ kind: SPECIALS.includes(character) ? "special" : "text", text, apart });
      apart = false;
      at = stop;
    }
  }
  return tokens;
}

/** The place after a comment, which may hold others. */
function commentEnd(value: string, from: number, end: number): number {
  let depth = 0;
  for (let at = from; at < end; at++) {
    const character = value[at];
    if (character === "\\") at++;
    else if (character === "(") depth++;
    else if (character === ")" && --depth === 0) return at + 1;
  }
  return end;
}

/** The place after a quoted string or a domain literal. */
function enclosedEnd(value: string, from: number, { close, end }: { close: string; end: number }): number {
  for (let at = from + 1; at < end; at++) {
    if (value[at] === "\\") at++;
    else if (value[at] === close) return at + 1;
  }
  return end;
}

/** The place after a word; a special is a word of its own. */
function wordEnd(value: string, from: number, end: number): number {
  let at = from + 1;
  if (SPECIALS.includes(value[from] ?? "")) return at;
  while (at < end && !ENDS_WORD.includes(value[at] ?? "")) at++;
  return at;
}

function unquoted(text: string): string {
  const inner = text.endsWith('"') && text.length > 1 ? text.slice(1, -1) : text.slice(1);
  return inner.replace(FOLD, "").replace(QUOTED_PAIR, "$1");
}

const WHITE_SPACE = " \t\r\n";
const SPECIALS = "<>,;:@.";
const ENDS_WORD = `${WHITE_SPACE}${SPECIALS}()"[`;
const CLOSING: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["[", "]"],
]);
const UNFOLDED_END = /\n(?![ \t])/;
const FOLD = /\r?\n/g;
const QUOTED_PAIR = /\\(.)/gsu;
const NEEDS_BACKSLASH = /["\\]/g;
