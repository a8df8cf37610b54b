import type { Because, TlsDemand } from "../mail/mod.ts";
import { statusOf } from "../status/mod.ts";
import { agreedNames, hostName, isAgreed, namedBySts, referenceNames } from "./names.ts";
import { daneNow, stsNow } from "./precedence.ts";
import type { Pin, TlsFacts, TlsFloor, TlsResult } from "./types.ts";
import type { Impossible } from "./wish.ts";

/** What a source that asks for `secure` takes as proof, and who it is. */
export interface SecureAsk {
  readonly source: "local" | "submitter" | "requiretls";
  readonly by?: readonly ("dane" | "webpki")[];
  readonly pins?: readonly Pin[];
  readonly mxAuthentic?: TlsDemand["mxAuthentic"];
}

/**
 * The proof that `secure` asks of this host, or why none is possible. Two things must hold: the name of the host is the
 * destination's (RFC 9525 §6.1), and the host proves that it bears the name, by DANE where its records are known, else
 * by a trusted certificate. A pinned key proves both.
 *
 * Names agreed locally satisfy a local `secure`, and not REQUIRETLS, which knows DNSSEC and MTA-STS only (RFC 8689 §4.2.1).
 */
export function securePeer(facts: TlsFacts, ask: SecureAsk): TlsFloor | Impossible {
  const { host } = facts;
  const pinned = ask.pins !== undefined && ask.pins.length > 0;
  if (host.literal && !pinned) return skip(`${host.name} is an address and has no name to verify`, "local");
  return (pinned ? undefined : unprovedName(facts, ask)) ?? notAgreed(facts) ?? proofOf(facts, ask);
}

/** The MX answer that names the host must be vouched for. */
function unprovedName(facts: TlsFacts, ask: SecureAsk): Impossible | undefined {
  const { host, destination } = facts;
  if (host.learnt !== "mx" || host.mxSecurity === "secure") return undefined;
  // RFC 7672 §2.2.1: where DANE alone will do, only a signed MX answer will.
  const validated = namedBySts(facts) && ask.by?.includes("webpki") !== false;
  // RFC 8689 §4.2.1
  if (ask.mxAuthentic === "dnssec" || (ask.mxAuthentic === "dnssec-or-sts" && !validated)) {
    const says = `the MX answer that names ${host.name} is not authenticated, which the message asks for`;
    // What could not be found out may vouch for the host the next time; a message must not be returned for that.
    const cause = ask.mxAuthentic !== "dnssec" && stsUnknown(facts) ? "dns-failure" : "tls-verify-failed";
    return refuse("skip-host", says, { source: "requiretls", cause });
  }
  if (validated || agreedNames(facts).length > 0) return undefined;
  const says = `the MX answer for ${destination} is insecure and no MX names are agreed; add "mx" to its tls_policy`;
  return refuse("defer", says, { source: "local" });
}

/** Whether there may be an MTA-STS policy that could not be had this time; one that is not fit to be used is none. */
function stsUnknown(facts: TlsFacts): boolean {
  const sts = stsNow(facts);
  return sts?.kind === "failed" && sts.trouble.at !== "webpki" && sts.trouble.at !== "invalid";
}

function notAgreed(facts: TlsFacts): Impossible | undefined {
  if (isAgreed(facts)) return undefined;
  return skip(`${facts.host.name} is not among the MX names agreed for ${facts.destination}`, "local");
}

function proofOf(facts: TlsFacts, { source, by, pins }: SecureAsk): TlsFloor | Impossible {
  const { host } = facts;
  if (pins !== undefined && pins.length > 0) return { kind: "authenticated", by: "pin", pins };
  const dane = daneNow(facts);
  if (dane?.kind === "usable" && by?.includes("dane") !== false) {
    return { kind: "authenticated", by: "dane", tlsa: dane.records, names: dane.names };
  }
  if (by?.includes("webpki") === false) {
    const who = source === "local" ? "the local entry" : "the message";
    const says = `${host.name} has nothing that ${by.join(" or ")} could verify, which ${who} asks for`;
    // RFC 7672 §2.1.2: what could not be found out may be there the next time.
    const cause = dane?.kind === "failed" ? "dns-failure" : "tls-verify-failed";
    return refuse("skip-host", says, {
      source: source === "local" ? "local" : "submitter",
      cause,
      result: "dane-required",
    });
  }
  const name = hostName(host);
  if (name === undefined) return skip(`${JSON.stringify(host.name)} is no name that a certificate can carry`, "dns");
  return { kind: "authenticated", by: "webpki", names: referenceNames(facts, name) };
}

function skip(says: string, source: Because["source"]): Impossible {
  return refuse("skip-host", says, { source });
}

/** Why a policy cannot be met, as a refusal; the status is temporary. */
export function refuse(
  kind: Impossible["kind"],
  says: string,
  more: {
    readonly source: Because["source"];
    readonly rule?: string;
    readonly cause?: "tls-verify-failed" | "dns-failure";
    readonly result?: TlsResult;
  },
): Impossible {
  const { source, rule, cause = "tls-verify-failed", result = "validation-failure" } = more;
  const why = rule === undefined ? { source, says } : { source, says, rule };
  return { kind, status: statusOf(cause, says), why, result };
}
