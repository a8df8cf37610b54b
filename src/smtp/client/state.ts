import type { Bytes, Millis } from "../../base/mod.ts";
import type { ClientExchange, ClientMechanism, Login } from "../../sasl/mod.ts";
import type { Status } from "../../status/mod.ts";
import type { Reply } from "../grammar/mod.ts";
import type { PeerName } from "./outcome.ts";
import type { Plan } from "./plan.ts";
import type { LinePlace } from "./stuff.ts";
import type { Timeouts } from "./timeouts.ts";
import type { Extensions, Outgoing, Stage, TransactionResult } from "./types.ts";

export interface ClientOptions {
  /** Our name for EHLO: a domain or an address literal. */
  readonly hostname: string;
  readonly peer: PeerName;
  /**
   * `none` speaks plaintext; `established` begins inside TLS; `starttls` sends nothing but EHLO and STARTTLS outside it;
   * `offered` is the same with a host that offers STARTTLS, and plaintext with one that does not.
   */
  readonly tls: "none" | "starttls" | "offered" | "established";
  /** Default: smtp. LMTP greets with LHLO and answers the content once per recipient (RFC 2033 §4). */
  readonly protocol?: "smtp" | "lmtp";
  /** The session is authenticated before it is ready, or fails. */
  readonly login?: boolean;
  readonly timeouts: Timeouts;
  /** `preferred` sends by BDAT wherever it is offered; `needed` only what DATA cannot carry. */
  readonly chunking: "needed" | "preferred";
  /** Octets per BDAT. */
  readonly chunkSize: number;
}

/** What lasts from one transaction to the next. */
export interface SessionFacts {
  readonly options: ClientOptions;
  /** TLS is in use. */
  readonly secured: boolean;
  readonly extensions: Extensions;
  /** MAIL commands sent, and recipient domains named (RFC 9422 §4). */
  readonly mails: number;
  readonly domains: ReadonlySet<string>;
  /** A transaction was left open at the server; RSET comes before the next MAIL. */
  readonly dirty: boolean;
}

/** Statuses by recipient, newest first; a recipient stands in it once at most. */
export interface Settled {
  readonly index: number;
  readonly status: Status;
  readonly before: Settled | undefined;
}

/** One mail transaction under way. */
export interface Transaction {
  readonly plan: Plan;
  readonly settled: Settled | undefined;
  /** Indices of accepted recipients. */
  readonly accepted: readonly number[];
  /** MAIL was accepted. */
  readonly open: boolean;
  /** Why nothing of this transaction can be delivered. */
  readonly refusal?: Status;
}

/** Every state is named for what it awaits. */
export type ClientState =
  | { readonly kind: "await-connection"; readonly session: SessionFacts }
  | { readonly kind: "await-greeting"; readonly session: SessionFacts }
  | { readonly kind: "await-ehlo"; readonly session: SessionFacts }
  | { readonly kind: "await-helo"; readonly session: SessionFacts }
  | { readonly kind: "await-starttls"; readonly session: SessionFacts }
  | { readonly kind: "await-handshake"; readonly session: SessionFacts }
  | { readonly kind: "await-login"; readonly session: SessionFacts; readonly mechanism: ClientMechanism }
  | {
      readonly kind: "await-auth";
      readonly session: SessionFacts;
      readonly exchange: ClientExchange;
      readonly initialSent: boolean;
      /** What must not stand in any status. */
      readonly secrets: readonly string[];
      /** Challenges answered. */
      readonly rounds: number;
      /** The exchange was cancelled for this reason; the reply to that is awaited. */
      readonly givenUp?: Status;
    }
  | { readonly kind: "ready"; readonly session: SessionFacts }
  | {
      readonly kind: "await-envelope";
      readonly session: SessionFacts;
      readonly transaction: Transaction;
      /** Replies that came, counted along the plan's commands. */
      readonly answered: number;
    }
  | {
      readonly kind: "await-data-content";
      readonly session: SessionFacts;
      readonly transaction: Transaction;
      readonly place: LinePlace;
      readonly sent: number;
    }
  | {
      readonly kind: "await-bdat-content";
      readonly session: SessionFacts;
      readonly transaction: Transaction;
      readonly chunks: ChunkProgress;
    }
  | {
      readonly kind: "await-end";
      readonly session: SessionFacts;
      readonly transaction: Transaction;
      /** LMTP: replies that came, counted along the accepted recipients (RFC 2033 §4.2). */
      readonly answered: number;
      /** One of them, or the only one, accepted the content. */
      readonly taken: boolean;
    }
  | { readonly kind: "await-quit"; readonly session: SessionFacts }
  | { readonly kind: "closed"; readonly session: SessionFacts; readonly why: Status };

/** How far the content has gone by BDAT. */
export interface ChunkProgress {
  /** Octets in chunks that were sent. */
  readonly sent: number;
  /** BDAT commands without a reply. */
  readonly outstanding: number;
  /** Content that is not sent yet, `heldLength` octets in all. */
  readonly held: readonly Bytes[];
  readonly heldLength: number;
  /** A block of content was asked for and has not come. */
  readonly pulling: boolean;
  /** All content has come. */
  readonly complete: boolean;
  /** A chunk was refused; the replies to the others are still awaited. */
  readonly refusal?: Status;
}

/** A transaction as the machine sees it: everything but the content's source. */
export interface TransactionRequest extends Omit<Outgoing, "open"> {
  /**
   * How a message that propagates REQUIRETLS is put to a host without it: `needed`, the default, is not at all; `wanted` is
   * without the parameter (RFC 8689 §5).
   */
  readonly requireTls?: "needed" | "wanted";
}

export type ClientInput =
  | { readonly kind: "connected" }
  | {
      readonly kind: "reply";
      readonly reply: Reply;
      /** It came before the newest command had left. */
      readonly early: boolean;
      /** Octets follow it already, a partial line included. */
      readonly more: boolean;
    }
  | { readonly kind: "reply-fault"; readonly detail: string }
  /** The handshake is done and the peer is accepted. */
  | { readonly kind: "secured" }
  | { readonly kind: "login"; readonly login: Login }
  | { readonly kind: "login-failed"; readonly detail: string }
  | { readonly kind: "transact"; readonly request: TransactionRequest }
  | { readonly kind: "content"; readonly octets: Bytes; readonly last: boolean }
  | { readonly kind: "content-failed"; readonly detail: string }
  | { readonly kind: "expired"; readonly detail: string }
  | { readonly kind: "lost"; readonly detail: string }
  | { readonly kind: "abort"; readonly status: Status }
  | { readonly kind: "quit" };

export type ClientEffect =
  | { readonly kind: "write"; readonly parts: readonly Bytes[] }
  /** Replaces the deadline before; `what` names the wait. */
  | { readonly kind: "deadline"; readonly after: Millis; readonly what: string }
  | { readonly kind: "no-deadline" }
  | { readonly kind: "start-tls" }
  /** Asks for user and password. */
  | { readonly kind: "ask-login" }
  | { readonly kind: "ready"; readonly extensions: Extensions }
  /** The session never became ready. */
  | { readonly kind: "failed"; readonly stage: Stage; readonly status: Status }
  /** Asks for the next block of content, once all writes have left. */
  | { readonly kind: "pull" }
  /** The transaction is over. */
  | { readonly kind: "done"; readonly result: TransactionResult }
  /** `politely`: what was written still goes out, then the connection ends; otherwise it is cut. */
  | { readonly kind: "close"; readonly politely: boolean };

export interface Step {
  readonly state: ClientState;
  readonly effects: readonly ClientEffect[];
}
