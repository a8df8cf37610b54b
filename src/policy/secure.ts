import { type Because, parseDomain, type TlsDemand } from "../mail/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { matchesPattern, namePattern } from "./pattern.ts";
import type { NamePattern, TlsFacts, TlsFloor } from "./types.ts";

/** Why no connection to this host, or to any of the destination, could be authenticated. */
export interface NoIdentity {
  readonly kind: "skip-host" | "defer";
  readonly status: Status;
  readonly why: Because;
}

/**
 * The proof that `secure` asks of this host, or why none is possible. The names come from what was asked for, never from
 * unauthenticated DNS alone (RFC 9525 §6.1).
 */
export function securePeer(facts: TlsFacts, demand: TlsDemand): TlsFloor | NoIdentity {
  const { host } = facts;
  if (demand.level === "secure" && demand.by !== undefined && !demand.by.includes("webpki")) {
    return skip(
      `${host.name} has nothing that ${demand.by.join(" or ")} could verify, which the message asks for`,
      "submitter",
    );
  }
  if (host.literal) return skip(`${host.name} is an address and has no name to verify`, "local");
  const unproved = host.learnt === "mx" && host.mxSecurity === "insecure";
  // RFC 8689 §4.2.1
  if (unproved && demand.mxAuthentic !== undefined) {
    return skip(`the MX answer that names ${host.name} is not authenticated, which the message asks for`, "requiretls");
  }
  const agreed = host.learnt === "configured" ? undefined : facts.local?.mx;
  if (agreed === undefined && unproved) {
    return refuse(
      "defer",
      `the MX answer for ${facts.destination} is insecure and no MX names are agreed; add "mx" to its tls_policy`,
      "local",
    );
  }
  if (agreed !== undefined && !agreed.some((pattern) => matchesPattern(pattern, host.name))) {
    return skip(`${host.name} is not among the MX names agreed for ${facts.destination}`, "local");
  }
  const name = parseDomain(host.name, { trailingDot: true });
  if (!name.ok) return skip(`${JSON.stringify(host.name)} is no name that a certificate can carry`, "dns");
  return { kind: "authenticated", by: "webpki", names: namesFor(facts, namePattern(name.value)) };
}

/** Without MX records the destination is its own host; an alias of it is a name that DNS chose. */
function namesFor(facts: TlsFacts, host: NamePattern): readonly NamePattern[] {
  if (facts.host.learnt !== "implicit-mx" || host === facts.destination.toLowerCase()) return [host];
  const own = parseDomain(facts.destination);
  const names = own.ok ? [namePattern(own.value)] : [];
  return facts.host.mxSecurity === "secure" ? [...names, host] : names;
}

function skip(says: string, source: Because["source"]): NoIdentity {
  return refuse("skip-host", says, source);
}

function refuse(kind: NoIdentity["kind"], says: string, source: Because["source"]): NoIdentity {
  return { kind, status: statusOf("tls-verify-failed", says), why: { source, says } };
}
