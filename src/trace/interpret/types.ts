import type { Instant } from "../../base/mod.ts";
import type { Protocol, ReceivedBy, Software } from "../parse/types.ts";

/** Where a value comes from, and how far it can be believed. The definition is docs/received.md. */
export interface Basis {
  /** clause: a clause says so. comment: a comment says so. convention: the writer's known habits. absent: not said. */
  readonly source: "clause" | "comment" | "convention" | "absent";
  readonly confidence: "asserted" | "inferred" | "unknown";
}

/** One Received field, interpreted. Index 0 is the newest hop. */
export interface Hop {
  readonly index: number;
  readonly raw: string;
  readonly software: Software | null;
  readonly syntax: "5321" | "5322" | "broken";
  readonly syntaxErrors: readonly string[];
  readonly from?: HopFrom;
  readonly by?: ReceivedBy;
  readonly via?: string;
  readonly protocol?: Protocol;
  readonly id?: string;
  readonly for?: readonly string[];
  readonly envelopeFrom?: string;
  readonly tls: HopTls;
  readonly auth: HopAuth;
  readonly time: HopTime;
  /** The time from the next older hop to this one. */
  readonly delay: HopDelay;
  /** ours: written and received inside. neighbour: written by us about a stranger. claimed: written by others. */
  readonly trust: "ours" | "neighbour" | "claimed";
  readonly contradictions: readonly FindingCode[];
  readonly basis: Readonly<
    Record<"helo" | "rdns" | "ip" | "by" | "protocol" | "tls" | "auth" | "time" | "software", Basis>
  >;
}

export interface HopFrom {
  readonly helo?: string;
  readonly rdns?: string;
  /** null: the writer does not say, and its habits are not known. */
  readonly rdnsConfirmed?: boolean | null;
  readonly ip?: string;
  readonly port?: number;
  /** The user that the client's ident service named (RFC 1413), or the local user who handed the message over. */
  readonly ident?: string;
  readonly helo_cmd?: "EHLO" | "HELO" | "LHLO";
}

/** The channel only: the receiving side cannot know whether the client checked its certificate. */
export interface HopTls {
  readonly state: "tls" | "cleartext" | "unknown" | "local";
  readonly version?: string;
  /** As written. */
  readonly cipher?: string;
  readonly cipherIana?: string;
  readonly group?: string;
  readonly bits?: number;
  readonly clientCert?: "none" | "presented" | "verified" | "failed";
  readonly sni?: string;
  /** The key exchange has a post-quantum part; absent when the group is not told. */
  readonly postQuantum?: boolean;
  readonly weaknesses: readonly TlsWeakness[];
  readonly evidence: readonly Evidence[];
}

export type TlsWeakness =
  | "anonymous"
  | "null-cipher"
  | "export"
  | "rc4"
  | "3des"
  | "des"
  | "old-version"
  | "no-forward-secrecy";

export interface Evidence {
  readonly source: Basis["source"];
  readonly text: string;
  readonly confidence: Basis["confidence"];
}

export interface HopAuth {
  readonly state: "authenticated" | "none" | "unknown";
  readonly mechanism?: string;
  /** "(redacted)" unless users are asked for. */
  readonly user?: string;
}

export interface HopTime {
  readonly instant?: Instant;
  /** Minutes east of UTC. */
  readonly offset?: number;
  readonly zoneText?: string;
  readonly quality: "ok" | "no-offset" | "obsolete" | "missing" | "bad";
}

export interface HopDelay {
  /** As the two clocks say; may be negative. */
  readonly seconds?: number;
  /** With a negative difference read as clock skew. */
  readonly corrected?: number;
  readonly kind: "ok" | "negative" | "unknown";
  readonly label?: "under a minute" | "under 5 minutes" | "under an hour" | "queued or greylisted";
}

export type FindingCode =
  | "FROM_BY_GAP"
  | "WITH_S_NO_TLS_COMMENT"
  | "TLS_COMMENT_BUT_PLAIN_WITH"
  | "TLS_WEAK"
  | "TIME_REVERSED"
  | "FUTURE_DATE"
  | "OFFSET_IMPOSSIBLE"
  | "BY_LITERAL_MISMATCH"
  | "AUTH_ON_MX"
  | "PRIVATE_IP_AFTER_PUBLIC"
  | "DUPLICATE_ID"
  | "LOOP"
  | "TOO_MANY"
  | "FOR_MULTIPLE"
  | "FORGED_OUR_NAME"
  | "FORGED_OUR_RESULTS"
  | "HELO_IP_MISMATCH"
  | "IMITATED_CLAUSE";

export interface Finding {
  readonly code: FindingCode;
  /** warn: worth a look by itself. info: common in honest mail. */
  readonly level: "info" | "warn";
  readonly index: number;
  readonly detail: string;
}

export type Strength = "cleartext" | "unknown" | "weak" | "tls" | "post-quantum";

export interface WeakestLink {
  readonly index: number;
  readonly strength: Strength;
}

/** A statement about the fields our hosts wrote, and one about the fields that others claim to have written. */
export interface FactsAndClaims<T> {
  readonly facts: T;
  readonly claims: T;
}

/** A field of another kind and the hop that added it. */
export interface Mark {
  readonly field:
    | "authentication-results"
    | "arc-seal"
    | "arc-message-signature"
    | "arc-authentication-results"
    | "dkim-signature"
    | "received-spf"
    | "tls-required";
  /** The hop whose host added it: that of the next Received field below. null: there is none below, so the origin did. */
  readonly addedBy: number | null;
  /** asserted: the field names that host itself. */
  readonly confidence: Basis["confidence"];
  readonly trust: Hop["trust"];
  /** Authentication-Results: the authserv-id. Signatures: the domain. */
  readonly domain?: string;
  readonly selector?: string;
  /** ARC: the number of the set. */
  readonly instance?: number;
  readonly chain?: string;
  readonly results?: readonly { readonly method: string; readonly result: string; readonly detail: string }[];
}

/** What a message tells of its way. */
export interface Path {
  readonly hops: readonly Hop[];
  /** The oldest hop that our hosts wrote; -1 when there is none. */
  readonly trustBoundaryIndex: number;
  readonly weakestTls: FactsAndClaims<WeakestLink | null>;
  readonly allTls: FactsAndClaims<"yes" | "no" | "unknown">;
  readonly totalDelay: HopDelay;
  /** Lower bounds, from times that run backwards; which of two clocks is wrong is not known. */
  readonly skewEstimates: readonly {
    readonly host: string;
    readonly atLeastSeconds: number;
    readonly clock: "fast" | "slow";
  }[];
  /** The hop where the message entered the mail system, if a field tells. */
  readonly submission?: { readonly index: number; readonly how: "authenticated" | "local" | "web" };
  readonly marks: readonly Mark[];
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}

export interface InterpretOptions {
  /** Our hosts: names, ".domain" for all names below one, addresses, or networks such as "192.0.2.0/24". */
  readonly ours?: readonly string[];
  /** Now, to find dates in the future. */
  readonly now?: Instant;
  /** Tell the names of authenticated users. */
  readonly showUsers?: boolean;
}
