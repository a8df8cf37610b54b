import type { Instant } from "../base/mod.ts";

/** Whether a chain of signatures from a trust anchor covers the answer (RFC 4035 §4.3). */
export type Security = "secure" | "insecure";

/** A name as DNS has it, in presentation form without the trailing dot; unlike `Domain` it may hold underscores and escapes. */
export type DnsName = string;

/** One alias that was followed, with its own security (RFC 7672 §2.1.3 asks for each). */
export interface Alias {
  readonly owner: DnsName;
  readonly target: DnsName;
  readonly security: Security;
}

/**
 * An answer carries its proof. `name` is the name that was asked; the records belong to the last target of `chain`. A failure is never an absence: `nodata` and `nxdomain` are answers, `failure` is none.
 */
export type Answer<T> = { readonly name: DnsName; readonly chain: readonly Alias[] } & (
  | { readonly kind: "data"; readonly security: Security; readonly records: readonly T[]; readonly expires?: Instant }
  | { readonly kind: "nodata" | "nxdomain"; readonly security: Security; readonly expires?: Instant }
  | { readonly kind: "failure"; readonly cause: "bogus" | "unavailable"; readonly detail: string }
);

export interface Mx {
  readonly preference: number;
  /** "" is the root: a null MX (RFC 7505 §3). */
  readonly exchange: DnsName;
}

export interface Tlsa {
  readonly usage: number;
  readonly selector: number;
  readonly matching: number;
  readonly data: Uint8Array;
}

/** What each question type yields. Types with no entry here are asked for as raw records inside `dns/` alone. */
export interface RecordTypes {
  MX: Mx;
  /** Textual IPv4 address. */
  A: string;
  /** Textual IPv6 address in RFC 5952 form. */
  AAAA: string;
  /** One element per record; the character strings are joined (RFC 7208 §3.3). */
  TXT: string;
  TLSA: Tlsa;
  CNAME: DnsName;
  PTR: DnsName;
  NS: DnsName;
  SRV: { readonly priority: number; readonly weight: number; readonly port: number; readonly target: DnsName };
}

export type RecordType = keyof RecordTypes;

export interface QueryOptions {
  readonly signal?: AbortSignal;
  /** Asks anew even when a stored answer is fresh. */
  readonly noCache?: boolean;
}

/** The port through which everything asks DNS. Never rejects for what DNS says or fails to say; only for an abort. */
export interface Resolver {
  query<T extends RecordType>(name: DnsName, type: T, options?: QueryOptions): Promise<Answer<RecordTypes[T]>>;
}
