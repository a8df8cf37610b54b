import type { Branded, Instant } from "../base/mod.ts";
import type { Answer, Security, Tlsa } from "../dns/mod.ts";
import type { Because, Domain, TlsDemand } from "../mail/mod.ts";
import type { Status } from "../status/mod.ts";
import type { Handshake, TlsSession } from "../tls/mod.ts";

export type { Because, TlsDemand } from "../mail/mod.ts";

/** Which policy was in play; named in logs, reports and evidence. */
export interface PolicyRef {
  readonly source: Because["source"];
  readonly domain: string;
  readonly id?: string;
}

/** `mx.pine.example` or `*.pine.example` (left-most label only, RFC 9525 §6.3). */
export type NamePattern = Branded<string, "NamePattern">;

/** A pinned certificate or public key. */
export interface Pin {
  readonly of: "certificate" | "spki";
  readonly sha256: Uint8Array;
}

/** The least that a connection must prove. Order: any < encrypted < authenticated; the three kinds of proof are incomparable. */
export type TlsFloor =
  | { readonly kind: "any" }
  | { readonly kind: "encrypted" }
  | {
      readonly kind: "authenticated";
      readonly by: "dane";
      readonly tlsa: readonly Tlsa[];
      readonly names: readonly Domain[];
    }
  | { readonly kind: "authenticated"; readonly by: "webpki"; readonly names: readonly NamePattern[] }
  | { readonly kind: "authenticated"; readonly by: "pin"; readonly pins: readonly Pin[] };

/**
 * Each rung is a new connection; plaintext is a rung or it does not exist. Where it does, a connection whose host offers no
 * STARTTLS stands for it too.
 */
export type Rung = { readonly kind: "tls"; readonly hello: "full" | "small" } | { readonly kind: "plaintext" };

/** How the connection reaches TLS: by STARTTLS, or at once (RFC 8314 §3). */
export type TlsMode = "starttls" | "implicit";

/** What one policy expects of the connection. */
export interface Expectation {
  readonly policy: PolicyRef;
  readonly expectation: TlsFloor;
}

/**
 * How the host's name came to be known, the axis beside the level of TLS: `own` was never learnt from an MX answer,
 * `dnssec`, `local` and `sts` say what vouches for the MX answer, and `none` that nothing does.
 */
export type MxAuthenticity = "own" | "dnssec" | "local" | "sts" | "none";

/** The wanted half of the `tls=` word: a level, or the source that asked for more than any level that was set. */
export type WantedWord = TlsDemand["level"] | "dane" | "sts" | "list";

/** Made before dialling, one per host, unchanged through every retry and fallback. */
export interface Proceed {
  readonly kind: "proceed";
  /** The level that was wanted once all sources were heard; for logs and reports, the floor is what binds. */
  readonly level?: TlsDemand["level"];
  /** At least every expectation in `enforced`. */
  readonly floor: TlsFloor;
  /** The next hop must advertise REQUIRETLS (RFC 8689 §4.2.1); `false` when the operator takes it as less. */
  readonly requireTls?: boolean;
  readonly wanted?: WantedWord;
  readonly mx?: MxAuthenticity;
  /** When it was made; certificates are judged as of then where no other time is given. */
  readonly at?: Instant;
  /** Findings that needed no connection, such as a policy that could not be fetched. */
  readonly known?: readonly Finding[];
  readonly sni: Domain | null;
  /** How keys may be agreed upon; `ephemeral` has forward secrecy. */
  readonly keys: "any" | "ephemeral";
  readonly ladder: readonly [Rung, ...Rung[]];
  /** What each policy in force expects by itself. */
  readonly enforced?: readonly Expectation[];
  /** Verified and reported, not enforced. */
  readonly observe: readonly Expectation[];
  readonly policies: readonly PolicyRef[];
  readonly because: readonly Because[];
}
export interface Refuse {
  readonly kind: "skip-host" | "defer";
  readonly level?: TlsDemand["level"];
  readonly wanted?: WantedWord;
  readonly status: Status;
  /** Of the policies that ruled the host out, and those that needed no connection. */
  readonly findings?: readonly Finding[];
  readonly because: readonly Because[];
}
export type TlsDecision = Proceed | Refuse;

