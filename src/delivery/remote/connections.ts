import type { Clock, Instant, Millis } from "../../base/mod.ts";
import { publish } from "../../observe/mod.ts";
import type { ClientSession } from "../../smtp/client/mod.ts";
import { reuseKey } from "../reuse.ts";
import type { Connections } from "../walk.ts";

export interface ConnectionOptions {
  readonly clock: Clock;
  /** How long a session waits for another message; 0 keeps none. Default 2 s. */
  readonly idle?: Millis;
  /** How long, and for how many messages, one session is used; default 300 s and 100. */
  readonly longest?: Millis;
  readonly messages?: number;
  /** Connections to one address, whatever the domains behind it; default 20. */
  readonly perAddress?: number;
}

export interface ConnectionPool extends Connections {
  /** Ends the idle sessions; what is in use is ended after its message. Resolves when all goodbyes are said. */
  endIdle(): Promise<void>;
  /** From now on nothing is kept. */
  close(): Promise<void>;
}

/**
 * Counts the connections to each address and lends idle sessions to other messages. Plaintext with a host that offers
 * STARTTLS is never lent: the next message tries TLS again.
 */
export function connectionPool(options: ConnectionOptions): ConnectionPool {
  const pool: Pool = {
    clock: options.clock,
    idle: options.idle ?? IDLE,
    longest: options.longest ?? LONGEST,
    messages: options.messages ?? MESSAGES,
    perAddress: options.perAddress ?? PER_ADDRESS,
    waiting: new Map(),
    places: new Map(),
    uses: new WeakMap(),
    goodbyes: new Set(),
    generation: 0,
    closed: false,
  };
  const endIdle = async (): Promise<void> => {
    pool.generation++;
    for (const entry of [...pool.waiting.values()].flat()) drop(pool, entry);
    await Promise.all(pool.goodbyes);
  };
  return {
    take: (target, decision) => take(pool, reuseKey(target, decision)),
    enter: (address) => enter(pool, address),
    leave: (address) => leave(pool, address),
    opened(session) {
      useOf(pool, session);
      publish("hopseal:outbound", { change: "opened" });
    },
    keep: (session, decision) => keep(pool, session, reuseKey(session.target, decision)),
    endIdle,
    async close() {
      pool.closed = true;
      await endIdle();
    },
  };
}

interface Entry {
  readonly key: string;
  readonly session: ClientSession;
  readonly timer: Disposable;
}

interface Use {
  readonly since: Instant;
  readonly generation: number;
  messages: number;
}

interface Pool {
  readonly clock: Clock;
  readonly idle: Millis;
  readonly longest: Millis;
  readonly messages: number;
  readonly perAddress: number;
  /** By key, the newest last. */
  readonly waiting: Map<string, Entry[]>;
  /** Connections by address, idle ones too. */
  readonly places: Map<string, number>;
  readonly uses: WeakMap<ClientSession, Use>;
  readonly goodbyes: Set<Promise<void>>;
  /** Sessions of an older one are not kept. */
  generation: number;
  closed: boolean;
}

/** The newest of the sessions that are still there: it has most of its time before it. */
function take(pool: Pool, key: string): ClientSession | undefined {
  for (;;) {
    const entry = pool.waiting.get(key)?.at(-1);
    if (entry === undefined) return undefined;
    if (entry.session.usable !== false) {
      withdraw(pool, entry);
      publish("hopseal:outbound", { change: "reused" });
      return entry.session;
    }
    drop(pool, entry);
  }
}

async function keep(pool: Pool, session: ClientSession, key: string): Promise<void> {
  const use = useOf(pool, session);
  use.messages++;
  if (!mayWait(pool, session, use)) {
    await goodbye(pool, session);
    return;
  }
  const timer = pool.clock.after(pool.idle, () => drop(pool, entry));
  const entry: Entry = { key, session, timer };
  pool.waiting.set(key, [...(pool.waiting.get(key) ?? []), entry]);
}

/** What is known of a session, from the first mention of it. */
function useOf(pool: Pool, session: ClientSession): Use {
  const known = pool.uses.get(session);
  if (known !== undefined) return known;
  const use = { since: pool.clock.monotonic(), generation: pool.generation, messages: 0 };
  pool.uses.set(session, use);
  return use;
}

function mayWait(pool: Pool, session: ClientSession, use: Use): boolean {
  if (pool.closed || pool.idle <= 0 || session.usable === false || use.generation !== pool.generation) return false;
  if (session.proof.kind === "plaintext" && session.extensions.starttls) return false;
  const { mailMax = Infinity } = session.extensions.limits;
  // RFC 9422 §4.1
  return use.messages < Math.min(pool.messages, mailMax) && pool.clock.monotonic() - use.since < pool.longest;
}

/** An idle session that nobody may use here makes room for a new one. */
function enter(pool: Pool, address: string): boolean {
  if ((pool.places.get(address) ?? 0) >= pool.perAddress) {
    const idle = [...pool.waiting.values()].flat().find(({ session }) => session.target.address === address);
    if (idle === undefined) return false;
    drop(pool, idle);
  }
  pool.places.set(address, (pool.places.get(address) ?? 0) + 1);
  publish("hopseal:outbound", { change: "dialled" });
  return true;
}

function leave(pool: Pool, address: string): void {
  const left = (pool.places.get(address) ?? 1) - 1;
  if (left === 0) pool.places.delete(address);
  else pool.places.set(address, left);
  publish("hopseal:outbound", { change: "closed" });
}

function withdraw(pool: Pool, entry: Entry): void {
  entry.timer[Symbol.dispose]();
  const left = (pool.waiting.get(entry.key) ?? []).filter((one) => one !== entry);
  if (left.length === 0) pool.waiting.delete(entry.key);
  else pool.waiting.set(entry.key, left);
}

function drop(pool: Pool, entry: Entry): void {
  withdraw(pool, entry);
  void goodbye(pool, entry.session);
}

/** The place is free at once: a goodbye may take its time and does no harm. */
function goodbye(pool: Pool, session: ClientSession): Promise<void> {
  leave(pool, session.target.address);
  const said: Promise<void> = session
    .quit()
    .catch(() => undefined)
    .finally(() => pool.goodbyes.delete(said));
  pool.goodbyes.add(said);
  return said;
}

const IDLE: Millis = 2000;
const LONGEST: Millis = 300_000;
const MESSAGES = 100;
const PER_ADDRESS = 20;
