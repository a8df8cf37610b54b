import type { Branded, Instant } from "../base/mod.ts";
import type { Security, Tlsa } from "../dns/mod.ts";
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

/** Each rung is a new connection; plaintext is a rung or it does not exist. */
export type Rung = { readonly kind: "tls"; readonly hello: "full" | "small" } | { readonly kind: "plaintext" };

/** How the connection reaches TLS: by STARTTLS, or at once (RFC 8314 §3). */
export type TlsMode = "starttls" | "implicit";

/** What one policy expects of the connection. */
export interface Expectation {
  readonly policy: PolicyRef;
  readonly expectation: TlsFloor;
}

/** Made before dialling, one per host, unchanged through every retry and fallback. */
export interface Proceed {
  readonly kind: "proceed";
  /** The level that was wanted once all sources were heard; for logs and reports, the floor is what binds. */
  readonly level?: TlsDemand["level"];
  /** At least every expectation in `enforced`. */
  readonly floor: TlsFloor;
  /** The next hop must advertise REQUIRETLS (RFC 8689 §4.2.1). */
  readonly requireTls?: boolean;
  readonly sni: Domain | null;
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
  readonly status: Status;
  readonly because: readonly Because[];
}
export type TlsDecision = Proceed | Refuse;

/** An entry of `[[tls_policy]]`. */
export interface LocalPolicy {
  /** The recipient domain as the sender wrote it, or the fixed next hop of a route; ".pine.example" covers subdomains. */
  readonly destination: string;
  readonly level: "may" | "encrypt" | "secure";
  readonly mx?: readonly NamePattern[];
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
  readonly now: Instant;
}

/** One named finding for every policy that was checked, on success too. */
export interface Finding {
  readonly policy: PolicyRef;
  readonly enforced: boolean;
  readonly ok: boolean;
  readonly detail: string;
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
