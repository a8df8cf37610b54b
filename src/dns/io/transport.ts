import type { Clock, Millis, Random, Result } from "../../base/mod.ts";
import { err } from "../../base/mod.ts";
import type { Message } from "../wire/message.ts";
import type { ServerTools } from "./ask-server.ts";
import type { TransportFault } from "./ask-servers.ts";
import { askServers } from "./ask-servers.ts";
import { createCoalescer } from "./coalesce.ts";
import { createCookieJar } from "./cookies.ts";
import type { DnsDialer } from "./dial.ts";
import { nodeDialer } from "./dial.ts";
import { createGate } from "./gate.ts";
import { createHealth } from "./health.ts";
import { createLines } from "./lines.ts";
import { pooledRandom } from "./pooled-random.ts";
import type { Asking } from "./query.ts";
import type { DnsServer } from "./servers.ts";

/** Questions to recursive resolvers, with retries, several servers, TCP and TLS inside; no storage. */
export interface Transport {
  /** Rejects only for an abort of `signal`. Identical questions under way are one. */
  ask(asking: Asking, signal?: AbortSignal): Promise<Result<Message, TransportFault>>;
  readonly servers: readonly DnsServer[];
  close(): void;
}

export interface TransportOptions {
  readonly servers: readonly DnsServer[];
  readonly clock: Clock;
  readonly random: Random;
  readonly dialer?: DnsDialer;
  /** Bound on one question with all its retries; 10 s by default. */
  readonly deadline?: Millis;
  readonly mixCase?: boolean;
  /** Questions on the wire at once, and those that may wait for a place. */
  readonly inFlight?: number;
  readonly queue?: number;
}

export function createTransport(options: TransportOptions): Transport {
  const { clock, random, servers, dialer = nodeDialer } = options;
  const lines = createLines(dialer, clock);
  const tools: ServerTools = {
    dialer,
    lines,
    random: pooledRandom(random),
    jar: createCookieJar(random, () => clock.monotonic()),
    mixCase: options.mixCase ?? false,
  };
  const health = createHealth(servers);
  const gate = createGate(options.inFlight ?? IN_FLIGHT, options.queue ?? QUEUE);
  const shared = createCoalescer<Result<Message, TransportFault>>();
  const ended = new AbortController();

  async function run(asking: Asking, signal: AbortSignal): Promise<Result<Message, TransportFault>> {
    const until = clock.monotonic() + (options.deadline ?? DEADLINE);
    if (ended.signal.aborted) return CLOSED;
    const free = gate.tryEnter();
    const place = free ?? (await waitForPlace(signal, until));
    if ("ok" in place) return place;
    using _place = place;
    return await askServers(asking, { tools, health, clock, signal, until });
  }

  /** A place, or the fault that ended the wait. */
  async function waitForPlace(signal: AbortSignal, until: Millis): Promise<Disposable | typeof CLOSED> {
    const late = new AbortController();
    using _timer = clock.after(until - clock.monotonic(), () => late.abort());
    try {
      const entered = gate.enter(AbortSignal.any([signal, late.signal, ended.signal]));
      return entered === undefined ? CROWDED : await entered;
    } catch (cause) {
      if (ended.signal.aborted) return CLOSED;
      if (late.signal.aborted) return CROWDED;
      throw cause;
    }
  }

  return {
    servers,
    async ask(asking, signal) {
      const key = `${asking.cd ? "cd" : ""}/${asking.type}/${asking.name.key}`;
      try {
        return await shared.join(key, (left) => run(asking, left), signal);
      } catch (cause) {
        if (ended.signal.aborted && signal?.aborted !== true) return CLOSED;
        throw cause;
      }
    },
    close() {
      ended.abort();
      shared.end();
      lines.close();
    },
  };
}

const CLOSED = err({ detail: "the resolver is closed" });
const CROWDED = err({ detail: "too many questions wait already" });
const DEADLINE: Millis = 10_000;
const IN_FLIGHT = 200;
const QUEUE = 10_000;
