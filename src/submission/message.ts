import type { Bytes } from "../base/mod.ts";
import type { Envelope, Mailbox, Notify, ReversePath, TlsDemand } from "../mail/mod.ts";

/** A message handed in on this machine. */
export interface LocalMessage {
  readonly from: ReversePath;
  readonly to: readonly Mailbox[];
  readonly demand: TlsDemand["level"];
  /** What notices the sender wants (RFC 3461 §4); `notify` is for every recipient. */
  readonly dsn?: Envelope["dsn"] & { readonly notify?: Notify };
  /** RFC 5322 text; lines may end in LF. */
  readonly content: Bytes;
}
