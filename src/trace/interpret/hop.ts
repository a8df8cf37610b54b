import { compact } from "../compact.ts";
import type { Received, Software } from "../parse/types.ts";
import { NAME_FIRST } from "./connection.ts";
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
  const bare = from.name !== undefined && from.nameIp === undefined && from.name.includes(".");
  const habit = field.software !== null && NAME_FIRST.has(field.software) && from.ipSeen && bare;
  const rdns = from.rdns ?? (habit ? from.name : undefined);
  return compact<HopFrom>({
    helo: from.helo,
    rdns,
    rdnsConfirmed: rdns === undefined ? undefined : (from.rdnsConfirmed ?? confirmedBy(field.software)),
    ip: from.ip,
    port: from.port,
    ident: from.ident,
    helo_cmd: from.helo === undefined ? undefined : (from.helo_cmd ?? commandOf(field)),
  });
}

function confirmedBy(software: Software | null): boolean | null {
  return software !== null && CONFIRMS.has(software) ? true : null;
}

/** RFC 3848 §1: the protocol tells which greeting was used. */
function commandOf({ protocol, software }: Received): HopFrom["helo_cmd"] | undefined {
  if (protocol?.family === "esmtp") return "EHLO";
  if (protocol?.family === "lmtp") return "LHLO";
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
  const dated = field.date.instant !== undefined;
  return {
    helo: said(from?.helo !== undefined, repeated ? "comment" : "clause"),
    rdns:
      field.from?.rdns === undefined ? said(from?.rdns !== undefined, "convention", "inferred") : said(true, "comment"),
    ip: field.from?.ipSeen === true ? said(true, "comment") : said(from?.ip !== undefined, "clause", "inferred"),
    by: said(field.by !== undefined, "clause"),
    protocol: said(field.protocol !== undefined, "clause"),
    time: said(dated, "clause", field.date.quality === "no-offset" ? "inferred" : "asserted"),
    software: said(field.software !== null, "convention", "inferred"),
  };
}

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
