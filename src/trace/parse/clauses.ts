import { foldAsides } from "./asides.ts";
import { monthNumber } from "./date.ts";
import { lex, MOST_TOKENS, type Token } from "./lex.ts";
import type { ClauseName } from "./types.ts";

export interface Clause {
  readonly name: ClauseName;
  /** The word as written. */
  readonly word: string;
  /** What follows, up to the next clause; comments included. */
  readonly tokens: Token[];
}

/** The field cut into clauses; nothing is interpreted yet. */
export interface Layout {
  /** Tokens in front of the first clause. */
  readonly lead: readonly Token[];
  readonly clauses: readonly Clause[];
  /** The text of the date, without the semicolon. */
  readonly dateText: string;
  /** Comments in and behind the date; some writers tell of TLS there. */
  readonly dateComments: readonly Token[];
  /** Clauses that stood behind the date. */
  readonly tail: readonly Clause[];
  readonly errors: readonly string[];
  readonly doubtful: boolean;
}

/**
 * Cuts a field into clauses. The client chooses what stands between "from" and the comment with its address, so no
 * clause begins there; and of two "by" clauses the last one is the writer's own, because what the client said comes
 * before it.
 */
export function layOut(text: string): Layout {
  const tokens = foldAsides(lex(text));
  const errors: string[] = [];
  const cut = dateCut(tokens, text);
  if (!cut.semicolon) errors.push(cut.dateText === "" ? "there is no date" : "no semicolon before the date");
  const cutShort = tokens.length >= MOST_TOKENS;
  if (cutShort) errors.push("the field is too long; its end is not read");
  const stray = tokens.some((token) => token.kind === "stray");
  if (stray) errors.push("a parenthesis, bracket or quote does not close");
  const said = saidRegion(cut.body);
  if (said.words) errors.push("clause words inside the from part");
  const { lead, clauses } = split(cut.body, said.end);
  const kept = afterLastBy(clauses);
  if (kept.dropped) errors.push('more than one "by" clause');
  if (repeats(kept.clauses, "with")) errors.push('more than one "with" clause');
  return {
    lead,
    clauses: kept.clauses,
    dateText: cut.dateText,
    dateComments: cut.comments,
    tail: split(cut.tail, 0).clauses,
    errors,
    doubtful: cutShort || stray || said.words || kept.dropped || repeats(kept.clauses, "with"),
  };
}

interface Cut {
  readonly body: readonly Token[];
  readonly dateText: string;
  readonly comments: readonly Token[];
  readonly tail: readonly Token[];
  readonly semicolon: boolean;
}

/** The date follows the last semicolon outside comments; some writers forget it. */
function dateCut(tokens: readonly Token[], text: string): Cut {
  const dated = tokens.findLastIndex(
    (token, at) => token.kind === "semicolon" && DATE_START.test(tokens[at + 1]?.text ?? ""),
  );
  const last = dated >= 0 ? dated : tokens.findLastIndex((token) => token.kind === "semicolon");
  const begin = last < 0 ? findDate(tokens) : last + 1;
  if (begin < 0) return { body: tokens, dateText: "", comments: [], tail: [], semicolon: false };
  const after = tokens.slice(begin);
  const clause = after.findIndex((token) => keyword(token) !== undefined);
  const dateTokens = clause < 0 ? after : after.slice(0, clause);
  const start = dateTokens[0]?.start;
  const end = dateTokens[dateTokens.length - 1]?.end;
  return {
    body: tokens.slice(0, last < 0 ? begin : last),
    dateText: start === undefined ? "" : text.slice(start, end),
    comments: dateTokens.filter((token) => token.kind === "comment"),
    tail: clause < 0 ? [] : after.slice(clause),
    semicolon: last >= 0,
  };
}

/** The last place where a day and a month follow each other, with the weekday before them. */
function findDate(tokens: readonly Token[]): number {
  for (let at = tokens.length - 1; at > 0; at--) {
    const month = tokens[at];
    const day = tokens[at - 1];
    if (month?.kind !== "word" || day?.kind !== "word") continue;
    if (monthNumber(month.text) === undefined || !DAY.test(day.text) || !YEAR.test(tokens[at + 1]?.text ?? ""))
      continue;
    const comma = tokens[at - 2]?.kind === "comma" ? at - 3 : at - 2;
    return WEEKDAY.test(tokens[comma]?.text ?? "") ? comma : at - 1;
  }
  return -1;
}

/**
 * Where the client's own words end: behind the last comment or bracket that shows an address between "from" and the last
 * "by". `words` tells that words of clauses stand inside.
 */
