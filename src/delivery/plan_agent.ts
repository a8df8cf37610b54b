import { NO_DEMAND, type TlsDemand } from "../mail/mod.ts";
import { decide, type NextHost, type Rung } from "../policy/mod.ts";
import { findAddresses, isAddress, isLoopback } from "./addresses.ts";
import { hopDomain } from "./facts.ts";
import type { Plan, PlanOptions } from "./plan.ts";
import type { LmtpTarget } from "./route.ts";

/**
 * The way to a local delivery agent. Nobody stands between us and one on this machine, so it is spoken to in the clear
 * and nothing published is asked for; one elsewhere is held to its own local entry and to what the message demands, but
 * never to REQUIRETLS, which ends where relaying does (RFC 8689 §4.2.1).
 */
export async function planAgent(
  { at }: LmtpTarget,
  demand: TlsDemand,
  options: Pick<PlanOptions, "resolver" | "policies" | "now" | "signal">,
): Promise<{ readonly plan: Plan; readonly demand: TlsDemand }> {
  const near = "path" in at || isLoopback(at.host);
  const name = "path" in at ? at.path : (hopDomain(at.host) ?? at.host);
  const host: NextHost = {
    name,
    literal: near || isAddress(name),
    port: "path" in at ? 0 : at.port,
    mode: "starttls",
    learnt: "configured",
    mxSecurity: "insecure",
  };
  const binding: TlsDemand = near ? NO_DEMAND : { ...demand, propagate: false };
  const local = near ? undefined : (options.policies(`${name}:${host.port}`) ?? options.policies(name));
  const facts = { destination: name, host, ...(local === undefined ? {} : { local }), now: options.now };
  const decision = decide(facts, binding);
  if (decision.kind !== "proceed") {
    const outcome = { host: name, why: "decision", status: decision.status } as const;
    return { plan: { kind: "hosts", hosts: [{ kind: "out", outcome, decision, facts }] }, demand: binding };
  }
  const addresses =
    "path" in at
      ? ({ kind: "addresses", list: [at.path] } as const)
      : await findAddresses(name, options.resolver, options.signal);
  if (addresses.kind !== "addresses") {
    const outcome = { host: name, why: "unreachable", status: addresses.status } as const;
    return { plan: { kind: "hosts", hosts: [{ kind: "out", outcome, decision, facts }] }, demand: binding };
  }
  const way = { protocol: "lmtp", ...("path" in at ? { path: at.path } : {}) } as const;
  const planned = {
    kind: "dial",
    host,
    addresses: addresses.list,
    decision: near ? { ...decision, ladder: IN_THE_CLEAR } : decision,
    facts,
    way,
  } as const;
  return { plan: { kind: "hosts", hosts: [planned] }, demand: binding };
}

const IN_THE_CLEAR: readonly [Rung] = [{ kind: "plaintext" }];
