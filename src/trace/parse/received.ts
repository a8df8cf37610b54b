import { compact } from "../compact.ts";
import { readAuthComment } from "./auth.ts";
import { readBy } from "./by.ts";
import { type Clause, type Layout, layOut } from "./clauses.ts";
import { parseDate } from "./date.ts";
import { type FromReading, readFrom, readFromComment } from "./from.ts";
import { type Token, unquote } from "./lex.ts";
import { ownWords } from "./seen.ts";
import { envelopeIn, quotesClient } from "./quoting.ts";
import { readProtocol } from "./protocol.ts";
import { detectSoftware } from "./software.ts";
import { judgeSyntax } from "./syntax.ts";
import { readTlsClause, readTlsComment, readTlsWords } from "./tls.ts";
import type { AuthStatement, LocalHint, Received, TlsStatement } from "./types.ts";

/**
 * Reads one Received field, with or without its name, folded or not (RFC 5321 §4.4, RFC 5322 §3.6.7). It never throws,
 * takes time linear in the length of `text`, and keeps the text in `raw`.
 *
 * What the client chose (everything between "from" and the comment with its address) is never read as a clause.
 *
 * @example
 * const field = parseReceived("from a.example ([192.0.2.1]) by b.example with ESMTPS; Tue, 3 Mar 2026 09:14:07 +0100");
 * field.protocol?.tlsFlag; // true
 */
export function parseReceived(text: string): Received {
  const layout = layOut(withoutName(unfold(text).replaceAll("\0", "")));
  const comments = collectComments(layout);
  const all = [...layout.clauses, ...layout.tail];
  const from = fromOf(layout);
  const by = readBy(find(all, "by")?.tokens ?? []);
  const protocol = readProtocol(find(all, "with")?.tokens ?? []);
  const date = parseDate(layout.dateText);
  const grammar = judgeSyntax(layout, date);
  const via = words(findLast(all, "via"));
  const id = valueOf(findLast(all, "id"));
  const recipients = all.filter((clause) => clause.name === "for").flatMap(recipientsOf);
  const parts = { from: from?.from, by, via, protocol, id };
  const ambiguous = from?.ambiguous === true;
  return compact<Received>({
    raw: text,
    ...parts,
    for: recipients,
    envelopeFrom: envelopeOf(all, comments) ?? from?.envelopeFrom,
    tls: tlsOf(layout, comments, protocol?.raw),
    auth: authOf(comments, from, protocol?.authFlag === true),
    local: localOf(all, comments, from),
    software: detectSoftware(compact({ ...parts, comments, for: recipients })),
    date,
    additional: additionalOf(all),
    comments,
    syntax: grammar.syntax,
    syntaxErrors: ambiguous ? [...grammar.errors, "the from part shows two addresses"] : grammar.errors,
    doubtful: layout.doubtful || ambiguous,
  });
}

/** RFC 5322 §2.2.3 */
function unfold(text: string): string {
  return text.includes("\n") || text.includes("\r") ? text.replace(FOLD, "") : text;
}

function withoutName(text: string): string {
  const name = FIELD_NAME.exec(text.slice(0, LONGEST_NAME));
  return name === null ? text : text.slice(name[0].length);
}

function fromOf(layout: Layout): FromReading | undefined {
  const clause = find(layout.clauses, "from");
  const by = layout.clauses.findIndex((one) => one.name === "by");
  const at = clause === undefined ? -1 : layout.clauses.indexOf(clause);
  // "from" behind "by" names the envelope sender (XMail) or stdin (smail).
  if (clause !== undefined && (by < 0 || at < by)) {
    const following = by < 0 ? layout.clauses.slice(at + 1) : layout.clauses.slice(at + 1, by);
    // Comments behind a clause that stands before "by" may still show the client.
    const more = following.flatMap((one) => one.tokens.filter((token) => token.kind === "comment"));
    return readFrom([...clause.tokens, ...more]);
  }
  const lead = layout.lead.find((token) => token.kind === "comment");
  return lead === undefined ? undefined : readFromComment(lead.text);
}

function collectComments(layout: Layout): Received["comments"] {
  const found: { after: Received["comments"][number]["after"]; text: string }[] = [];
  const take = (after: (typeof found)[number]["after"], tokens: readonly Token[]): void => {
    for (const token of tokens) if (token.kind === "comment") found.push({ after, text: token.text });
  };
  take("start", layout.lead);
  for (const clause of layout.clauses) take(clause.name, clause.tokens);
  take("date", layout.dateComments);
  return found;
}

function tlsOf(layout: Layout, comments: Received["comments"], protocol: string | undefined): TlsStatement[] {
  const found: TlsStatement[] = [];
  const by = layout.clauses.findIndex((clause) => clause.name === "by");
  for (const [at, clause] of layout.clauses.entries()) {
    // Every writer puts the clause behind "by"; in front of it the client could have said it.
    if (clause.name !== "tls" || at < by) continue;
    const statement = readTlsClause(clause, layout.clauses[at + 1]);
    if (statement !== undefined) found.push(statement);
  }
  for (const comment of trusted(comments)) {
    const statement = comment.shows ? undefined : readTlsComment(comment.text);
    if (statement !== undefined) found.push(statement);
  }
  const words = protocol ?? (by < 0 ? trailingWords(layout) : undefined);
  const vendor = words === undefined ? undefined : readTlsWords(words);
  if (vendor !== undefined) found.push(vendor);
  return found;
}