/** An entry of `[[tls_policy]]`. */
export interface LocalPolicy {
  /** The recipient domain as the sender wrote it, or the fixed next hop of a route; ".pine.example" covers subdomains. */
  readonly destination: string;
  readonly level: "may" | "encrypt" | "secure";
  readonly mx?: readonly NamePattern[];
  /** Mechanisms that satisfy `secure`; absent means any. */
  readonly by?: readonly ("dane" | "webpki")[];
  /** Pinned certificates or keys, any of which satisfies `secure`; replaces `by`. */
  readonly pins?: readonly Pin[];
  /** May weaken, until `until`. */
  readonly override?: { readonly until: Instant };
}

/** The host that is about to be dialled and how its name was learnt. */
export interface NextHost {
  readonly name: string;
  /** An IP literal has no name to authenticate. */
  readonly literal: boolean;
  readonly port: number;
  readonly mode: TlsMode;
  /** `configured` is a fixed next hop; the others come from the MX answer of the destination. */
  readonly learnt: "configured" | "mx" | "implicit-mx" | "literal";
  readonly mxSecurity: Security;
}

/** All that the sources found for one recipient domain and one host. */
export interface TlsFacts {
  /** The recipient domain as the sender wrote it; never an MX host or a CNAME target. */
  readonly destination: string;
  readonly host: NextHost;
  readonly local?: LocalPolicy;
  /** Further local floors: of the fixed next hop and of the route that names it. */
  readonly also?: readonly LocalPolicy[];
  /** Absent: nobody looked, for DANE is switched off. */
  readonly dane?: DaneFacts;
  /** Absent: nobody looked, for MTA-STS is switched off. */
  readonly sts?: StsFacts;
  readonly list?: ListFacts;
  /** How the published policies are to be taken; default: as they say. */
  readonly taking?: Taking;
  readonly now: Instant;
}

/** What an operator may change about what is published (`[policy]`): `audit` verifies and reports, and enforces nothing. */
export interface Taking {
  readonly dane: "enforce" | "audit";
  readonly sts: "enforce" | "audit";
  readonly list: "enforce" | "audit";
  /** A bogus `_mta-sts` holds mail back. */
  readonly stsStrict: boolean;
  /** Uses TLSA records of a signed host that an insecure MX answer names (RFC 7672 §2.2.1). */
  readonly daneInsecureMx: boolean;
  /** What REQUIRETLS asks for: all of RFC 8689, encryption only, or what can be had. Only the first conforms. */
  readonly requireTls: "enforce" | "encrypt" | "opportunistic";
  /** Decides as if everything published were audited only; for a first look at a new installation. */
  readonly discover: boolean;
}

/** What DNS proved about TLSA records of one host (RFC 7672 §2.2). */
export type DaneFacts =
  /** DANE cannot speak here: no DNSSEC, a literal. */
  | { readonly kind: "off"; readonly why: string }
  /** Proved: the names are not signed, or signed and without TLSA records. */
  | { readonly kind: "absent"; readonly why: string; readonly expires?: Instant }
  /** Secure TLSA records, none of which can be used: TLS without authentication (RFC 7672 §2.2). */
  | {
      readonly kind: "unusable";
      readonly base: Domain;
      readonly records: readonly Tlsa[];
      readonly mx: Security;
      readonly expires?: Instant;
    }
  | {
      readonly kind: "usable";
      readonly base: Domain;
      /** What is left after digest agility (RFC 7671 §9). */
      readonly records: readonly Tlsa[];
      /** Reference identifiers for DANE-TA (RFC 7672 §3.2.2). */
      readonly names: readonly Domain[];
      /** `insecure`: the MX answer was, and the host's own records are used as a stated option. */
      readonly mx: Security;
      readonly expires?: Instant;
    }
  /** It could not be found out: the host must not be used (RFC 7672 §2.1.1). */
  | { readonly kind: "failed"; readonly cause: "bogus" | "unavailable"; readonly detail: string };

