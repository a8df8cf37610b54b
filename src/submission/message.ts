import type { Bytes } from "../base/mod.ts";
import type { Mailbox, ReversePath, TlsDemand } from "../mail/mod.ts";

/** A message handed in on this machine. */
export interface LocalMessage {
  readonly from: ReversePath;
  readonly to: readonly Mailbox[];
  readonly demand: TlsDemand["level"];
  /** RFC 5322 text; lines may end in LF. */
  readonly content: Bytes;
}
