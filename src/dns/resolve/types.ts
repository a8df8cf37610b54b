import type { Clock, Instant, Millis } from "../../base/mod.ts";
import type { Answer, DnsName, QueryOptions, Resolver, Security } from "../answer.ts";
import type { Exchange } from "../wire/exchange.ts";
import type { RawRecord } from "../wire/message.ts";

/** A resolver that can also say how it knows. */
export interface ProvingResolver extends Resolver {
  /** Any type by number, raw records, and the chain of trust. Rejects only for an abort. */
  lookup(name: DnsName, type: number, options?: QueryOptions): Promise<Lookup>;
}

export interface Lookup {
  readonly answer: Answer<RawRecord>;
  readonly proof: ProofNode;
}

/** What a proof step came to; `failure` of an answer is `bogus` or `unavailable` here. */
export type Verdict = Security | "bogus" | "unavailable";

/** One node of the chain of trust: a record set, key set, delegation or denial, and what it rests on. */
export interface ProofNode {
  readonly kind: "answer" | "alias" | "records" | "denial" | "keys" | "delegation" | "anchor";
  /** Such as `rook.example. DNSKEY`. */
  readonly subject: string;
  readonly verdict: Verdict;
  /** The signature, digest or denial used, or what failed. */
  readonly detail: string;
  /** What this step rests on: the parts of an answer, else the step towards the anchor. */
  readonly children: readonly ProofNode[];
}

/** A store that forgets: `get` gives nothing at or after `expires`. Bounded by its maker. */
export interface ExpiringCache<V> {
  get(key: string): V | undefined;
  set(key: string, value: V, expires: Instant): void;
}

/** What a resolver may spend on one question. */
export interface ResolveLimits {
  /** Messages asked for one look-up, aliases, keys and delegations included. */
  readonly queries: number;
  /** Aliases followed. */
  readonly aliases: number;
  readonly deadline: Millis;
}

export interface ValidatorPorts {
  readonly exchange: Exchange;
  readonly clock: Clock;
}
