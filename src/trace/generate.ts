import { isLiteral, literalOf, parseDomain, parseMailHost } from "../mail/mod.ts";
import { formatForClause } from "./generate/address.ts";
import { comment, commentText } from "./generate/comment.ts";
import { formatDate } from "./generate/date.ts";
import { fold } from "./generate/fold.ts";
import { transmissionType } from "./generate/protocol.ts";
import type { ReceivedFacts } from "./facts.ts";

/**
 * Writes one Received field, folded, with its final CRLF. Text is ASCII unless `smtpUtf8`; no line has more than 998
 * octets and lines are folded at 78 columns wherever a token allows it. Nothing a client said can leave its slot:
 * what is no valid name stands escaped in a comment. Never fails (RFC 5321 §4.4).
 */
export function generateReceived(facts: ReceivedFacts): string {
  const groups: string[][] = [];
  const secured = tlsClause(facts.tls);
  if (facts.from !== undefined) groups.push(fromUnits(facts.from, facts.smtpUtf8));
  if (facts.tls !== undefined) groups.push([tlsComment(facts.tls, secured === undefined)]);
  groups.push(byUnits(facts));
  // RFC 8314 §4.3
  if (secured !== undefined) groups.push(secured);
  const last = groups[groups.length - 1] as string[];
  last[last.length - 1] += ";";
  last.push(formatDate(facts.at, facts.offset));
  return fold("Received:", groups);
}

/** The client's name as it gave it, and what the connection shows (RFC 5321 §4.4 From-domain, TCP-info). */
function fromUnits(from: NonNullable<ReceivedFacts["from"]>, utf8: boolean): string[] {
  const literal = literalOf(from.address);
  const name = from.name !== undefined && parseDomain(from.name).ok ? `${from.name} ` : "";
  const seen = `(${name}${literal})`;
  const { verb, text } = from.hello;
  if (isPlainHello(text)) return [`from ${text}`, seen];
  const said = commentText(text, { utf8, limit: LONGEST_HELLO });
  return [`from ${literal}`, seen, `(${verb}${said === "" ? "" : ` ${said}`})`];
}

/** RFC 5321 §4.1.1.1: a domain or an address literal; anything else is kept out of the domain slot. */
function isPlainHello(text: string): boolean {
  const host = parseMailHost(text);
  return host.ok && (!isLiteral(host.value) || IP_LITERAL.test(host.value));
}

function byUnits(facts: ReceivedFacts): string[] {
  const local = facts.from === undefined;
  const units = [`by ${facts.by}`, local ? "(Hopseal, local)" : "(Hopseal)"];
  if (facts.from !== undefined) {
    const type = transmissionType(facts.from.hello.verb, facts);
    units.push(`with ${type.value}`);
    if (type.authUnsaid) units.push("(authenticated)");
  }
  const id = facts.id.replace(NOT_ALNUM, "");
  if (id !== "") units.push(`id ${id}`);
  const recipient = formatForClause(facts.for, facts.smtpUtf8);
  if (recipient !== undefined) units.push(recipient);
  return units;
}

/** RFC 8314 §4.3 knows no clause for version or server name, so a comment holds them. */
function tlsComment(tls: NonNullable<ReceivedFacts["tls"]>, withCipher: boolean): string {
  const words = [tls.version];
  if (withCipher) words.push(`cipher=${tls.cipher}`);
  if (tls.sni !== undefined && tls.sni !== "") words.push(`sni=${tls.sni}`);
  return comment(words.join(" "), { utf8: false, limit: LONGEST_TLS_COMMENT });
}

/** RFC 8314 §4.3: registered names only; an unknown spelling yields no clause. */
function tlsClause(tls: ReceivedFacts["tls"]): string[] | undefined {
  if (tls === undefined || !CIPHER_NAME.test(tls.cipher)) return undefined;
  const units = [`tls ${tls.cipher}`];
  if (tls.group !== undefined && GROUP_NAME.test(tls.group)) units.push(`group ${tls.group}`);
  return units;
}

const LONGEST_HELLO = 200;
const LONGEST_TLS_COMMENT = 400;
const IP_LITERAL = /^\[(?:\d|IPv6:)/;
const NOT_ALNUM = /[^A-Za-z0-9]/g;
const CIPHER_NAME = /^[A-Za-z][A-Za-z0-9_]{0,79}$/;
const GROUP_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,79}$/;
