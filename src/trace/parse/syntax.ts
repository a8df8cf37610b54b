import { parseAddressLiteral, parseDomain } from "../../mail/mod.ts";
import type { Clause, Layout } from "./clauses.ts";
import type { ReceivedDate } from "./date.ts";
import type { Token } from "./lex.ts";

export interface Grammar {
  readonly syntax: "5321" | "5322" | "broken";
  readonly errors: readonly string[];
}

/** Which grammar the field meets: that of RFC 5321 §4.4, only the looser one of RFC 5322 §3.6.7, or neither. */
export function judgeSyntax(layout: Layout, date: ReceivedDate): Grammar {
  const loose = [...layout.errors.filter((error) => !SEMANTIC.has(error)), ...looseErrors(layout, date)];
  const strict = strictErrors(layout, date);
  const errors = [...new Set([...layout.errors, ...loose, ...strict])].slice(0, MOST_ERRORS);
  if (loose.length > 0) return { syntax: "broken", errors };
  return { syntax: strict.length > 0 || layout.errors.length > 0 ? "5322" : "5321", errors };
}

/** RFC 5322 §3.6.7: words, angle-addrs, addr-specs and domains, a semicolon, a date. */
function looseErrors(layout: Layout, date: ReceivedDate): string[] {
  const errors: string[] = [];
  if (date.quality === "bad") errors.push("the date cannot be read");
  if (date.quality === "missing") errors.push("there is no date");
  if (layout.tail.length > 0) errors.push("clauses behind the date");
  const tokens = [...layout.lead, ...layout.clauses.flatMap((clause) => clause.tokens)];
  if (tokens.some((token) => token.kind === "comma")) errors.push("a comma between the clauses");
  if (tokens.some((token) => token.kind === "semicolon")) errors.push("a semicolon before the date");
  if (tokens.some((token) => token.kind === "word" && !LOOSE_WORD.test(token.text)))
    errors.push("a word with characters that need quoting");
  return errors;
}

/** RFC 5321 §4.4: From-domain, By-domain, then Via, With, ID, For and registered clauses in this order. */
function strictErrors(layout: Layout, date: ReceivedDate): string[] {
  const errors: string[] = [];
  if (layout.lead.some((token) => token.kind !== "comment")) errors.push("text before the from clause");
  const names = layout.clauses.map((clause) => clause.name);
  if (names[0] !== "from") errors.push("no from clause at the beginning");
  if (!names.includes("by")) errors.push("no by clause");
  let rank = -1;
  for (const clause of layout.clauses) {
    const own = ORDER.get(clause.name) ?? ORDER.size;
    if (own < rank || (own === rank && own < REGISTERED)) errors.push(`the "${clause.word}" clause is out of order`);
    rank = Math.max(rank, own);
    errors.push(...clauseErrors(clause));
  }
  if (date.quality === "obsolete" || date.quality === "no-offset") errors.push("the date has an obsolete form");
  return errors;
}

function clauseErrors(clause: Clause): string[] {
  const value = clause.tokens.filter((token) => token.kind !== "comment");
  const first = value[0];
  if (first === undefined) return [`the "${clause.word}" clause has no value`];
  if (value.length > 1) return [`the "${clause.word}" clause has more than one value`];
  switch (clause.name) {
    case "from":
    case "by":
      return isHost(first) ? [] : [`"${clause.word}" does not name a domain or an address literal`];
    case "via":
    case "with":
      return first.kind === "word" && ATOM.test(first.text) ? [] : [`the "${clause.word}" value is no atom`];
    case "id":
      return isId(first) ? [] : ["the id is neither an atom nor in angle brackets"];
    case "for":
      return first.kind === "angle" || first.text.includes("@") ? [] : ["the for value is no path"];
    case "tls":
      return TLS_CIPHER.test(first.text) ? [] : ["the tls value is no cipher suite name"];
    case "group":
    case "other":
      return first.kind === "word" || first.kind === "quoted" ? [] : [`the "${clause.word}" value is no word`];
    case "envelope-from":
      return ["envelope-from is no registered clause"];
    default:
      return [];
  }
}

function isHost(token: Token): boolean {
  if (token.kind === "bracket") return parseAddressLiteral(`[${token.text}]`).ok;
  return token.kind === "word" && parseDomain(token.text, { utf8: true }).ok;
}

function isId(token: Token): boolean {
  return token.kind === "angle" ? token.text.includes("@") : token.kind === "word" && ATOM.test(token.text);
}

const MOST_ERRORS = 20;
/** Faults that the grammar of RFC 5322 allows. */
const SEMANTIC: ReadonlySet<string> = new Set([
  "clause words inside the from part",
  'more than one "by" clause',
  'more than one "with" clause',
]);
const REGISTERED = 6;
const ORDER: ReadonlyMap<string, number> = new Map([
  ["from", 0],
  ["by", 1],
  ["via", 2],
  ["with", 3],
  ["id", 4],
  ["for", 5],
  ["tls", REGISTERED],
  ["group", REGISTERED],
  ["other", REGISTERED],
  ["envelope-from", REGISTERED],
]);
const ATOM = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\uffff]+$/;
const LOOSE_WORD = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.@\u0080-\uffff]+$/;
const TLS_CIPHER = /^(?:[A-Za-z][A-Za-z0-9_]*|0x[0-9A-Fa-f]{4})$/;
