import { statusOf } from "../status/mod.ts";
import { type Handshake, chainTrusted, matchesAny, matchesPin, peerNames } from "../tls/mod.ts";
import { unreachable } from "../base/mod.ts";
import type { Expectation, Finding, PeerProof, PlaintextAllowed, Proceed, Rejected, TlsFloor } from "./types.ts";

/**
 * Judges the peer after the handshake and before the second EHLO. Every policy in play gets a finding, on success too;
 * only the floor and what is enforced decide.
 */
export function confirmPeer(decision: Proceed, seen: Handshake): PeerProof | Rejected {
  const findings = [
    ...(decision.enforced ?? []).map((one) => finding(one, seen, true)),
    ...decision.observe.map((one) => finding(one, seen, false)),
  ];
  const fault = faultOf(decision.floor, seen) ?? findings.find((one) => one.enforced && !one.ok)?.detail;
  if (fault !== undefined) return rejected(fault, findings);
  const satisfied = decision.floor.kind === "authenticated" ? (["encrypted", decision.floor.by] as const) : ENCRYPTED;
  const proof = { kind: "tls", session: seen.session, satisfied, findings, seen } as const;
  return proof as unknown as PeerProof;
}

/** The permission to go on without TLS, which exists only where the decision has such a rung. */
export function allowPlaintext(decision: Proceed): PlaintextAllowed | Rejected {
  const findings = [
    ...(decision.enforced ?? []).map((one) => plaintextFinding(one, true)),
    ...decision.observe.map((one) => plaintextFinding(one, false)),
  ];
  const rung = decision.ladder.some((one) => one.kind === "plaintext");
  if (!rung || decision.floor.kind !== "any") {
    return { kind: "rejected", status: statusOf("tls-not-offered", "TLS is required and there is none"), findings };
  }
  return { kind: "plaintext", findings } as unknown as PlaintextAllowed;
}

/** What the handshake lacks of `floor`, or undefined when it has all. */
export function faultOf(floor: TlsFloor, seen: Handshake): string | undefined {
  if (floor.kind !== "authenticated") return undefined;
  // A resumed session shows no certificates: nothing was verified now.
  if (seen.resumed) return "the session was resumed and shows no certificate";
  const leaf = seen.chain[0];
  if (leaf === undefined) return "the host sent no certificate";
  switch (floor.by) {
    case "webpki":
      return chainTrusted(seen) ? nameFault(leaf, floor.names) : `the certificate is not trusted: ${seen.chainError}`;
    case "pin":
      return floor.pins.some((pin) => matchesPin(leaf, pin)) ? undefined : "the certificate has no pinned key";
    case "dane":
      return "no TLSA record could be verified";
    default:
      return unreachable(floor);
  }
}

// RFC 9525 §6.3
function nameFault(leaf: Uint8Array, wanted: readonly string[]): string | undefined {
  const names = peerNames(leaf);
  if (!names.ok) return `the certificate cannot be read: ${names.error}`;
  if (matchesAny(names.value, wanted)) return undefined;
  const shown = names.value.dns.slice(0, MOST_NAMES).map((name) => JSON.stringify(name.slice(0, LONGEST_NAME)));
  const list = shown.length === 0 ? "no DNS name" : shown.join(", ");
  return `the certificate is for ${list}, not for ${wanted.join(" or ")}`;
}

function finding(one: Expectation, seen: Handshake, enforced: boolean): Finding {
  const fault = faultOf(one.expectation, seen);
  return { policy: one.policy, enforced, ok: fault === undefined, detail: fault ?? DETAIL[one.expectation.kind] };
}

function plaintextFinding(one: Expectation, enforced: boolean): Finding {
  const ok = one.expectation.kind === "any";
  return { policy: one.policy, enforced, ok, detail: ok ? DETAIL.any : "the connection is not encrypted" };
}

export function rejected(fault: string, findings: readonly Finding[]): Rejected {
  return { kind: "rejected", status: statusOf("tls-verify-failed", fault), findings };
}

const ENCRYPTED = ["encrypted"] as const;
const DETAIL = {
  any: "nothing is demanded",
  encrypted: "the connection is encrypted",
  authenticated: "the host proved who it is",
} as const;
/** How much of a stranger's certificate is quoted. */
const MOST_NAMES = 5;
const LONGEST_NAME = 80;
