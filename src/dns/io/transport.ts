import type { Clock, Millis, Random, Result } from "../../base/mod.ts";
import { err, ok } from "../../base/mod.ts";
import type { ExchangeFault } from "../wire/exchange.ts";
import type { Message } from "../wire/message.ts";
import { RCODE, rcodeName } from "../wire/message.ts";
import type { ServerTools, Tried } from "./ask-server.ts";
import { askServer } from "./ask-server.ts";
import { createCoalescer } from "./coalesce.ts";
import { createCookieJar } from "./cookies.ts";
import type { DnsDialer } from "./dial.ts";
import { nodeDialer } from "./dial.ts";
import { extendedErrorText } from "./extended-error.ts";
import { createGate } from "./gate.ts";
import type { Health } from "./health.ts";
import { createHealth } from "./health.ts";
import { createLines } from "./lines.ts";
import type { Asking } from "./query.ts";
import type { DnsServer } from "./servers.ts";
import { serverText } from "./servers.ts";
import { pooledRandom } from "./pooled-random.ts";

/** Why no usable reply came; `reply` is the last one that a server did give, e.g. a SERVFAIL. */
export interface TransportFault extends ExchangeFault {
  readonly reply?: Message;
}

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
  const running = new Set<AbortController>();
  let closed = false;

  async function run(asking: Asking, left: AbortSignal): Promise<Result<Message, TransportFault>> {
    if (closed) return err({ detail: CLOSED.message });
    const stop = new AbortController();
    const notes = new Map<DnsServer, Note>();
    const leave = (): void => stop.abort(left.reason);
    left.addEventListener("abort", leave, { once: true });
    running.add(stop);
    using _timer = clock.after(options.deadline ?? DEADLINE, () => stop.abort(LATE));
    try {
      const entered = gate.enter(stop.signal);
      if (entered === undefined) return err({ detail: "too many questions wait already" });
      using _place = await entered;
      stop.signal.throwIfAborted();
      return await askServers(asking, { tools, health, clock, signal: stop.signal, notes });
    } catch (cause) {
      if (cause === LATE) return err(summary(servers, notes));
      if (cause === CLOSED) return err({ detail: CLOSED.message });
      throw cause;
    } finally {
      running.delete(stop);
      left.removeEventListener("abort", leave);
    }
  }

  return {
    servers,
    ask: (asking, signal) =>
      shared.join(`${asking.cd ? "cd" : ""}/${asking.type}/${asking.name.key}`, (left) => run(asking, left), signal),
    close() {
      closed = true;
      for (const stop of running) stop.abort(CLOSED);
      lines.close();
    },
  };
}

interface Note {
  readonly text: string;
  readonly reply?: Message;
}

interface Asker {
  readonly tools: ServerTools;
  readonly health: Health;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly notes: Map<DnsServer, Note>;
}

/**
 * Servers one after the other, the next as soon as one fails or stays silent for its time; a late answer to an earlier
 * try still counts. The first usable answer ends them all.
 */
function askServers(asking: Asking, asker: Asker): Promise<Result<Message, TransportFault>> {
  const { health, clock, notes, signal } = asker;
  const order = health.order(clock.monotonic());
  const turns = Array.from({ length: ROUNDS }, (_, round) => order.map((server) => ({ server, round }))).flat();
  const stop = new AbortController();
  const done = new Set<DnsServer>();
  let timer: Disposable | undefined;
  let pending = 0;

  return new Promise((resolve, reject) => {
    const finish = (act: () => void): void => {
      timer?.[Symbol.dispose]();
      signal.removeEventListener("abort", abort);
      stop.abort(SETTLED);
      act();
    };
    const abort = (): void => finish(() => reject(signal.reason));
    const settle = (server: DnsServer, tried: Tried, took: Millis): void => {
      pending--;
      if (stop.signal.aborted) return;
      const note = judge(tried);
      if (note === undefined) health.answered(server, took);
      else if (note.reply?.rcode !== RCODE.SERVFAIL) health.failed(server, clock.monotonic());
      if (note === undefined && tried.kind === "reply") return finish(() => resolve(ok(tried.message)));
      if (note !== undefined) notes.set(server, note);
      done.add(server);
      next();
    };
    const next = (): void => {
      timer?.[Symbol.dispose]();
      let turn = turns.shift();
      while (turn !== undefined && done.has(turn.server)) turn = turns.shift();
      if (turn === undefined) {
        if (pending === 0) finish(() => resolve(err(summary(order, notes))));
        return;
      }
      const { server, round } = turn;
      const began = clock.monotonic();
      pending++;
      askServer(server, asking, { tools: asker.tools, signal: stop.signal }).then(
        (tried) => settle(server, tried, clock.monotonic() - began),
        (cause: unknown) => settle(server, { kind: "failed", reason: String(cause) }, 0),
      );
      timer = clock.after(health.patience(server, round), () => {
        health.failed(server, clock.monotonic());
        next();
      });
    };
    signal.addEventListener("abort", abort, { once: true });
    next();
  });
}

/** What speaks against a try; undefined for an answer to use. */
function judge(tried: Tried): Note | undefined {
  if (tried.kind === "failed") return { text: tried.reason };
  const { message } = tried;
  if (!REFUSALS.has(message.rcode)) return undefined;
  const extended = extendedErrorText(message);
  return { text: `${rcodeName(message.rcode)}${extended === undefined ? "" : ` (${extended})`}`, reply: message };
}

function summary(servers: readonly DnsServer[], notes: ReadonlyMap<DnsServer, Note>): TransportFault {
  if (servers.length === 0) return { detail: "no DNS server is configured" };
  const parts = servers.map((server) => `${serverText(server)}: ${notes.get(server)?.text ?? "no answer in time"}`);
  const reply = [...notes.values()].findLast((note) => note.reply !== undefined)?.reply;
  return { detail: parts.join("; "), ...(reply === undefined ? {} : { reply }) };
}

/** Response codes that say something about the server, not about the name. */
const REFUSALS: ReadonlySet<number> = new Set([
  RCODE.FORMERR,
  RCODE.SERVFAIL,
  RCODE.NOTIMP,
  RCODE.REFUSED,
  RCODE.BADVERS,
]);
/** Reasons made once: a reason of its own for every question would cost a stack trace each. */
const LATE = new Error("The deadline has passed");
const CLOSED = new Error("the resolver is closed");
const SETTLED = new Error("Another try was answered");
/** How often a silent server is asked the same question. */
const ROUNDS = 3;
const DEADLINE: Millis = 10_000;
const IN_FLIGHT = 200;
const QUEUE = 10_000;
