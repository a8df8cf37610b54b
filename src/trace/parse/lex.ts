/**
 * The lexical level of a Received field: words, quoted strings, `<…>`, `[…]` and comments, in one pass and in linear
 * time. What does not close is taken as ordinary text, so that one stray mark cannot hide the rest of the field.
 */
export interface Token {
  readonly kind: "word" | "quoted" | "angle" | "bracket" | "comment" | "semicolon" | "comma" | "stray";
  /** Without the delimiters; quoting is kept. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** No white space in front. */
  readonly glued: boolean;
}

/** Cuts `text` into tokens, at most `MOST_TOKENS`; never fails. */
export function lex(text: string): Token[] {
  const closers = matchParentheses(text);
  const tokens: Token[] = [];
  let at = 0;
  let previousEnd = -1;
  while (at < text.length && tokens.length < MOST_TOKENS) {
    const code = text.charCodeAt(at);
    if (isSpace(code)) {
      at++;
      continue;
    }
    const end = tokenEnd(text, at, closers);
    const kind = kindAt(code, at, end);
    const inner = kind === "word" || kind === "semicolon" || kind === "comma" || kind === "stray" ? 0 : 1;
    tokens.push({ kind, text: text.slice(at + inner, end - inner), start: at, end, glued: at === previousEnd });
    previousEnd = end;
    at = end;
  }
  return tokens;
}

/** Takes the backslashes of quoted pairs away (RFC 5322 §3.2.1). */
export function unquote(text: string): string {
  return text.includes("\\") ? text.replace(QUOTED_PAIR, "$1") : text;
}

export function isSpace(code: number): boolean {
  return code === SPACE || (code <= CR && code >= TAB) || code === NBSP;
}

function kindAt(code: number, at: number, end: number): Token["kind"] {
  if (code === SEMICOLON) return "semicolon";
  if (code === COMMA) return "comma";
  if (code === CLOSE) return "stray";
  const long = end > at + 1;
  if (code === OPEN) return long ? "comment" : "stray";
  if (code === LESS && long) return "angle";
  if (code === LEFT && long) return "bracket";
  if (code === QUOTE && long) return "quoted";
  return code === LESS || code === LEFT || code === QUOTE ? "stray" : "word";
}

function tokenEnd(text: string, at: number, closers: Int32Array): number {
  const code = text.charCodeAt(at);
  if (code === OPEN) return Math.max(closers[at] ?? 0, at) + 1;
  if (code === SEMICOLON || code === COMMA || code === CLOSE) return at + 1;
  if (code === LESS) return angleEnd(text, at);
  if (code === LEFT) return bracketEnd(text, at);
  if (code === QUOTE) return quotedEnd(text, at);
  let end = at + 1;
  while (end < text.length && !endsWord(text.charCodeAt(end))) end++;
  return end;
}

/** Stops at the next mark that cannot stand inside, so that the cost of a failed try is bounded by the next try. */
function angleEnd(text: string, at: number): number {
  const limit = Math.min(text.length, at + LONGEST_ANGLE);
  for (let end = at + 1; end < limit; end++) {
    const code = text.charCodeAt(end);
    if (code === GREATER) return end + 1;
    if (code === QUOTE) {
      const close = quotedEnd(text, end);
      if (close === end + 1) return at + 1;
      end = close - 1;
    } else if (code === LESS || code === OPEN || code === CLOSE || code === SEMICOLON) {
      return at + 1;
    }
  }
  return at + 1;
}

function bracketEnd(text: string, at: number): number {
  for (let end = at + 1; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === RIGHT) return end + 1;
    if (code === LEFT || code === OPEN || code === CLOSE || code === SEMICOLON) return at + 1;
  }
  return at + 1;
}

function quotedEnd(text: string, at: number): number {
  const limit = Math.min(text.length, at + LONGEST_QUOTED);
  for (let end = at + 1; end < limit; end++) {
    const code = text.charCodeAt(end);
    if (code === BACKSLASH) end++;
    else if (code === QUOTE) return end + 1;
  }
  return at + 1;
}

/** For each "(" that closes, the place of its ")", else 0; innermost pairs match first, so an extra "(" stays alone. */
function matchParentheses(text: string): Int32Array {
  const closers = new Int32Array(text.length);
  const open: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === OPEN) open.push(at);
    else if (code === BACKSLASH) at++;
    else if (code === QUOTE && (open.length === 0 || isLocalPart(text, at))) at = Math.max(at, quotedEnd(text, at) - 1);
    else if (code === CLOSE) {
      const partner = open.pop();
      if (partner !== undefined) closers[partner] = at;
    }
  }
  return closers;
}

/** Quotes mean nothing in a comment, but those of an address in it may hold parentheses: `(envelope-from <"a) ("@b>)`. */
function isLocalPart(text: string, at: number): boolean {
  return text.charCodeAt(at - 1) === LESS && text.charCodeAt(quotedEnd(text, at)) === AT;
}

function endsWord(code: number): boolean {
  return (
    isSpace(code) ||
    code === OPEN ||
    code === CLOSE ||
    code === SEMICOLON ||
    code === COMMA ||
    code === LESS ||
    code === LEFT
  );
}

/** Honest fields have less than a hundred. */
export const MOST_TOKENS = 10_000;
const TAB = 9;
const CR = 13;
const SPACE = 32;
const NBSP = 0xa0;
const QUOTE = 34;
const OPEN = 40;
const CLOSE = 41;
const COMMA = 44;
const SEMICOLON = 59;
const LESS = 60;
const GREATER = 62;
const AT = 64;
const LEFT = 91;
const BACKSLASH = 92;
const RIGHT = 93;
/** A quoted string in a trace field is short; a limit keeps failed tries cheap. */
const LONGEST_QUOTED = 1000;
const LONGEST_ANGLE = 1000;
const QUOTED_PAIR = /\\([\s\S])/g;
