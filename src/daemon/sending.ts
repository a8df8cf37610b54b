import type { Clock, Random } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import type { Resolver } from "../dns/mod.ts";
import type { Plan } from "../delivery/mod.ts";
import { type Delivery, patientDial, startDelivery } from "../delivery/remote/mod.ts";
import type { NoticeBound } from "../dsn/mod.ts";
import { convertTo7Bit } from "../mime/mod.ts";
import { admit, allowPlaintext, confirmPeer } from "../policy/mod.ts";
import type { QueueId, Store } from "../queue/mod.ts";
import { type Dial, openSession, tcpDialer } from "../smtp/io/mod.ts";
import type { TrustStore } from "../tls/io/mod.ts";
import { dnssecMemory } from "./dnssec_memory.ts";
import { type Names, openNames } from "./names.ts";
import { type KnownHop, planNextHop } from "./next_hop_plan.ts";
import { type OpenPolicy, openPolicy } from "./policy.ts";
import { watchOverrides } from "./policy_overrides.ts";
import { forgetOldTallies, tallier } from "./policy_tally.ts";
import type { Seams } from "./seams.ts";
import { trustOf } from "./trust.ts";
import { mayDialOf, policiesOf, routesOf, selfOf } from "./translate.ts";
import { watchedResolver } from "./watched_resolver.ts";

export interface SendingParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly newId: () => QueueId;
  /** Outlives a reload. */
  readonly notices: NoticeBound;
}

export interface Sending extends AsyncDisposable {
  /** Lets no further message use connections that were opened before. */
  reload(): Promise<void>;
  /** What delivery would do with a next hop, up to the point where it would dial. Rejects for an abort. */
  plan(hop: KnownHop, signal: AbortSignal): Promise<Plan>;
  readonly resolver: Resolver;
  /** The policy lists as they are held now. */
  lists: OpenPolicy["lists"];
}

/** Starts the sending side; disposing it drains the attempts under way. */
export async function startSending(config: Config, parts: SendingParts, seams: Seams): Promise<Sending> {
  const { clock, random, store, newId, notices } = parts;
  const trust = await trustOf(config.outbound.roots);
  const dial = patientDial(seams.dial ?? tcpDialer({ clock, source: config.outbound.source }), clock);
  await using undo = new AsyncDisposableStack();
  const known = seams.resolver === undefined ? undo.use(await namesOf(config, parts)) : namesGiven(seams.resolver);
  const names = { ...known, resolver: watchedResolver(known.resolver, clock) };
  const policy = undo.use(await openPolicy(config, { ...names, clock, random }));
  undo.use(forgetOldTallies(store, clock));
  undo.use(watchOverrides(config, clock));
  const stop = new AbortController();
  const planning = {
    resolver: names.resolver,
    random,
    policies: policiesOf(config),
    self: selfOf(config),
    port: config.outbound.port,
    sources: policy.sources,
    taking: policy.taking,
  };
  const delivery: Delivery = startDelivery({
    ...planning,
    mayDial: mayDialOf(config),
    store,
    clock,
    openSession: opener({ hostname: config.hostname, trust, clock, dial }),
    routes: routesOf(config),
    hostname: config.hostname,
    postmaster: config.postmaster,
    tally: tallier({ clock, taking: policy.taking, list: (domain) => policy.sources.list(domain) }),
    retry: {
      first: config.retry.first,
      warnAfter: config.retry.warn_after,
      expireAfter: config.retry.expire_after,
    },
    notices,
    convert: convertTo7Bit,
    concurrency: config.outbound.concurrency,
    perDestination: config.outbound.per_destination,
    newQueueId: newId,
    signal: stop.signal,
  });
  undo.use(delivery);
  undo.defer(() => stop.abort());
  const kept = undo.move();
  return {
    resolver: names.resolver,
    async reload() {
      await policy.reload();
      await delivery.endIdle();
    },
    lists: () => policy.lists(),
    plan: async (hop, signal) => await planNextHop(hop, { ...planning, now: clock.now(), signal }),
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  };
}

async function namesOf(config: Config, parts: SendingParts): Promise<Names> {
  return await openNames(config, { ...parts, memory: dnssecMemory(config.data_dir, config.dns) });
}

/** A resolver that is put in place says itself what is secure. */
function namesGiven(resolver: Resolver): Pick<Names, "resolver" | "daneOff"> {
  return { resolver, daneOff: async () => undefined };
}

interface OpenerParts {
  readonly hostname: string;
  readonly trust: TrustStore;
  readonly clock: Clock;
  readonly dial: Dial;
}

function opener(parts: OpenerParts): Parameters<typeof startDelivery>[0]["openSession"] {
  const gate = { confirmPeer, allowPlaintext, admit };
  return async (target, decision, rung, signal) =>
    await openSession(target, decision, rung, { ...parts, gate, ...(signal === undefined ? {} : { signal }) });
}
