import { readAddress } from "../parse/address.ts";
import type { Received } from "../parse/types.ts";
import { isPrivate } from "../parse/address.ts";
import { bareName } from "./ours.ts";
import { isWeak } from "./strength.ts";
import type { Finding, Hop } from "./types.ts";

export type Draft = Omit<Hop, "contradictions">;

/** What does not fit within one field, or between it and its neighbour. */
export function hopFindings(hop: Draft, field: Received, older: Draft | undefined): Finding[] {
  const found: Finding[] = [];
  const add = (code: Finding["code"], level: Finding["level"], detail: string): void => {
    found.push({ code, level, index: hop.index, detail });
  };
  tlsFindings(hop, field, add);
  if (hop.time.offset !== undefined && Math.abs(hop.time.offset) > WIDEST_OFFSET)
    add("OFFSET_IMPOSSIBLE", "warn", `no place on Earth is ${hop.time.offset} minutes from UTC`);
  if ((hop.for?.length ?? 0) > 1) add("FOR_MULTIPLE", "info", "the for clause names several recipients");
  if (hop.delay.seconds !== undefined && hop.delay.seconds < -SKEW_TOLERATED)
    add("TIME_REVERSED", "warn", `dated ${-hop.delay.seconds} s before the hop that came earlier`);
  if (field.doubtful) add("IMITATED_CLAUSE", "warn", "text that the client chose may stand where clauses are read");
  if (hop.auth.state === "authenticated" && MX_NAME.test(hop.by?.name ?? ""))
    add("AUTH_ON_MX", "info", `${hop.by?.name} is named like a server for incoming mail, but a client authenticated`);
  heloFinding(hop, add);
  if (older !== undefined) linkFindings(hop, older, add);
  return found;
}

type Add = (code: Finding["code"], level: Finding["level"], detail: string) => void;

function tlsFindings(hop: Draft, field: Received, add: Add): void {
  const { tls, protocol } = hop;
  if (tls.state === "tls" && isWeak(tls.weaknesses)) {
    const what = [tls.version, tls.cipher].filter((one) => one !== undefined).join(" ");
    add("TLS_WEAK", "warn", `${what} is weak: ${tls.weaknesses.join(", ")}`);
  }
  const comment = field.tls.some((one) => one.source !== "protocol");
  const mail = protocol?.family === "smtp" || protocol?.family === "esmtp" || protocol?.family === "lmtp";
  if (mail && comment && !protocol.tlsFlag && hop.software !== "exchange")
    add("TLS_COMMENT_BUT_PLAIN_WITH", "warn", `TLS is told, but "with ${protocol.raw}" stands for a plain channel`);
  if (protocol?.tlsFlag === true && field.tls.length === 0)
    add("WITH_S_NO_TLS_COMMENT", "info", `"with ${protocol.raw}" alone tells of TLS`);
}

function heloFinding(hop: Draft, add: Add): void {
  const literal = hop.from?.helo?.startsWith("[") === true ? readAddress(hop.from.helo.slice(1, -1)) : undefined;
  if (literal === undefined || hop.from?.ip === undefined || literal.ip === hop.from.ip) return;
  add("HELO_IP_MISMATCH", "info", `the client called itself ${hop.from.helo} and came from ${hop.from.ip}`);
}

function linkFindings(hop: Draft, older: Draft, add: Add): void {
  if (older.by === undefined || hop.from === undefined) return;
  const names = [hop.from.helo, hop.from.rdns].filter((name) => name !== undefined).map(bareName);
  const name = older.by.name === undefined ? undefined : bareName(older.by.name);
  const byName = name !== undefined && names.includes(name);
  const byIp = older.by.ip !== undefined && older.by.ip === hop.from.ip;
  const sameMachine = hop.tls.state === "local";
  if (!byName && !byIp && !sameMachine)
    add(
      "FROM_BY_GAP",
      "info",
      `neither name nor address joins this hop to ${older.by.name ?? older.by.ip ?? "the next"}`,
    );
  if (older.by.ip !== undefined && hop.from.ip !== undefined && !byIp && byName && !sameMachine)
    add(
      "BY_LITERAL_MISMATCH",
      "info",
      `${older.by.name} gave its address as ${older.by.ip} and came from ${hop.from.ip}`,
    );
  if (
    hop.from.ip !== undefined &&
    older.from?.ip !== undefined &&
    isPrivate(hop.from.ip) &&
    !isPrivate(older.from.ip) &&
    older.tls.state !== "local" &&
    organisation(hop.by?.name) !== organisation(older.by.name)
  )
    add(
      "PRIVATE_IP_AFTER_PUBLIC",
      "info",
      `came from the private address ${hop.from.ip} after it had crossed the Internet`,
    );
}

/** The last two labels: enough to tell one organisation's hosts from another's here. */
function organisation(name: string | undefined): string | undefined {
  return name === undefined ? undefined : bareName(name).split(".").slice(-2).join(".");
}

const WIDEST_OFFSET = 14 * 60;
/** Seconds; smaller steps back are ordinary skew. */
const SKEW_TOLERATED = 60;
const MX_NAME = /^(?:mx|mxa|mxb|mail-?in|inbound|mailgate)[0-9-]*\./i;
