/**
 * The validating resolver: a security-aware stub (RFC 4033 §6, §7). It asks recursive resolvers with CD set, so it gets
 * even what they hold for bogus, and judges for itself. A look-up follows aliases link by link; each record set is
 * checked by the keys of the zone that signed it (`validate.ts`), each absence by that zone's denial (`negative.ts`).
 * The keys of a zone are trusted when the DS set in the zone above vouches for them, and so on up to an anchor
 * (`trust.ts`). What nobody signed is insecure only where a zone above proves that it delegates to an unsigned one;
 * everything else is bogus. The walk is pure; `driver.ts` asks on its behalf.
 */
import type { Result } from "../../base/mod.ts";
import type { Answer, DnsName, QueryOptions, RecordType, RecordTypes } from "../answer.ts";
import type { AlgorithmPolicy } from "../dnssec/algorithms.ts";
import { standardAlgorithms } from "../dnssec/algorithms.ts";
import type { TrustAnchors } from "../dnssec/anchors.ts";
import type { ValidationLimits } from "../dnssec/limits.ts";
import { newBudget, STANDARD_LIMITS } from "../dnssec/limits.ts";
import type { Name, NameFault } from "../wire/name.ts";
import { parseName } from "../wire/name.ts";
import { TYPE } from "../wire/types.ts";
import { drive } from "./driver.ts";
import { lookup } from "./lookup.ts";
import { typedAnswer } from "./typed.ts";
import type { ExpiringCache, Lookup, ProvingResolver, ResolveLimits, ValidatorPorts } from "./types.ts";
import type { KnownZone, WalkContext } from "./walk.ts";

export interface ValidatorOptions extends ValidatorPorts {
  readonly anchors: TrustAnchors;
  readonly policy?: AlgorithmPolicy;
  readonly validation?: ValidationLimits;
  readonly limits?: ResolveLimits;
  /** Zones whose keys, or whose lack of them, were proved. Without it each look-up starts at the anchor. */
  readonly zones?: ExpiringCache<KnownZone>;
  /** Whole answers with their proof; failures never enter. */
  readonly answers?: ExpiringCache<Lookup>;
}

/** A resolver that validates every answer itself, whatever its servers claim (RFC 4035 §5; never AD). */
export function validatingResolver(options: ValidatorOptions): ProvingResolver {
  const { clock, answers } = options;
  const find = async (name: DnsName, type: number, query: QueryOptions = {}): Promise<Lookup> => {
    query.signal?.throwIfAborted();
    const parsed: Result<Name, NameFault> = parseName(name);
    if (!parsed.ok) return noName(name, parsed.error);
    const key = `${type} ${parsed.value.key}`;
    const known = query.noCache === true ? undefined : answers?.get(key);
    if (known !== undefined) return known;
    const limits = options.limits ?? RESOLVE_LIMITS;
    const walk = lookup(parsed.value, type, { context: contextOf(options, query), aliases: limits.aliases });
    const found = await drive(walk, {
      exchange: options.exchange,
      clock,
      queries: limits.queries,
      deadline: limits.deadline,
      ...query,
    });
    const { answer } = found;
    if (answer.kind !== "failure" && answer.expires !== undefined) answers?.set(key, found, answer.expires);
    return found;
  };
  return {
    lookup: find,
    async query<T extends RecordType>(name: DnsName, type: T, query?: QueryOptions): Promise<Answer<RecordTypes[T]>> {
      const { answer } = await find(name, TYPE[type], query);
      return typedAnswer(type, answer);
    },
  };
}

function contextOf(
  { anchors, policy, validation, clock, zones }: ValidatorOptions,
  { noCache }: QueryOptions,
): WalkContext {
  return {
    anchors,
    policy: policy ?? standardAlgorithms,
    now: clock.now(),
    budget: newBudget(validation ?? STANDARD_LIMITS),
    zones: zones === undefined || noCache === true ? zonesOfOneLookup(zones) : zones,
  };
}

/** Forgets all that was known before, since it may be what is stale; what is found is kept for those who come after. */
function zonesOfOneLookup(kept?: ExpiringCache<KnownZone>): ExpiringCache<KnownZone> {
  const zones = new Map<string, KnownZone>();
  return {
    get: (key) => zones.get(key),
    set(key, zone, expires) {
      zones.set(key, zone);
      kept?.set(key, zone, expires);
    },
  };
}

function noName(name: DnsName, fault: NameFault): Lookup {
  const detail = `"${name}" is no domain name: ${fault}`;
  const proof = { kind: "answer" as const, subject: name, verdict: "unavailable" as const, detail, children: [] };
  return { answer: { name, chain: [], kind: "failure", cause: "unavailable", detail }, proof };
}

/** One question may not keep the program busy: 60 messages, 8 aliases, 20 seconds. */
export const RESOLVE_LIMITS: ResolveLimits = { queries: 60, aliases: 8, deadline: 20_000 };
