/** Who or what asked for, or lowered, protection; kept with every decision so that it can be explained. */
export interface Because {
  readonly source:
    | "default"
    | "local"
    | "requiretls"
    | "tls-required-no"
    | "dane"
    | "mta-sts"
    | "list"
    | "submitter"
    | "dns";
  /** One clause for people, without a final period. */
  readonly says: string;
  /** The document section that the rule comes from, e.g. "RFC 8461 §5". */
  readonly rule?: string;
}

/** What a message itself asks of its transport; part of the envelope, on disk, on every copy. */
export interface TlsDemand {
  readonly level: "may" | "encrypt" | "secure";
  /** Mechanisms that satisfy `secure`; absent means any. */
  readonly by?: readonly ("dane" | "webpki")[];
  /** How the MX name must have been learnt; `dnssec-or-sts` is what REQUIRETLS asks (RFC 8689 §4.2.1). */
  readonly mxAuthentic?: "dnssec" | "dnssec-or-sts";
  /** REQUIRETLS: the next hop must promise the same (RFC 8689 §4.2). */
  readonly propagate: boolean;
  /** The sender prefers delivery over transport security (RFC 8689 §4.1). */
  readonly tlsOptional?: boolean;
  readonly because: readonly Because[];
}

export const NO_DEMAND: TlsDemand = { level: "may", propagate: false, because: [] };
