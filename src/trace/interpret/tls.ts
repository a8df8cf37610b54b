import { toIanaCipher } from "../ciphers.ts";
import { compact } from "../compact.ts";
import { isLoopback, isPrivate } from "../parse/address.ts";
import type { Received, Software, TlsStatement } from "../parse/types.ts";
import { connectionIp } from "./connection.ts";
import { isPostQuantum, mergeStatements, weaknessesOf } from "./strength.ts";
import type { Basis, Evidence, HopTls } from "./types.ts";

export interface TlsReading {
  readonly tls: HopTls;
  readonly basis: Basis;
}

/** The state of the channel by the first rule that applies: local, tls, cleartext, unknown (docs/received.md). */
export function readTls(field: Received): TlsReading {
  const merged = mergeStatements(field.tls);
  const texts = field.tls.map((one) => one.text);
  const iana = merged.cipher === undefined ? undefined : toIanaCipher(merged.cipher);
  const local = localReason(field);
  const said = tlsEvidence(field);
  const base = {
    ...merged,
    cipherIana: iana,
    postQuantum: isPostQuantum(merged.group),
    weaknesses: weaknessesOf(merged, texts),
  };
  const finish = (state: HopTls["state"], evidence: readonly Evidence[]): TlsReading => ({
    tls: compact<HopTls>({ ...base, state, evidence }),
    basis: basisOf(evidence),
  });
  if (local !== undefined) return finish("local", [local, ...said]);
  if (said.length > 0) return finish("tls", said);
  return plain(field, finish);
}

function plain(
  field: Received,
  finish: (state: HopTls["state"], evidence: readonly Evidence[]) => TlsReading,
): TlsReading {
  const { protocol } = field;
  const ip = connectionIp(field);
  const mail = protocol !== undefined && ["smtp", "esmtp", "lmtp"].includes(protocol.family);
  const telling = field.software !== null && TELLS_TLS.has(field.software);
  const outside = ip !== undefined && !isPrivate(ip) && !isInternalName(field.by?.name);
  if (!mail || !telling || !outside) return finish("unknown", []);
  const text = `${field.software} writes S or a comment when TLS is used, and wrote "with ${protocol.raw}"`;
  return finish("cleartext", [{ source: "convention", text, confidence: "inferred" }]);
}

/** Why the hop did not cross a network. */
function localReason(field: Received): Evidence | undefined {
  const { protocol, from } = field;
  const ip = connectionIp(field);
  const confidence = field.doubtful ? "inferred" : "asserted";
  if (field.local !== undefined) return { source: "comment", text: `handed over locally (${field.local})`, confidence };
  if (protocol !== undefined && LOCAL_PROTOCOL.test(protocol.raw))
    return { source: "clause", text: `with ${protocol.raw}`, confidence };
  if (ip !== undefined && isLoopback(ip))
    return { source: "comment", text: `received from ${ip}, a loopback address`, confidence };
  if (protocol?.family === "lmtp" && from?.ip === undefined && sameHost(field))
    return { source: "convention", text: `with ${protocol.raw}, and no address of a client`, confidence: "inferred" };
  return undefined;
}

function sameHost({ from, by }: Received): boolean {
  const name = from?.name?.toLowerCase();
  return name === undefined || name === "localhost" || name === by?.name?.toLowerCase();
}

function tlsEvidence(field: Received): Evidence[] {
  const confidence = field.doubtful ? "inferred" : "asserted";
  const found: Evidence[] = field.tls.map((one) => ({ source: sourceOf(one), text: one.text, confidence }));
  const { protocol } = field;
  if (protocol?.tlsFlag === true) found.push({ source: "clause", text: `with ${protocol.raw}`, confidence });
  return found;
}

function sourceOf(statement: TlsStatement): Basis["source"] {
  return statement.source === "comment" ? "comment" : "clause";
}

function basisOf(evidence: readonly Evidence[]): Basis {
  const [first] = evidence;
  return first === undefined
    ? { source: "absent", confidence: "unknown" }
    : { source: first.source, confidence: first.confidence };
}

/** Google's, Microsoft's and Amazon's inner hops use channels of their own. */
function isInternalName(name: string | undefined): boolean {
  return name === undefined || INTERNAL.test(name);
}

const INTERNAL =
  /^2002:a|(?:^|\.)(?:prod\.outlook\.com|protection\.outlook\.com|amazonaws\.com|amazonses\.com|internal|local|localdomain)$/i;
const LOCAL_PROTOCOL = /^(?:local\b|b?smtp-?stdin|bsmtp$|mapi$)/i;
const TELLS_TLS: ReadonlySet<Software> = new Set([
  "hopseal",
  "postfix",
  "exim",
  "sendmail",
  "mox",
  "haraka",
  "stalwart",
  "gmail",
]);
