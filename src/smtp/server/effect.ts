import type { Bytes } from "../../base/mod.ts";
import type { ContentFacts } from "../../mail/mod.ts";
import type { Limit } from "../../observe/mod.ts";
import type { Status } from "../../status/mod.ts";
import type { MailRequest, Peer, RcptRequest } from "./reception.ts";

/** What a session wants done, in order. An `ask-…`, `finish` or `start-tls` is always the last of its step. */
export type ServerEffect =
  /** Octets for the client, with CRLF, and the outcome that they tell where there is one. */
  | { readonly kind: "reply"; readonly wire: string; readonly status?: Status }
  | { readonly kind: "ask-admission"; readonly peer: Peer }
  | { readonly kind: "ask-sender"; readonly peer: Peer; readonly request: MailRequest }
  | { readonly kind: "ask-recipient"; readonly request: RcptRequest }
  | { readonly kind: "ask-sink" }
  | { readonly kind: "write"; readonly octets: Bytes }
  | { readonly kind: "finish"; readonly facts: ContentFacts }
  | { readonly kind: "abort" }
  /** The transaction is over; comes exactly once for each sender that was accepted. */
  | { readonly kind: "reset" }
  /**
   * Say `ready` and do the handshake; octets that are in the buffer by then end the connection (RFC 3207 §4.2). Where no
   * certificate can be had, `ready` is not said and the session is told.
   */
  | { readonly kind: "start-tls"; readonly ready: string }
  /** A bound ended this session. */
  | { readonly kind: "limited"; readonly limit: Limit; readonly text: string }
  /** `flush` sends what was said before; otherwise nothing more is said. */
  | { readonly kind: "close"; readonly flush: boolean };

export interface Step<S> {
  readonly state: S;
  readonly effects: readonly ServerEffect[];
}
