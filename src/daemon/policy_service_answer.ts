import type { Instant, Millis } from "../base/mod.ts";
import type { Plan } from "../delivery/mod.ts";
import {
  type DecidedHost,
  formatPolicy,
  type LocalPolicy,
  projectPostfix,
  type Projected,
  type RowName,
  sayBecause,
  type SocketmapReply,
} from "../policy/mod.ts";

/** What is answered about a next hop, and why. */
export interface Answer {
  readonly reply: SocketmapReply;
  /** The row of docs/postfix.md. */
  readonly row: RowName;
  readonly because: readonly string[];
  readonly keep: Millis;
}

/** What a plan comes to for Postfix; `open` is what it is told where nothing asks for more than opportunistic TLS. */
export function answerOf(
  plan: Plan,
  { open, now }: { readonly open: "may" | "notfound"; readonly now: Instant },
): Answer {
  const projected = projectedOf(plan);
  if (projected.kind === "wait") {
    const { reason, row } = projected;
    return { reply: { kind: "temp", reason }, row, because: becauseOf(plan), keep: WAIT_KEPT };
  }
  const { policy, row } = projected;
  const silent = row === "open" && open === "notfound";
  return {
    reply: silent ? { kind: "not-found" } : { kind: "found", data: formatPolicy(policy) },
    row,
    because: becauseOf(plan),
    keep: Math.min(KEPT, ...endings(plan, now).map((end) => Math.max(0, end - now))),
  };
}

/** The projection of a plan; one without hosts leaves nothing to ask of any. */
export function projectedOf(plan: Plan): Projected {
  if (plan.kind !== "hosts") {
    return { kind: "wait", reason: plan.status.text, row: plan.kind === "retry" ? "failed" : "nowhere" };
  }
  return projectPostfix(decidedHosts(plan));
}

type Hosts = Extract<Plan, { kind: "hosts" }>["hosts"];

/** A host that has no address is none; one whose address could not be found out must not be used by others either. */
function decidedHosts({ hosts }: { readonly hosts: Hosts }): readonly DecidedHost[] {
  return hosts.flatMap((host): DecidedHost[] => {
    const { facts, decision } = host;
    if (facts === undefined) return [];
    if (host.kind === "dial" || decision.kind !== "proceed") return [{ decision, facts }];
    const { status } = host.outcome;
    return status.cause === "dns-failure" ? [{ decision: { ...decision, kind: "skip-host", status }, facts }] : [];
  });
}

function becauseOf(plan: Plan): readonly string[] {
  if (plan.kind !== "hosts") return [];
  return [...new Set(plan.hosts.flatMap(({ decision }) => decision.because.map(sayBecause)))].slice(0, MOST_REASONS);
}

/** When what was found out ends, or has to be asked for again; all of it held when the plan was made. */
function endings(plan: Plan, now: Instant): readonly Instant[] {
  if (plan.kind !== "hosts") return [];
  return plan.hosts.flatMap(({ facts }) => [
    ...(facts?.dane !== undefined && "expires" in facts.dane ? [facts.dane.expires ?? Infinity] : []),
    ...(facts?.sts?.kind === "policy" ? [facts.sts.expires] : []),
    // Mail goes out without a policy that cannot be had, but not for longer than it must (RFC 8461 §3.3).
    ...(facts?.sts?.kind === "failed" ? [now + WAIT_KEPT] : []),
    ...[facts?.local, ...(facts?.also ?? [])].flatMap((entry) => endOfOverride(entry, facts?.now ?? now)),
  ]);
}

/** One that ended before the plan was made changes nothing any more. */
function endOfOverride(entry: LocalPolicy | undefined, planned: Instant): readonly Instant[] {
  const until = entry?.override?.until;
  return until === undefined || until <= planned ? [] : [until];
}

/** The resolver and the cache of policies remember for longer what may be remembered. */
const KEPT: Millis = 60_000;
/** What a failed look-up led to; so that a client that asks again and again does not make us do so too. */
const WAIT_KEPT: Millis = 5000;
const MOST_REASONS = 20;
