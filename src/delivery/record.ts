import type { ClientSession, SessionFailure } from "../smtp/client/mod.ts";
import { certifiedNames, type Rung } from "../policy/mod.ts";
import type { SessionRecord } from "../tlsrpt/mod.ts";
import type { PlannedHost, RuledOut } from "./plan.ts";
import type { Dialled } from "./walk.ts";

/** A session that was opened, or was not to be, as a TLS report sees it; undefined where no report is about it. */
export function sessionRecord(
  { planned, target }: Dialled,
  session: ClientSession | SessionFailure,
  rung: Rung,
): SessionRecord | undefined {
  if (target.protocol === "lmtp") return undefined;
  const { from } = session;
  const base = {
    ...factsOf(planned),
    host: target.host,
    address: target.address,
    ...(from === undefined ? {} : { from }),
  };
  if (!("kind" in session)) {
    const { kind, findings } = session.proof;
    // After a rung with TLS that failed, the failure was told of by that rung.
    const unoffered = kind === "plaintext" && rung.kind === "tls";
    const failure = unoffered ? { failure: { result: "starttls-not-supported" } as const } : {};
    return { ...base, reached: kind, findings, ...failure, ...certifiedOf(session.proof, target.host) };
  }
  const { findings, tls } = session;
  return { ...base, reached: "failed", findings, ...(tls === undefined ? {} : { failure: tls }) };
}

function certifiedOf(proof: ClientSession["proof"], host: string): Pick<SessionRecord, "certified"> {
  const names = proof.kind === "tls" && proof.seen !== undefined ? certifiedNames(proof.seen, host) : undefined;
  return names === undefined ? {} : { certified: names };
}

/** A host that the decision left out before anything was dialled. */
export function refusalRecord(out: RuledOut): SessionRecord | undefined {
  if (out.decision.kind === "proceed") return undefined;
  // RFC 8460 §4.3.2.1: what the host lacks is the destination's to know; why else it was left out is ours.
  const lacks = out.decision.findings?.some(({ enforced, result }) => enforced && result === "dane-required");
  const failure = lacks === true ? { failure: { result: "dane-required" } as const } : {};
  return { ...factsOf(out), host: out.outcome.host, reached: "refused", findings: [], ...failure };
}

/** The policy domain of a fixed next hop is its own name. */
function factsOf({ facts }: PlannedHost | RuledOut): Pick<SessionRecord, "destination" | "dane" | "sts"> {
  if (facts === undefined) return { destination: "" };
  const { host, destination, dane, sts } = facts;
  return {
    destination: host.learnt === "configured" ? host.name : destination,
    ...(dane === undefined ? {} : { dane }),
    ...(sts === undefined ? {} : { sts }),
  };
}