/** What the DANE source needs to know before it asks for TLSA records. */
export interface DaneQuestion {
  /** The recipient domain or fixed next hop as written; `expanded` where its aliases led (RFC 7672 §2.2.1). */
  readonly destination: string;
  readonly expanded?: string;
  readonly host: NextHost;
  /** The AAAA and A answers, asked before any TLSA question (RFC 7672 §2.2.2). */
  readonly addresses: readonly Answer<string>[];
}

/** What is known of the MTA-STS policy of a recipient domain (RFC 8461). */
export type StsFacts =
  /** Nothing is published and nothing is stored. */
  | { readonly kind: "none"; readonly why: string }
  | {
      readonly kind: "policy";
      readonly mode: "enforce" | "testing" | "none";
      readonly mx: readonly NamePattern[];
      readonly id: string;
      /** The lines of the policy, for reports (RFC 8460 §4.4). */
      readonly lines: readonly string[];
      readonly expires: Instant;
      /** A newer policy was announced and could not be had; the stored one stands (RFC 8461 §5.1). */
      readonly trouble?: StsTrouble;
    }
  /** Something is or may be published, it could not be had, and nothing is stored (RFC 8461 §3.3). */
  | { readonly kind: "failed"; readonly trouble: StsTrouble };

export interface StsTrouble {
  /** Where it ended; `dns-bogus` is a failed DNSSEC proof of the record. */
  readonly at: "dns" | "dns-bogus" | "fetch" | "webpki" | "invalid";
  readonly detail: string;
}

/** What a STARTTLS-Everywhere list says of a recipient domain, or of a fixed next hop. */
export type ListFacts =
  | { readonly kind: "none" }
  | {
      readonly kind: "policy";
      readonly mode: "enforce" | "testing";
      readonly mx: readonly NamePattern[];
      /** Names the list, by its author or file. */
      readonly list: string;
      readonly expires: Instant;
      /** The operator wants this list verified and reported only. */
      readonly audited?: boolean;
    };

/** The sources that need look-ups; shells answer them. They reject only for an abort. */
export interface PolicySources {
  dane(question: DaneQuestion, signal?: AbortSignal): Promise<DaneFacts>;
  /** `refetch` looks for a new policy even if the stored one is fresh, before a message is failed for good (RFC 8461 §5.1). */
  sts(domain: Domain, options?: { readonly signal?: AbortSignal; readonly refetch?: boolean }): Promise<StsFacts>;
  list(domain: Domain): ListFacts;
}

/** What a TLS report calls an outcome (RFC 8460 §4.3). */
export type TlsResult =
  | "starttls-not-supported"
  | "certificate-host-mismatch"
  | "certificate-expired"
  | "certificate-not-trusted"
  | "validation-failure"
  | "tlsa-invalid"
  | "dnssec-invalid"
  | "dane-required"
  | "sts-policy-fetch-error"
  | "sts-policy-invalid"
  | "sts-webpki-invalid";

/** One named finding for every policy that was checked, on success too. */
export interface Finding {
  readonly policy: PolicyRef;
  readonly enforced: boolean;
  readonly ok: boolean;
  readonly detail: string;
  /** For reports, when not ok. */
  readonly result?: TlsResult;
}

/** Only `confirmPeer` makes one. */
export type PeerProof = Branded<
  {
    readonly kind: "tls";
    readonly session: TlsSession;
    readonly satisfied: readonly ("encrypted" | "dane" | "webpki" | "pin")[];
    readonly findings: readonly Finding[];
    /** What was seen, so that another decision can be asked of the same connection. */
    readonly seen?: Handshake;
  },
  "PeerProof"
>;
/** Only `allowPlaintext` makes one, from a decision whose ladder has that rung. */
export type PlaintextAllowed = Branded<
  { readonly kind: "plaintext"; readonly findings: readonly Finding[] },
  "PlaintextAllowed"
>;
/** Only `admit` makes one; MAIL FROM needs it. */
export type Admitted = Branded<
  { readonly proof: PeerProof | PlaintextAllowed; readonly decision: Proceed },
  "Admitted"
>;

export interface Rejected {
  readonly kind: "rejected";
  readonly status: Status;
  readonly findings: readonly Finding[];
}
