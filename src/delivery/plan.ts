import type { Instant, Random } from "../base/mod.ts";
import type { Resolver } from "../dns/mod.ts";
import { type Domain, isLiteral, literalAddress, type MailHost, type TlsDemand } from "../mail/mod.ts";
import {
  decide,
  type HostOutcome,
  type Level,
  type LocalPolicies,
  type NextHost,
  type Proceed,
  type TlsDecision,
  type TlsFacts,
} from "../policy/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { type Addresses, findAddresses, isAddress } from "./addresses.ts";
import { factsFor, wantedLevel } from "./facts.ts";
import { beforeSelf, type Candidate, findCandidates } from "./mx.ts";
import type { FixedHop } from "./route.ts";

/** A host to dial, with the decision that holds for it through everything that follows. */
export interface PlannedHost {
  readonly kind: "dial";
  readonly host: NextHost;
  /** In the order in which they are tried. */
  readonly addresses: readonly string[];
  readonly decision: Proceed;
}

/** A host that is not dialled, and why. */
export interface RuledOut {
  readonly kind: "out";
  readonly outcome: HostOutcome;
  readonly decision: TlsDecision;
}

export type Plan =
  | { readonly kind: "hosts"; readonly hosts: readonly (PlannedHost | RuledOut)[] }
  /** No host can be named; `wanted` is the level that was asked for. */
  | { readonly kind: "fail" | "retry"; readonly status: Status; readonly wanted: Level };

export interface PlanOptions {
  readonly resolver: Resolver;
  readonly random: Random;
  readonly policies: LocalPolicies;
  /** Names under which we are an MX ourselves, and addresses at which we answer on `port`. */
  readonly self: { readonly names: readonly string[]; readonly addresses: readonly string[] };
  /** The port of MX hosts, 25 outside tests. */
  readonly port: number;
  readonly now: Instant;
  readonly signal?: AbortSignal;
}

/** What is to be reached: the recipient domain as the sender wrote it, by MX or through a fixed next hop. */
export interface Errand {
  readonly destination: MailHost;
  readonly demand: TlsDemand;
  readonly via: { readonly kind: "mx" } | FixedHop;
}

/** Finds the hosts for an errand and decides for each of them, before anything is dialled. */
export function planDelivery(errand: Errand, options: PlanOptions): Promise<Plan> {
  if (errand.via.kind === "smtp") return planFixed(errand, errand.via, options);
  return isLiteral(errand.destination)
    ? Promise.resolve(planLiteral(errand, options))
    : planMx(errand, errand.destination, options);
}

async function planMx(errand: Errand, domain: Domain, options: PlanOptions): Promise<Plan> {
  const wanted = wantedLevel(errand, options);
  const found = await findCandidates(domain, options);
  if (found.kind !== "candidates") return { ...found, wanted };
  const addresses = new Map(
    await Promise.all(
      found.hosts.map(
        async (host): Promise<[Candidate, Addresses]> => [
          host,
          await findAddresses(host.name, options.resolver, options.signal),
        ],
      ),
    ),
  );
  const own = found.hosts.filter((host) => reachesSelf(addresses.get(host), options));
  const left = beforeSelf(found.hosts, own, domain);
  if (left.kind !== "candidates") return { ...left, wanted };
  // RFC 5321 §5.1: hosts that have no address are an error, never a reason to look elsewhere.
  if (left.hosts.every((host) => addresses.get(host)?.kind === "absent")) {
    return { kind: "fail", status: statusOf("no-route", `No mail host of ${domain} has an address`), wanted };
  }
  const hosts = left.hosts.map((candidate) => {
    const host: NextHost = {
      name: candidate.name,
      literal: false,
      port: options.port,
      mode: "starttls",
      learnt: candidate.learnt,
      mxSecurity: candidate.mxSecurity,
    };
    return planHost(host, addresses.get(candidate) ?? NO_ADDRESSES, factsFor(errand, host, options), errand.demand);
  });
  return { kind: "hosts", hosts };
}

/** RFC 5321 §5.1: an address literal is dialled as it stands. */
function planLiteral(errand: Errand, options: PlanOptions): Plan {
  const wanted = wantedLevel(errand, options);
  const address = isLiteral(errand.destination) ? literalAddress(errand.destination) : undefined;
  if (address === undefined) {
    return {
      kind: "fail",
      status: statusOf("no-route", `Nothing is known about addresses like ${errand.destination}`),
      wanted,
    };
  }
  if (options.self.addresses.includes(address)) {
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
  const addresses = { kind: "addresses", list: [address] } as const;
  return { kind: "hosts", hosts: [planHost(host, addresses, factsFor(errand, host, options), errand.demand)] };
}

async function planFixed(errand: Errand, hop: FixedHop, options: PlanOptions): Promise<Plan> {
  const host: NextHost = {
    name: hop.host,
    literal: isAddress(hop.host),
    port: hop.port,
    mode: hop.mode,
    learnt: "configured",
    mxSecurity: "insecure",
  };
  const addresses = await findAddresses(hop.host, options.resolver, options.signal);
  return { kind: "hosts", hosts: [planHost(host, addresses, factsFor(errand, host, options), errand.demand)] };
}

function planHost(host: NextHost, addresses: Addresses, facts: TlsFacts, demand: TlsDemand): PlannedHost | RuledOut {
  const decision = decide(facts, demand);
  if (decision.kind !== "proceed") {
    return { kind: "out", outcome: { host: host.name, why: "decision", status: decision.status }, decision };
  }
  if (addresses.kind !== "addresses") {
    return { kind: "out", outcome: { host: host.name, why: "unreachable", status: addresses.status }, decision };
  }
  return { kind: "dial", host, addresses: addresses.list, decision };
}

function reachesSelf(addresses: Addresses | undefined, options: PlanOptions): boolean {
  return addresses?.kind === "addresses" && addresses.list.some((one) => options.self.addresses.includes(one));
}

const NO_ADDRESSES: Addresses = { kind: "absent", status: statusOf("no-route", "The host has no address") };
