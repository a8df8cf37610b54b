import type { Clock, Instant, Millis, Random } from "../../base/mod.ts";
import type { Domain } from "../../mail/mod.ts";
import { publish } from "../../observe/mod.ts";
import { type KnownPolicy, refreshDue, type StsMemory } from "../sources/sts.ts";
import type { StsStore } from "./sts-store.ts";

/** The stored policies, and the newest failure for each domain, which is forgotten over a restart. */
export interface StsMemories {
  of(domain: Domain): StsMemory;
  /** Takes over what a discovery that began with `before` found. What cannot be written is reported, and holds until a restart. */
  remember(domain: Domain, found: { readonly before: StsMemory; readonly after: StsMemory }): Promise<void>;
  /** The domains whose policies are to be looked at again, or have ended. */
  due(now: Instant): readonly Domain[];
}

export function stsMemories(store: StsStore, random: Random, clock: Pick<Clock, "now">): StsMemories {
  const failures = new Map<Domain, NonNullable<StsMemory["failure"]>>();
  /** How much earlier than due each policy is looked at, so that not all are at once. */
  const jitters = new Map<Domain, Millis>();
  const memoryOf = (domain: Domain): StsMemory => {
    const policy = store.get(domain)?.policy;
    const found = failures.get(domain);
    // What is of the future was written by a clock that has been set back since, and would hold for who knows how long.
    const failure = found !== undefined && found.at <= clock.now() ? found : undefined;
    return { ...(policy === undefined ? {} : { policy }), ...(failure === undefined ? {} : { failure }) };
  };
  const jitterOf = (domain: Domain, span: Millis): Millis => {
    const jitter = jitters.get(domain) ?? random.below(Math.floor(span / 10) + 1);
    jitters.set(domain, jitter);
    return jitter;
  };
  const dueAt = (domain: Domain): Instant => {
    const memory = memoryOf(domain);
    const due = refreshDue(memory);
    if (due === undefined || memory.policy === undefined) return Infinity;
    if (memory.policy.fetchedAt > clock.now() && memory.failure === undefined) return clock.now();
    return memory.failure === undefined ? due - jitterOf(domain, due - memory.policy.fetchedAt) : due;
  };
  return {
    of: memoryOf,
    async remember(domain, { before, after }) {
      const { policy, failure } = after;
      const now = store.get(domain)?.policy;
      // Somebody else fetched meanwhile: a failure must not bring the older policy back.
      if (failure !== undefined && !isSame(now, before.policy)) return;
      failures.delete(domain);
      if (failure !== undefined) failures.set(domain, failure);
      forgetOldest(failures);
      if (isSame(policy, now)) return;
      jitters.delete(domain);
      try {
        if (policy === undefined) await store.remove(domain);
        else await store.save({ domain, policy });
      } catch (error) {
        report(domain, error);
      }
    },
    due: (now) => store.list().flatMap(({ domain }) => (dueAt(domain) <= now ? [domain] : [])),
  };
}

/** Whether two are one policy, whatever end counts now. */
function isSame(left: KnownPolicy | undefined, right: KnownPolicy | undefined): boolean {
  return (
    left === right ||
    (left !== undefined && left.id === right?.id && left.fetchedAt === right.fetchedAt && left.text === right.text)
  );
}

/** Failures of domains without a policy matter for minutes; the oldest go when there are too many. */
function forgetOldest(failures: Map<Domain, unknown>): void {
  for (const domain of failures.keys()) {
    if (failures.size <= MOST_FAILURES) return;
    failures.delete(domain);
  }
}

function report(domain: Domain, error: unknown): void {
  const text = `Cannot store the MTA-STS policy of ${domain}: ${error instanceof Error ? error.message : String(error)}`;
  publish("hopseal:fault", { where: "mta-sts", text });
}

const MOST_FAILURES = 10_000;
