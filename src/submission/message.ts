import type { Bytes } from "../base/mod.ts";
import type { Envelope, Mailbox, Notify, ReversePath, TlsDemand } from "../mail/mod.ts";

/** What a local sender asks of the way beyond a level. */
export interface LocalTls {
  /** Mechanisms that satisfy "secure"; absent means any. */
  readonly by?: readonly ("dane" | "webpki")[];
  /** How the MX name must have been learnt. */
  readonly mxAuthentic?: NonNullable<TlsDemand["mxAuthentic"]>;
  /** Every further hop is to promise the same (RFC 8689 §4.3). */
  readonly requireTls?: true;
  /** Delivery before protection: the message gets `TLS-Required: No` (RFC 8689 §4.3). */
  readonly optional?: true;
}

/** A message handed in on this machine. */
export interface LocalMessage {
  readonly from: ReversePath;
  readonly to: readonly Mailbox[];
  readonly demand: TlsDemand["level"];
  readonly tls?: LocalTls;
  /** What notices the sender wants (RFC 3461 §4); `notify` is for every recipient. */
  readonly dsn?: Envelope["dsn"] & { readonly notify?: Notify };
  /** RFC 5322 text; lines may end in LF. */
  readonly content: Bytes;
}
