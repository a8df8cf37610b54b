import type { Clock, Millis } from "../../base/mod.ts";
import type { Answer, DnsName, QueryOptions, RecordType, RecordTypes } from "../answer.ts";
import { createCache } from "../cache/cache.ts";
import { typedAnswer } from "../resolve/typed.ts";
import type { Lookup, ProvingResolver } from "../resolve/types.ts";
import { TYPE } from "../wire/types.ts";

/**
 * What proves bogus is asked once more past every store: a stored message may be older than the zone's last roll-over,
 * or forged. What stays bogus is remembered for a short while, as a failure that says so.
 */
// RFC 4035 §4.7
export function secondLook(resolver: ProvingResolver, clock: Clock): ProvingResolver {
  const bad = createCache<{ readonly found: Lookup; readonly at: Millis }>({ ...BAD_STORE, longest: BAD_LASTS });

  const find = async (name: DnsName, type: number, options: QueryOptions = {}): Promise<Lookup> => {
    const key = `${type} ${name.toLowerCase()}`;
    const known = options.noCache === true ? undefined : bad.get(key, clock.monotonic());
    if (known !== undefined) return remembered(known.found, clock.monotonic() - known.at);
    const first = await resolver.lookup(name, type, options);
    if (!isBogus(first)) return first;
    const second = options.noCache === true ? first : await resolver.lookup(name, type, { ...options, noCache: true });
    const now = clock.monotonic();
    if (isBogus(second)) bad.set(key, { found: second, at: now }, { now, lasts: BAD_LASTS, octets: BAD_OCTETS });
    else bad.delete(key);
    return second;
  };

  return {
    lookup: find,
    async query<T extends RecordType>(name: DnsName, type: T, options?: QueryOptions): Promise<Answer<RecordTypes[T]>> {
      return typedAnswer(type, (await find(name, TYPE[type], options)).answer);
    },
  };
}

function isBogus({ answer }: Lookup): boolean {
  return answer.kind === "failure" && answer.cause === "bogus";
}

function remembered(found: Lookup, age: Millis): Lookup {
  if (found.answer.kind !== "failure") return found;
  const detail = `${found.answer.detail} (remembered from ${Math.round(age / 1000)} s ago)`;
  return { ...found, answer: { ...found.answer, detail } };
}

const BAD_STORE = { entries: 2_000, octets: 8 * 1024 * 1024 } as const;
const BAD_LASTS: Millis = 10_000;
const BAD_OCTETS = 2_000;