interface Own {
  readonly after: Received["comments"][number]["after"];
  readonly text: string;
  /** Stands for the client: a name or an ident answer could look like anything. */
  readonly shows: boolean;
}

/**
 * What the writer itself says in comments. Comments in front of the one with the client's address, and what HELO and
 * ident gave, are the client's words.
 */
function trusted(comments: Received["comments"]): Own[] {
  const own = comments.map(({ after, text }): Own => {
    const inFrom = after === "from" || after === "start";
    const kept = inFrom ? ownWords(text) : text;
    return { after, text: kept, shows: inFrom && SHOWS_ADDRESS.test(kept.slice(0, LONGEST_SEEN)) };
  });
  // Of several the last: the writer comes after the client, who may have shown an address first.
  const seen = own.findLastIndex((one) => one.after === "from" && one.shows);
  return seen < 0 ? own : own.filter((one, at) => one.after !== "from" || at >= seen);
}

function trailingWords(layout: Layout): string | undefined {
  const from = find(layout.clauses, "from");
  const found = from?.tokens.filter((token) => token.kind === "word").slice(1, MOST_WORDS);
  return found === undefined || found.length === 0 ? undefined : found.map((token) => token.text).join(" ");
}

function authOf(
  comments: Received["comments"],
  from: FromReading | undefined,
  flag: boolean,
): AuthStatement | undefined {
  for (const comment of trusted(comments)) {
    const statement = quotesClient(comment.text) ? undefined : readAuthComment(comment.text);
    if (statement !== undefined) return statement;
  }
  if (from?.user !== undefined) return { source: "clause", user: from.user };
  return flag ? { source: "protocol" } : undefined;
}

function localOf(
  all: readonly Clause[],
  comments: Received["comments"],
  from: FromReading | undefined,
): LocalHint | undefined {
  if (from?.local !== undefined) return from.local;
  const by = all.findIndex((clause) => clause.name === "by");
  if (all.some((clause, at) => at > by && by >= 0 && clause.name === "from" && clause.tokens[0]?.text === "stdin"))
    return "stdin";
  const own = trusted(comments).filter((one) => one.after !== "from" && !quotesClient(one.text));
  return own.some((one) => LOCAL_COMMENT.test(one.text.slice(0, LONGEST_SEEN))) ? "user" : undefined;
}

function envelopeOf(all: readonly Clause[], comments: Received["comments"]): string | undefined {
  const clause = valueOf(find(all, "envelope-from"));
  if (clause !== undefined) return clause;
  const second = all.findLast((one) => one.name === "from" && one.tokens[0]?.kind === "angle");
  if (second !== undefined) return valueOf(second);
  for (const comment of trusted(comments)) {
    const found = envelopeIn(comment.text.slice(0, LONGEST_SEEN));
    if (found !== undefined && comment.after !== "from") return found;
  }
  return undefined;
}

function additionalOf(all: readonly Clause[]): Received["additional"] {
  return all
    .filter((clause) => clause.name === "other")
    .map((clause) => ({ name: clause.word, value: valueOf(clause) ?? "" }));
}

function recipientsOf(clause: Clause): string[] {
  const values = clause.tokens.filter(
    (token) => token.kind === "angle" || token.kind === "word" || token.kind === "quoted",
  );
  const [first] = values;
  if (first === undefined) return [];
  if (first.kind === "quoted") return [`"${first.text}"${values[1]?.glued === true ? values[1].text : ""}`];
  const listed = values.filter((token) => token.kind === "angle" || token.text.includes("@"));
  return (listed.length > 0 ? listed : [first]).slice(0, MOST_RECIPIENTS).map((token) => token.text.trim());
}

function valueOf(clause: Clause | undefined): string | undefined {
  const token = clause?.tokens.find((one) => one.kind === "word" || one.kind === "angle" || one.kind === "quoted");
  return token === undefined || token.text === "" ? undefined : unquote(token.text).trim();
}

/** All plain words: `Frontend Transport`. */
function words(clause: Clause | undefined): string | undefined {
  const found: string[] = [];
  for (const token of clause?.tokens ?? []) {
    if (token.kind !== "word" || found.length >= MOST_WORDS) break;
    found.push(token.text);
  }
  return found.length === 0 ? undefined : found.join(" ");
}

function find(clauses: readonly Clause[], name: Clause["name"]): Clause | undefined {
  return clauses.find((clause) => clause.name === name);
}

function findLast(clauses: readonly Clause[], name: Clause["name"]): Clause | undefined {
  return clauses.findLast((clause) => clause.name === name);
}

const MOST_WORDS = 8;
const MOST_RECIPIENTS = 100;
const LONGEST_NAME = 64;
const LONGEST_SEEN = 400;
const FOLD = /\r\n?(?=[ \t])|\n(?=[ \t])/g;
const FIELD_NAME = /^\s*Received[ \t]*:/i;
const SHOWS_ADDRESS = /\[[0-9a-fI][^\]]*\]|^\s*\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/i;
const LOCAL_COMMENT = /\bfrom userid \d+|\binvoked by uid \d+|^uid \d+$|^Hopseal, local$|\/Submit$/i;
