import type { TlsDemand } from "../mail/mod.ts";
import { decide, type NextHost, type TlsFacts } from "../policy/mod.ts";
import type { Addresses } from "./addresses.ts";
import type { PlannedHost, RuledOut } from "./plan.ts";

/** The decision for one host, and whether it can be dialled. */
export function planHost(
  host: NextHost,
  addresses: Addresses,
  { facts, demand }: { readonly facts: TlsFacts; readonly demand: TlsDemand },
): PlannedHost | RuledOut {
  const decision = decide(facts, demand);
  if (decision.kind !== "proceed") {
    return { kind: "out", outcome: { host: host.name, why: "decision", status: decision.status }, decision, facts };
  }
  if (addresses.kind !== "addresses") {
    return { kind: "out", outcome: { host: host.name, why: "unreachable", status: addresses.status }, decision, facts };
  }
  return { kind: "dial", host, addresses: addresses.list, decision, facts };
}
