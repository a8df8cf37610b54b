import type { Instant, Random } from "../base/mod.ts";
import type { Resolver } from "../dns/mod.ts";
import { isLiteral, type MailHost, type TlsDemand } from "../mail/mod.ts";
import type {
  HostOutcome,
  Level,
  LocalPolicies,
  NextHost,
  PolicySources,
  Proceed,
  StsFacts,
  Taking,
  TlsDecision,
  TlsFacts,
} from "../policy/mod.ts";
import type { Target } from "../smtp/client/mod.ts";
import type { Status } from "../status/mod.ts";
import { planFixed, planLiteral } from "./plan_fixed.ts";
import { planMx } from "./plan_mx.ts";
import type { FixedHop } from "./route.ts";

/** How a host is spoken to where that is not SMTP with a stranger. */
export type Way = Pick<Target, "protocol" | "path" | "credentials"> & { readonly convert?: boolean };

/** A host to dial, with the decision that holds for it through everything that follows. */
export interface PlannedHost {
  readonly kind: "dial";
  readonly host: NextHost;
  /** In the order in which they are tried. */
  readonly addresses: readonly string[];
  readonly decision: Proceed;
  /** What the decision was made of. */
  readonly facts?: TlsFacts;
  readonly way?: Way;
}

/** A host that is not dialled, and why. */
export interface RuledOut {
  readonly kind: "out";
  readonly outcome: HostOutcome;
  readonly decision: TlsDecision;
  readonly facts?: TlsFacts;
}

export type Plan =
  | {
      readonly kind: "hosts";
      readonly hosts: readonly (PlannedHost | RuledOut)[];
      /** What MTA-STS said for this plan, where it was asked. */
      readonly sts?: StsFacts;
    }
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
  /** Addresses at which hosts that DNS or an address literal names may be dialled; default all. */
  readonly mayDial?: (address: string) => boolean;
  readonly now: Instant;
  /** What destinations publish; without it nobody looks. */
  readonly sources?: PolicySources;
  /** How what is published is taken; default: as it says. */
  readonly taking?: Taking;
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
