import type { Clock, Random } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import { type Delivery, startDelivery } from "../delivery/remote/mod.ts";
import { noticeBound } from "../dsn/mod.ts";
import { publish } from "../observe/mod.ts";
import { admit, allowPlaintext, confirmPeer } from "../policy/mod.ts";
import type { QueueId, Store } from "../queue/mod.ts";
import { type Dial, openSession, tcpDialer } from "../smtp/io/mod.ts";
import { openTrust, type TrustSource, type TrustStore } from "../tls/io/mod.ts";
import { type Seams, StartFailure } from "./seams.ts";
import { openNames } from "./names.ts";
import { policiesOf, routesOf, selfOf } from "./translate.ts";

export interface SendingParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly newId: () => QueueId;
}

/** Starts the sending side; disposing it drains the attempts under way. */
export async function startSending(config: Config, parts: SendingParts, seams: Seams): Promise<AsyncDisposable> {
  const { clock, random, store, newId } = parts;
  const trust = await trustOf(config.outbound.roots);
  const dial = seams.dial ?? tcpDialer({ clock, source: config.outbound.source });
  const names = seams.resolver === undefined ? await openNames(config, parts) : { resolver: seams.resolver };
  const stop = new AbortController();
  const delivery: Delivery = startDelivery({
    store,
    resolver: names.resolver,
    random,
    clock,
    openSession: opener({ hostname: config.hostname, trust, clock, dial }),
    routes: routesOf(config),
    policies: policiesOf(config),
    hostname: config.hostname,
    postmaster: config.postmaster,
    self: selfOf(config),
    port: config.outbound.port,
    retry: {
      first: config.retry.first,
      warnAfter: config.retry.warn_after,
      expireAfter: config.retry.expire_after,
    },
    notices: noticeBound(),
    concurrency: config.outbound.concurrency,
    perDestination: config.outbound.per_destination,
    newQueueId: newId,
    signal: stop.signal,
  });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await delivery[Symbol.asyncDispose]();
      if (Symbol.dispose in names) names[Symbol.dispose]();
    },
  };
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

/** A machine without roots of its own (a bare container) gets those of Node.js, and its operator is told. */
async function trustOf(roots: string): Promise<TrustStore> {
  const source: TrustSource =
    roots === "system" || roots === "bundled" ? { kind: roots } : { kind: "file", path: roots };
  const opened = await openTrust(source);
  if (opened.ok) return opened.value;
  if (source.kind !== "system") throw new StartFailure(`Cannot open the roots: ${opened.error}`);
  publish("hopseal:fault", { where: "tls", text: `${opened.error}; using those that come with Node.js` });
  const bundled = await openTrust({ kind: "bundled" });
  if (!bundled.ok) throw new StartFailure(`Cannot open the roots: ${bundled.error}`);
  return bundled.value;
}
