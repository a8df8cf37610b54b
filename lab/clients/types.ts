/**
 * Rows about hostile clients as data: what the client says at which moment, and what must come of it. The subject is our
 * server as a whole. In texts "CANARY" stands for a secret of the play, which tells its message from all others.
 */
export interface ClientScenario {
  readonly row: string;
  /** What is claimed; one line. */
  readonly claim: string;
  readonly plays: readonly ClientPlay[];
}

export interface ClientPlay {
  /** Unique in its row. */
  readonly variant: string;
  /** Plays in the same house share a daemon, one after the other. */
  readonly house?: HouseSpec;
  readonly opens?: Opening;
  /** So many clients do the same at once; default one. */
  readonly crowd?: number;
  readonly steps: readonly ClientStep[];
  /** How many messages with the canary reach a recipient, of each client; default none. A list says what is as good. */
  readonly arrives?: number | readonly number[];
  /** How many notices with the canary reach a sender; default none. */
  readonly returns?: number;
  /** Bounds that the program must tell of meanwhile. */
  readonly told?: readonly string[];
  /** Of what a recipient got. */
  readonly content?: ContentSpec;
  /** The message is left in the queue in the end. */
  readonly waits?: true;
  /** What the honest client is told instead of 250, in rows in which nobody can be served. */
  readonly nobody?: Hears;
  /** Where the honest client comes from, when the attacker's address is used up. */
  readonly honestFrom?: string;
}

export interface ContentSpec {
  readonly has?: readonly string[];
  readonly lacks?: readonly string[];
  /** No CR or LF but in pairs. */
  readonly pure?: true;
}

/** What differs in the configuration; the rest is that of an ordinary mail host. */
export interface HouseSpec {
  /** TOML of tables that the ordinary configuration has not; each may say a whole table. */
  readonly toml?: string;
  /** TOML before the first table. */
  readonly top?: string;
  /** Of the domain "house.test". */
  readonly domain?: string;
  /** What the next hop of "far.test" does; default takes everything. */
  readonly far?: FarHost;
}

/** "refuses": 550 to every recipient. The others never end the reply to EHLO, or the line that they began. */
export type FarHost = "takes" | "refuses" | "endless-reply" | "endless-line";

/** How a client begins; all but the last two read the greeting, and it must be 220. */
export type Opening =
  | { readonly kind: "clear" }
  | { readonly kind: "tls"; readonly tls?: TlsSpec }
  /** With records of TLS in reach. */
  | { readonly kind: "raw-tls" }
  /** A connection to the port in clear, or to the one in TLS, and nothing read. */
  | { readonly kind: "tcp"; readonly to: "clear" | "tls" };

export interface TlsSpec {
  readonly servername?: string;
  readonly alpn?: readonly string[];
  readonly most?: "TLSv1.2";
  /** The common name of the certificate that must be shown. */
  readonly shows?: string;
  /** The handshake must fail so. */
  readonly fails?: string;
}

/**
 * Replies are written by their codes, "250*3 354"; "end" is the end of the connection, and "none" no reply, for a message
 * that comes before one. Alternatives are as good as each other.
 */
export type Hears = string | readonly string[];

export type ClientStep =
  /** Lines, each with its own reply awaited before the next one; the codes in order. */
  | { readonly kind: "say"; readonly lines: readonly string[]; readonly hears: Hears }
  /** Octets as they are. `split`: the play is played once for every place at which they can be cut in two, and once cut all through. */
  | { readonly kind: "send"; readonly text: string; readonly hears?: Hears; readonly split?: SplitSpec }
  /** The same unit so often, as fast as it is taken; the server may keep so many octets of it. */
  | { readonly kind: "flood"; readonly unit: string; readonly times: number; readonly holds: number }
  /** One octet, then time, and so on. */
  | { readonly kind: "trickle"; readonly text: string; readonly every: number }
  | { readonly kind: "passes"; readonly span: number }
  | { readonly kind: "hears"; readonly hears: Hears }
  /** The honest client comes now; also at the end of every play, before the attacker leaves. */
  | { readonly kind: "honest" }
  /** STARTTLS was answered with 220; from now on inside TLS, where the server must say nothing of its own. */
  | { readonly kind: "starttls" }
  /** A hello of TLS with this server name, as raw octets; what comes back first. */
  | { readonly kind: "hello"; readonly name: string; readonly answer: "served" | "alert" }
  /** Below TLS: octets in clear, the end of the connection, so many KeyUpdate records. */
  | { readonly kind: "below"; readonly text: string }
  | { readonly kind: "below-end" }
  | { readonly kind: "key-updates"; readonly count: number }
  /** The end of TLS alone. */
  | { readonly kind: "close-notify" }
  | { readonly kind: "renegotiate" }
  /** Ends our half of the connection. */
  | { readonly kind: "half-close" }
  /** Reads nothing any more, and writes the unit until nothing is taken. */
  | { readonly kind: "deafen"; readonly unit: string }
  /** Nothing may be resumed: no ticket came, and a second connection with what there is makes a whole handshake. */
  | { readonly kind: "resume"; readonly most?: "TLSv1.2" }
  /** Hands in by the operator's way instead. */
  | {
      readonly kind: "submit";
      readonly from: string;
      readonly to: string;
      readonly content: string;
      readonly envid?: string;
      readonly hears: "taken" | "refused";
    };

/** Where in the text it is cut: from one octet to another; default everywhere. */
export interface SplitSpec {
  readonly from?: number;
  readonly to?: number;
}
