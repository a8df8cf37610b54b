import type { Bytes, Instant } from "../base/mod.ts";
import type { Domain, Envelope, Mailbox, Origin, Recipient, TlsDemand } from "../mail/mod.ts";
import type { Status } from "../status/mod.ts";
import type { Action } from "./wishes.ts";

/** Notices of one kind about one message travel as one; `success` covers delivered, relayed and expanded. */
export type NoticeKind = "failure" | "delay" | "success";

export interface ReportedRecipient {
  readonly recipient: Recipient;
  readonly action: Action;
  readonly status: Status;
  /** When a delivery was last tried; absent for what needs none. */
  readonly lastAttempt?: Instant;
  /** Until when it is tried again; for `delayed` alone. */
  readonly retryUntil?: Instant;
}

/** The message that a notice is about, as far as a notice says anything of it. */
export interface Original {
  /** Its queue id. */
  readonly id: string;
  readonly arrivedAt: Instant;
  /** RET and ENVID, decoded (RFC 3461 §4.3, §4.4). */
  readonly dsn: Envelope["dsn"];
  readonly demand: TlsDemand;
  readonly origin: Origin;
  /** The beginning of its content, at least as much as holds its header; empty when it could not be read. */
  readonly start: Bytes;
  /** `start` is all of it. */
  readonly complete: boolean;
}

export interface NoticeParts {
  /** The queue id of the notice itself; also the left side of its Message-ID. */
  readonly id: string;
  readonly reportingMta: Domain;
  /** The author. */
  readonly from: Mailbox;
  /** The sender of the original, by its envelope. */
  readonly to: Mailbox;
  readonly at: Instant;
  readonly kind: NoticeKind;
  /** At least one. */
  readonly recipients: readonly ReportedRecipient[];
  readonly original: Original;
  /** The Received field of the notice, with its CRLF. */
  readonly trace: string;
}

/** A notice ready to be queued: its one recipient makes one unit. */
export interface Notice {
  readonly envelope: Envelope;
  readonly body: Bytes;
}
