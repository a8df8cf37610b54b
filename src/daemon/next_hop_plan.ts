import { type Errand, type Plan, planDelivery, type PlanOptions } from "../delivery/mod.ts";
import { type Domain, isLiteral, NO_DEMAND } from "../mail/mod.ts";
import type { NextHop } from "../policy/mod.ts";

export type KnownHop = Exclude<NextHop, { readonly kind: "other" }>;

/** Plans for a next hop as delivery does for a message that asks for nothing, up to the point where it would dial. */
export async function planNextHop(hop: KnownHop, options: PlanOptions): Promise<Plan> {
  const errand = errandOf(hop, options.port);
  const ours = hop.kind === "domain" && hop.port !== undefined ? { ...options, port: hop.port } : options;
  const plan = await planDelivery(errand, ours);
  const domain = policyDomain(errand);
  if (domain === undefined || !mayHaveChanged(plan)) return plan;
  // RFC 8461 §5.1: where no host will do the policy may be out of date.
  await ours.sources?.sts(domain, { refetch: true, ...(ours.signal === undefined ? {} : { signal: ours.signal }) });
  return await planDelivery(errand, ours);
}

function errandOf(hop: KnownHop, usual: number): Errand {
  if (hop.kind === "domain") return { destination: hop.domain, demand: NO_DEMAND, via: { kind: "mx" } };
  const port = hop.port ?? usual;
  // RFC 8314 §3.3: port 465 speaks TLS from the first octet.
  const mode = port === SUBMISSIONS_PORT ? "implicit" : "starttls";
  return { destination: hop.named, demand: NO_DEMAND, via: { kind: "smtp", host: hop.host, port, mode } };
}

function policyDomain({ destination }: Errand): Domain | undefined {
  return isLiteral(destination) ? undefined : destination;
}

function mayHaveChanged(plan: Plan): boolean {
  if (plan.kind !== "hosts" || plan.sts?.kind !== "policy" || plan.sts.mode !== "enforce") return false;
  return plan.hosts.every((host) => host.decision.kind !== "proceed");
}

const SUBMISSIONS_PORT = 465;
