import { compact } from "../compact.ts";
import type { Received, Software } from "../parse/types.ts";
import { connectionIp, NAME_FIRST } from "./connection.ts";
import type { Draft } from "./findings.ts";
import { readTls } from "./tls.ts";
import type { Basis, Hop, HopAuth, HopDelay, HopFrom } from "./types.ts";

export interface HopPlace {
  readonly index: number;
  readonly trust: Hop["trust"];
  readonly delay: HopDelay;
  readonly showUsers: boolean;
}

/** Interprets one field by itself. */
export function readHop(field: Received, place: HopPlace): Draft {
  const from = fromOf(field);
  const { tls, basis: tlsBasis } = readTls(field);
  const auth = authOf(field, place.showUsers);
  return compact<Draft>({
    index: place.index,
    raw: field.raw,
    software: field.software,
    syntax: field.syntax,
    syntaxErrors: field.syntaxErrors,
    from,
    by: field.by,
    via: field.via,
    protocol: field.protocol,
    id: field.id,
    for: field.for.length === 0 ? undefined : field.for,
    envelopeFrom: field.envelopeFrom,
    tls,
    auth: auth.auth,
    time: field.date,
    delay: place.delay,
    trust: place.trust,
    basis: { ...basisOf(field, from), tls: tlsBasis, auth: auth.basis },
  });
}

/** The looked-up name, where the writer's habits say that the word after "from" is that name. */
export function fromOf(field: Received): HopFrom | undefined {
  const { from } = field;
  if (from === undefined) return undefined;
  if (field.local === "pickup") return {};
  const user = userOf(field);
  const { helo, rdns } = namesOf(field, user);
  return compact<HopFrom>({
    helo,
    rdns,
    rdnsConfirmed: rdns === undefined ? undefined : (from.rdnsConfirmed ?? confirmedBy(field.software)),
    ip: from.ip,
    port: from.port,
    ident: from.ident ?? user,
    helo_cmd: helo === undefined ? undefined : commandOf(field),
  });
}

type Names = Pick<HopFrom, "helo" | "rdns">;

function namesOf(field: Received, user: string | undefined): Names {
  const { from, software } = field;
  if (from === undefined) return {};
  const helo = from.helo_cmd !== undefined || isGreeting(field, user) ? from.helo : undefined;
  if (user !== undefined) return compact<Names>({ helo, rdns: undefined });
  const bare = from.name !== undefined && from.nameIp === undefined && from.name.includes(".");
  const habit = software !== null && NAME_FIRST.has(software) && from.ipSeen && bare ? from.name : undefined;
  // Exim never puts the looked-up name into a comment; what stands alone there is what HELO said.
  const comment = software === "exim" && from.rdns !== from.name ? from.rdns : undefined;
  if (comment !== undefined) return compact<Names>({ helo: from.helo_cmd === undefined ? comment : helo, rdns: habit });
  return compact<Names>({ helo, rdns: from.rdns ?? habit });
}

/** The word after "from" is a user of the machine: an address, or any word where Exim writes of a local hand-over. */
function userOf({ from, protocol }: Received): string | undefined {
  const name = from?.name;
  if (name === undefined || from?.ip !== undefined) return undefined;
  if (name.includes("@")) return name;
  const looked = from?.rdns !== undefined && from.rdns !== name;
  return protocol !== undefined && LOCAL.test(protocol.raw) && !looked ? name : undefined;
}

/** HTTP has no greeting, so an address after "from" is that of the connection. */
function isGreeting({ from, protocol }: Received, user: string | undefined): boolean {
  return user === undefined && !(from?.nameIp !== undefined && protocol?.family === "http");
}

function confirmedBy(software: Software | null): boolean | null {
  return software !== null && CONFIRMS.has(software) ? true : null;
}

/** RFC 3848 §1: the protocol tells which greeting was used; Exim and qmail write "helo" for every one. */
function commandOf({ from, protocol, software }: Received): HopFrom["helo_cmd"] | undefined {
  if (protocol?.family === "esmtp") return "EHLO";
  if (protocol?.family === "lmtp") return "LHLO";
  if (from?.helo_cmd !== undefined) return from.helo_cmd;
  return protocol?.raw === "SMTP" && software !== null && SAYS_ESMTP.has(software) ? "HELO" : undefined;
}

function authOf(field: Received, showUsers: boolean): { auth: HopAuth; basis: Basis } {
  const { auth, protocol, software } = field;
  if (auth !== undefined) {
    const user = auth.user === undefined ? undefined : showUsers ? auth.user : REDACTED;
    const source = auth.source === "comment" ? "comment" : "clause";
    return {
      auth: compact<HopAuth>({ state: "authenticated", mechanism: auth.mechanism, user }),
      basis: { source, confidence: field.doubtful ? "inferred" : "asserted" },
    };
  }
  const plain = protocol?.family === "smtp" || protocol?.family === "esmtp";
  if (plain && software !== null && SAYS_AUTH.has(software))
    return { auth: { state: "none" }, basis: { source: "convention", confidence: "inferred" } };
  return { auth: { state: "unknown" }, basis: { source: "absent", confidence: "unknown" } };
}

function basisOf(field: Received, from: HopFrom | undefined): Omit<Draft["basis"], "tls" | "auth"> {
  const sure = field.doubtful ? "inferred" : "asserted";
  const said = (present: boolean, source: Basis["source"], confidence: Basis["confidence"] = sure): Basis =>
    present ? { source, confidence } : ABSENT;
  const repeated = field.from?.helo_cmd !== undefined;
  // Where HELO is repeated, the word after "from" is the looked-up name by habit.
  const shown = field.from?.rdns === from?.rdns && !(repeated && field.from?.rdns === field.from?.name);
  const dated = field.date.instant !== undefined;
  return {
    helo: said(from?.helo !== undefined, repeated ? "comment" : "clause"),
    rdns: shown ? said(from?.rdns !== undefined, "comment") : said(from?.rdns !== undefined, "convention", "inferred"),
    ip:
      field.from?.ipSeen === true
        ? said(true, "comment")
        : said(from?.ip !== undefined, "clause", connectionIp(field) === undefined ? "inferred" : sure),
    by: said(field.by !== undefined, "clause"),
    protocol: said(field.protocol !== undefined, "clause"),
    time: said(dated, "clause", field.date.quality === "no-offset" ? "inferred" : sure),
    software: said(field.software !== null, "convention", "inferred"),
  };
}

const LOCAL = /^local\b/i;
const ABSENT: Basis = { source: "absent", confidence: "unknown" };
const REDACTED = "(redacted)";
/** Writers that look the name up and back, and write "unknown" or "may be forged" when that fails. */
const CONFIRMS: ReadonlySet<Software> = new Set(["hopseal", "postfix", "exim", "sendmail"]);
const SAYS_ESMTP: ReadonlySet<Software> = new Set(["hopseal", "postfix", "sendmail", "haraka", "stalwart", "mox"]);
const SAYS_AUTH: ReadonlySet<Software> = new Set([
  "hopseal",
  "postfix",
  "exim",
  "sendmail",
  "haraka",
  "stalwart",
  "mox",
]);
