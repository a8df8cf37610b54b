import type { Instant } from "../base/mod.ts";
import { statusOf } from "../status/mod.ts";
import type { Handshake } from "../tls/mod.ts";
import { type Fault, faultOf } from "./fault.ts";
import type { Expectation, Finding, PeerProof, PlaintextAllowed, Proceed, Rejected, TlsFloor } from "./types.ts";

/**
 * Judges the peer after the handshake and before the second EHLO. Every policy in play gets a finding, on success too;
 * the floor and all that is enforced decide. Certificates are judged as of `now`, else of when the decision was made.
 */
export function confirmPeer(decision: Proceed, seen: Handshake, now: Instant = decision.at ?? 0): PeerProof | Rejected {
  const judge = judged(seen, now);
  const enforced = decision.enforced ?? [];
  const findings = [
    ...enforced.map((one) => finding(one, judge(one.expectation), true)),
    ...decision.observe.map((one) => finding(one, judge(one.expectation), false)),
    ...(decision.known ?? []),
  ];
  const demands = [decision.floor, ...enforced.map((one) => one.expectation)];
  const fault = demands.map(judge).find((one) => one !== undefined);
  if (fault !== undefined) return rejected(fault.detail, findings);
  const proofs = demands.flatMap((one) => (one.kind === "authenticated" ? [one.by] : []));
  const satisfied = [...new Set(["encrypted", ...proofs] as const)];
  return { kind: "tls", session: seen.session, satisfied, findings, seen } as unknown as PeerProof;
}

/** The permission to go on without TLS, which exists only where the decision has such a rung. */
export function allowPlaintext(decision: Proceed): PlaintextAllowed | Rejected {
  const findings = [
    ...(decision.enforced ?? []).map((one) => plaintextFinding(one, true)),
    ...decision.observe.map((one) => plaintextFinding(one, false)),
    ...(decision.known ?? []),
  ];
  const rung = decision.ladder.some((one) => one.kind === "plaintext");
  if (!rung || decision.floor.kind !== "any" || !(decision.enforced ?? []).every(asksNothing)) {
    return { kind: "rejected", status: statusOf("tls-not-offered", "TLS is required and there is none"), findings };
  }
  return { kind: "plaintext", findings } as unknown as PlaintextAllowed;
}

export function rejected(fault: string, findings: readonly Finding[]): Rejected {
  return { kind: "rejected", status: statusOf("tls-verify-failed", fault), findings };
}

/** Judges each expectation once, however many policies share it. */
function judged(seen: Handshake, now: Instant): (expectation: TlsFloor) => Fault | undefined {
  const known = new Map<TlsFloor, Fault | undefined>();
  return (expectation) => {
    if (!known.has(expectation)) known.set(expectation, faultOf(expectation, seen, now));
    return known.get(expectation);
  };
}

function finding(one: Expectation, fault: Fault | undefined, enforced: boolean): Finding {
  const { policy, expectation } = one;
  if (fault === undefined) return { policy, enforced, ok: true, detail: DETAIL[expectation.kind] };
  return { policy, enforced, ok: false, detail: fault.detail, result: fault.result };
}

function plaintextFinding(one: Expectation, enforced: boolean): Finding {
  const { policy } = one;
  if (asksNothing(one)) return { policy, enforced, ok: true, detail: DETAIL.any };
  return { policy, enforced, ok: false, detail: "the connection is not encrypted", result: "starttls-not-supported" };
}

function asksNothing({ expectation }: Expectation): boolean {
  return expectation.kind === "any";
}

const DETAIL = {
  any: "nothing is demanded",
  encrypted: "the connection is encrypted",
  authenticated: "the host proved who it is",
} as const;