function saidRegion(tokens: readonly Token[]): { readonly end: number; readonly words: boolean } {
  const from = tokens.findIndex((token) => keyword(token) === "from");
  const lastBy = tokens.findLastIndex((token) => keyword(token) === "by");
  if (from < 0 || lastBy <= from + 1) return { end: 0, words: false };
  let end = 0;
  for (let at = lastBy - 1; at > from + 1 && end === 0; at--) {
    const token = tokens[at];
    if (token !== undefined && showsAddress(token)) end = at + 1;
  }
  if (end === 0) return { end: 0, words: false };
  const inside = tokens.slice(from + 2, end);
  return { end, words: inside.some((token) => keyword(token) !== undefined && keyword(token) !== "other") };
}

function showsAddress(token: Token): boolean {
  if (token.kind === "bracket") return ADDRESS_START.test(token.text);
  return (
    token.kind === "comment" && !NOT_AN_ADDRESS.test(token.text) && ADDRESS.test(token.text.slice(0, LONGEST_SEEN))
  );
}

function split(tokens: readonly Token[], saidEnd: number): { lead: readonly Token[]; clauses: Clause[] } {
  const lead: Token[] = [];
  const clauses: Clause[] = [];
  let current: Clause | undefined;
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as Token;
    const name = at < saidEnd && current?.name === "from" ? undefined : keyword(token);
    if (name === undefined || (name === "with" && current?.name === "with" && isStartTls(tokens[at + 1]))) {
      (current?.tokens ?? lead).push(token);
      continue;
    }
    current = { name, word: token.text, tokens: [] };
    clauses.push(current);
    const next = tokens[at + 1];
    // The word behind a clause word is its value, whatever it looks like.
    if (next?.kind === "word" && !(name === "from" && keyword(next) === "by" && !byFollows(tokens, at + 2))) {
      current.tokens.push(next);
      at++;
    }
  }
  return { lead, clauses };
}

/** Mimecast writes `with ESMTP with STARTTLS`: one clause. */
function isStartTls(token: Token | undefined): boolean {
  return token?.kind === "word" && token.text === "STARTTLS";
}

function byFollows(tokens: readonly Token[], begin: number): boolean {
  for (let at = begin; at < tokens.length; at++) if (keyword(tokens[at]) === "by") return true;
  return false;
}

/** Drops what stands between the from clause and the last "by", when there are several. */
function afterLastBy(clauses: readonly Clause[]): { readonly clauses: readonly Clause[]; readonly dropped: boolean } {
  const last = clauses.findLastIndex((clause) => clause.name === "by");
  const first = clauses.findIndex((clause) => clause.name === "by");
  if (first === last) return { clauses, dropped: false };
  const from = clauses.slice(0, last).find((clause) => clause.name === "from");
  return { clauses: [...(from === undefined ? [] : [from]), ...clauses.slice(last)], dropped: true };
}

function repeats(clauses: readonly Clause[], name: ClauseName): boolean {
  return clauses.filter((clause) => clause.name === name).length > 1;
}

function keyword(token: Token | undefined): ClauseName | undefined {
  return token?.kind === "word" && token.text.length <= LONGEST_KEYWORD
    ? KEYWORDS.get(token.text.toLowerCase())
    : undefined;
}

const KEYWORDS: ReadonlyMap<string, ClauseName> = new Map([
  ["from", "from"],
  ["by", "by"],
  ["via", "via"],
  ["with", "with"],
  ["id", "id"],
  ["for", "for"],
  ["tls", "tls"],
  ["group", "group"],
  ["envelope-from", "envelope-from"],
  // RFC 6710 §4, RFC 6729 §3.
  ["priority", "other"],
  ["state", "other"],
]);
const LONGEST_KEYWORD = 13;
const LONGEST_SEEN = 400;
const DAY = /^\d{1,2}$/;
const YEAR = /^\d{2,4}$/;
const DATE_START = /^(?:\d|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}$)/i;
const WEEKDAY = /^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}$/i;
const ADDRESS_START = /^(?:IPv6:)?[0-9a-f:]*[.:][0-9a-f:.]*/i;
const ADDRESS = /\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|[0-9a-f]{0,4}:[0-9a-f]{0,4}:[0-9a-f:.]*/i;
/** Comments about something else that may quote an address. */
const NOT_AN_ADDRESS =
  /^\s*(?:[EL]?HELO|LHLO|EHLO|TLS|using|version=|auth|authenticated|envelope-|mailfrom|client|no client)\b/i;
