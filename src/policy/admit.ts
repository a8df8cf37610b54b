import type { Instant } from "../base/mod.ts";
import { NO_DEMAND, type TlsDemand } from "../mail/mod.ts";
import { statusOf } from "../status/mod.ts";
import { allowPlaintext, confirmPeer, rejected } from "./confirm.ts";
import type { Admitted, PeerProof, PlaintextAllowed, Proceed, Rejected } from "./types.ts";

/**
 * The gate before every MAIL. The connection's proof may have been made under another decision: what was seen then is
 * judged again under this one, as of `now`, so that a connection is never reused below what this message needs.
 */
export function admit(
  proof: PeerProof | PlaintextAllowed,
  decision: Proceed,
  ehlo: { readonly requireTls: boolean },
  ...[demand = NO_DEMAND, now]: readonly [demand?: TlsDemand, now?: Instant]
): Admitted | Rejected {
  const judged = proof.kind === "tls" ? judgeAgain(proof, decision, now) : allowPlaintext(decision);
  if (judged.kind === "rejected") return judged;
  // RFC 8689 §4.2.1: the promise counts only when it is made inside TLS.
  if ((decision.requireTls ?? demand.propagate) && (judged.kind !== "tls" || !ehlo.requireTls)) {
    return { kind: "rejected", status: statusOf("requiretls-unsupported"), findings: judged.findings };
  }
  return { proof: judged, decision } as unknown as Admitted;
}

function judgeAgain(proof: PeerProof, decision: Proceed, now?: Instant): PeerProof | Rejected {
  if (proof.seen !== undefined) return confirmPeer(decision, proof.seen, now);
  const demands = [decision.floor, ...(decision.enforced ?? []).map((one) => one.expectation)];
  if (demands.every((one) => one.kind !== "authenticated")) return proof;
  return rejected("the connection does not show what was verified", proof.findings);
}
