import { systemClock, systemRandom } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import { type Plan, planDelivery, routeFor, type RouteTarget } from "../delivery/mod.ts";
import type { Domain, Mailbox, TlsDemand } from "../mail/mod.ts";
import type { StsFacts } from "../policy/mod.ts";
import type { DnssecMemory } from "./dnssec_guard.ts";
import { dnssecMemory } from "./dnssec_memory.ts";
import { openNames } from "./names.ts";
import { type KnownHop, planNextHop } from "./next_hop_plan.ts";
import { openPolicy } from "./policy.ts";
import type { Seams } from "./seams.ts";
import { mayDialOf, policiesOf, routesOf, selfOf } from "./translate.ts";

/** What would become of a message to one recipient. */
export interface Looked {
  readonly target: RouteTarget["kind"];
  /** Absent for what never leaves this machine. */
  readonly plan?: Plan;
  /** The MTA-STS policy that was stored before anybody was asked. */
  readonly stored?: StsFacts;
  /** What could not be used of what is stored. */
  readonly notes: readonly string[];
}

export interface PolicyLook extends AsyncDisposable {
  /** Plans as delivery does, up to the point where it would dial. */
  look(recipient: Mailbox, demand: TlsDemand): Promise<Looked>;
  /** Plans for a next hop as the policy service does, whatever the routes say. */
  nextHop(hop: KnownHop): Promise<{ readonly plan: Plan; readonly notes: readonly string[] }>;
}

/** Opens what planning needs, whether a daemon runs or not. Reads what that has stored, and writes nothing. */
export async function openPolicyLook(
  config: Config,
  seams: Pick<Seams, "clock" | "random" | "resolver"> = {},
): Promise<PolicyLook> {
  const { clock = systemClock, random = systemRandom } = seams;
  const notes: string[] = [];
  await using undo = new AsyncDisposableStack();
  const names =
    seams.resolver === undefined
      ? undo.use(await openNames(config, { clock, random, memory: whatIsKnown(config) }))
      : { resolver: seams.resolver, daneOff: async () => undefined };
  const policy = undo.use(
    await openPolicy(config, { ...names, clock, random, readOnly: true, onFault: (text) => notes.push(text) }),
  );
  const [routes, policies, self] = [routesOf(config), policiesOf(config), selfOf(config)];
  const { resolver } = names;
  const { sources, taking } = policy;
  const options = { resolver, random, policies, self, sources, taking, port: config.outbound.port };
  const mayDial = mayDialOf(config);
  const kept = undo.move();
  return {
    async look(recipient, demand) {
      const target = routeFor(routes, recipient);
      if (target.kind !== "mx" && target.kind !== "smtp") return { target: target.kind, notes };
      const hop = target.kind === "smtp" ? target.host : recipient.domain;
      const stored = policy.cache?.stored(hop as Domain);
      const errand = { destination: recipient.domain, demand, via: target };
      const plan = await planDelivery(errand, { ...options, mayDial, now: clock.now() });
      return { target: target.kind, notes, plan, ...(stored === undefined ? {} : { stored }) };
    },
    nextHop: async (hop) => ({ plan: await planNextHop(hop, { ...options, now: clock.now() }), notes }),
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  };
}

/** The daemon waits where signatures vanish that were there before, so whoever looks must say the same. */
function whatIsKnown(config: Config): DnssecMemory {
  const { passed } = dnssecMemory(config.data_dir, config.dns);
  return { passed, remember: () => undefined };
}
