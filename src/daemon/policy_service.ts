import type { Socket } from "node:net";
import { type Clock, type Millis, sleep } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import type { Plan } from "../delivery/mod.ts";
import { publish } from "../observe/mod.ts";
import { formatNextHop, formatReply, parseNextHop, type SocketmapReply, type SocketmapRequest } from "../policy/mod.ts";
import type { KnownHop } from "./next_hop_plan.ts";
import { type Answer, answerOf } from "./policy_service_answer.ts";
import { freshCache } from "./policy_service_cache.ts";
import { answerLookups, listenForLookups } from "./policy_service_listen.ts";

/** Counted since the start. */
export interface PolicyServiceCounts {
  readonly requests: number;
  /** Answered from memory. */
  readonly hits: number;
  /** Answered with TEMP or PERM. */
  readonly failures: number;
}

export interface PolicyService extends AsyncDisposable {
  /** "127.0.0.1:8461", or the path of a socket. */
  readonly addresses: readonly string[];
  /** Takes a connection that somebody else accepted with `allowHalfOpen`. */
  accept(socket: Socket): void;
  readonly counts: PolicyServiceCounts;
  /** Answers by `plan` from now on; until then requests wait. */
  open(plan: PlanFor): void;
  /** Forgets what was answered, for the policy may be another one now. */
  forget(): void;
}

/** Rejects for an abort, and for faults of the program. */
export type PlanFor = (hop: KnownHop, signal: AbortSignal) => Promise<Plan>;

/**
 * Answers TLS policy look-ups of other mail servers (socketmap_table(5)) by the decisions that our own delivery makes.
 * Binds at once what the configuration names, if anything, unless connections are `handed` over by whoever accepts them;
 * disposing answers what was asked and ends.
 */
export async function bindPolicyService(config: Config, clock: Clock, handed = false): Promise<PolicyService> {
  const { open: unprotected } = config.policy_service;
  const { promise: opened, resolve: open } = Promise.withResolvers<PlanFor>();
  const plan: PlanFor = async (hop, signal) => await (await opened)(hop, signal);
  const stop = new AbortController();
  const counts = { requests: 0, hits: 0, failures: 0 };
  const cache = freshCache<Answer>({
    clock,
    most: MOST_KEPT,
    async find(name) {
      const begun = clock.monotonic();
      const answer = await find(name, { plan, clock, stop: stop.signal, unprotected });
      tell(name, answer, clock.monotonic() - begun);
      return { value: answer, keep: stop.signal.aborted ? 0 : answer.keep };
    },
  });
  const counted = (reply: SocketmapReply): SocketmapReply => {
    if (reply.kind === "temp" || reply.kind === "perm") counts.failures++;
    return reply;
  };
  const spelt = spellings();
  const answer = (request: SocketmapRequest): SocketmapReply | Promise<SocketmapReply> => {
    counts.requests++;
    const name = spelt(request);
    if (typeof name !== "string") return counted(name);
    if (cache.searching >= MOST_SEARCHES) return counted({ kind: "temp", reason: "too many look-ups are under way" });
    const found = cache.get(name);
    if (found instanceof Promise) return found.then(({ reply }) => counted(reply));
    counts.hits++;
    return counted(found.reply);
  };
  await using undo = new AsyncDisposableStack();
  const conversations = undo.use(answerLookups({ answer, clock, stop: stop.signal }));
  const accept = (socket: Socket): void => conversations.accept(socket);
  undo.defer(() => stop.abort());
  const bound = handed ? undefined : undo.use(await bindLookups(config, accept));
  const kept = undo.move();
  return {
    addresses: bound?.addresses ?? [],
    accept,
    counts,
    open,
    forget: () => cache.forget(),
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  };
}

/** Binds what the configuration names, if anything. Throws a StartFailure, and then nothing stays bound. */
export async function bindLookups(
  { policy_service: { address, path } }: Config,
  accept: (socket: Socket) => void,
  options: { readonly pauseOnConnect?: boolean } = {},
): Promise<AsyncDisposable & { readonly addresses: readonly string[] }> {
  await using undo = new AsyncDisposableStack();
  const addresses: string[] = [];
  if (address !== undefined) addresses.push(undo.use(await listenForLookups(address, accept, options)).address);
  if (path !== undefined) {
    undo.use(await listenForLookups({ path }, accept, options));
    addresses.push(path);
  }
  const kept = undo.move();
  return { addresses, [Symbol.asyncDispose]: async () => await kept.disposeAsync() };
}

/** `nameOf`, which remembers the keys that it has seen. */
function spellings(): (request: SocketmapRequest) => string | SocketmapReply {
  const known = new Map<string, string>();
  return (request) => {
    const name = request.map === MAP ? known.get(request.key) : undefined;
    if (name !== undefined) return name;
    const parsed = nameOf(request);
    if (typeof parsed !== "string") return parsed;
    if (known.size >= MOST_KEPT) known.clear();
    known.set(request.key, parsed);
    return parsed;
  };
}

/** The one spelling of the next hop that is asked for, or the answer where there is none to look up. */
function nameOf({ map, key }: SocketmapRequest): string | SocketmapReply {
  if (map !== MAP) return { kind: "perm", reason: `there is no map ${JSON.stringify(map)}, only "${MAP}"` };
  const hop = parseNextHop(key);
  if (!hop.ok) return { kind: "perm", reason: `no next hop: ${hop.error}` };
  return hop.value.kind === "other" ? { kind: "not-found" } : formatNextHop(hop.value);
}

interface FindParts {
  readonly plan: PlanFor;
  readonly clock: Clock;
  readonly stop: AbortSignal;
  readonly unprotected: "may" | "notfound";
}

/** Never rejects: what goes wrong is a reason to wait, and no answer. */
async function find(name: string, { plan, clock, stop, unprotected }: FindParts): Promise<Answer> {
  const hop = parseNextHop(name);
  if (!hop.ok || hop.value.kind === "other") return failed(`${name} is no next hop`);
  const over = new AbortController();
  const late = sleep(clock, DEADLINE, AbortSignal.any([over.signal, stop])).then(
    () => failed(`nothing was found out within ${DEADLINE / 1000} s`),
    () => failed("the service is stopping"),
  );
  const planned = plan(hop.value, over.signal).then(
    (found) => answerOf(found, { open: unprotected, now: clock.now() }),
    (error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      if (!over.signal.aborted && !stop.aborted) publish("hopseal:fault", { where: "policy service", text });
      return failed("the look-up was broken off");
    },
  );
  const answer = await Promise.race([planned, late]);
  over.abort();
  return answer;
}

function failed(reason: string): Answer {
  return { reply: { kind: "temp", reason }, row: "failed", because: [], keep: 0 };
}

function tell(nextHop: string, { reply, row, because }: Answer, took: Millis): void {
  publish("hopseal:looked-up", { nextHop, answer: formatReply(reply), row, because, took: Math.round(took) });
}

/** The name of the one map, as in socketmap:inet:127.0.0.1:8461:policy. */
const MAP = "policy";
/** Postfix gives up after 100 s. */
const DEADLINE: Millis = 20_000;
const MOST_KEPT = 10_000;
const MOST_SEARCHES = 2000;
