import type { Clock } from "../base/mod.ts";
import type { Answer, DnsName, QueryOptions, RecordType, RecordTypes, Resolver } from "../dns/mod.ts";
import { publish } from "../observe/mod.ts";

/** The same resolver, which tells of every look-up what it came to and how long it took. */
export function watchedResolver(inner: Resolver, clock: Pick<Clock, "monotonic">): Resolver {
  return {
    async query<T extends RecordType>(name: DnsName, type: T, options?: QueryOptions): Promise<Answer<RecordTypes[T]>> {
      const since = clock.monotonic();
      const answer = await inner.query(name, type, options);
      const result = answer.kind === "failure" ? answer.cause : answer.security;
      publish("hopseal:resolved", { type, result, took: clock.monotonic() - since });
      return answer;
    },
  };
}
