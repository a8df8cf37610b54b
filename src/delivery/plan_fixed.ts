import { isLiteral, literalAddress } from "../mail/mod.ts";
import type { NextHost } from "../policy/mod.ts";
import { statusOf } from "../status/mod.ts";
import { allowed, findAddresses, isAddress, isOwn } from "./addresses.ts";
import { askDane, askSts, factsFor, hopDomain, wantedLevel } from "./facts.ts";
import type { Errand, Plan, PlanOptions, Way } from "./plan.ts";
import { planHost } from "./plan_host.ts";
import type { FixedHop } from "./route.ts";

/** A next hop that the configuration names; what binds it is published under its own name (RFC 7672 §2.2.2, RFC 8461 §3.4). */
export async function planFixed(errand: Errand, hop: FixedHop, options: PlanOptions): Promise<Plan> {
  const domain = hopDomain(hop.host);
  // Published policies and certificates know a host by its A-labels, however the route writes it.
  const name = domain ?? hop.host;
  const host: NextHost = {
    name,
    literal: isAddress(name),
    port: hop.port,
    mode: hop.mode,
    learnt: "configured",
    mxSecurity: "insecure",
  };
  const [addresses, sts] = await Promise.all([
    findAddresses(name, options.resolver, options.signal),
    domain === undefined ? {} : askSts(domain, options),
  ]);
  // A list says beforehand what a domain would publish, so it speaks of the hop's own name too.
  const list = domain === undefined || options.sources === undefined ? {} : { list: options.sources.list(domain) };
  const question = { destination: name, host };
  const dane = addresses.kind === "addresses" ? await askDane(question, addresses.answers, options) : {};
  const facts = factsFor(errand, host, options, { ...sts, ...list, ...dane });
  const planned = planHost(host, addresses, { facts, demand: errand.demand });
  return { kind: "hosts", hosts: [planned.kind === "out" ? planned : { ...planned, ...wayOf(hop) }], ...sts };
}

/** RFC 5321 §5.1: an address literal is dialled as it stands, where that may be: strangers write them too, into reverse-paths. */
export function planLiteral(errand: Errand, options: PlanOptions): Plan {
  const wanted = wantedLevel(errand, options);
  const address = isLiteral(errand.destination) ? literalAddress(errand.destination) : undefined;
  if (address === undefined) {
    return {
      kind: "fail",
      status: statusOf("no-route", `Nothing is known about addresses like ${errand.destination}`),
      wanted,
    };
  }
  if (isOwn(address, options.self.addresses)) {
    return { kind: "fail", status: statusOf("mail-loop", `${errand.destination} is this host`), wanted };
  }
  const host: NextHost = {
    name: address,
    literal: true,
    port: options.port,
    mode: "starttls",
    learnt: "literal",
    mxSecurity: "insecure",
  };
  const literal = { kind: "addresses", list: [address], answers: [] } as const;
  const addresses = allowed(errand.destination, literal, options.mayDial ?? (() => true));
  if (addresses.kind === "absent") return { kind: "fail", status: addresses.status, wanted };
  const facts = factsFor(errand, host, options);
  return { kind: "hosts", hosts: [planHost(host, addresses, { facts, demand: errand.demand })] };
}

function wayOf({ credentials, convert }: FixedHop): { way?: Way } {
  if (credentials === undefined && convert !== true) return {};
  return {
    way: { ...(credentials === undefined ? {} : { credentials }), ...(convert === true ? { convert: true } : {}) },
  };
}
