import type { TlsDemand } from "./demand.ts";
import type { Mailbox, ReversePath } from "./mailbox.ts";

/** BODY= of MAIL (RFC 6152 §2, RFC 3030 §3). */
export type BodyType = "7bit" | "8bitmime" | "binarymime";

/** RFC 3461 §4.1. `never` stands alone. */
export type Notify = "never" | readonly ("success" | "failure" | "delay")[];

export interface Recipient {
  readonly mailbox: Mailbox;
  /** The address as we accepted it, where an alias of ours led from it to `mailbox`. */
  readonly asked?: Mailbox;
  /** ORCPT, decoded (RFC 3461 §4.2). */
  readonly original?: { readonly type: string; readonly address: string };
  readonly notify?: Notify;
}

/** How the message came to us; for logs, trace and rules, never for TLS levels. */
export interface Origin {
  readonly kind: "mx" | "submission" | "local" | "generated";
  /** The client's IP address where there was a connection. */
  readonly client?: string;
  readonly helo?: string;
  /** The TLS of the incoming session. */
  readonly tls?: { readonly version: string; readonly cipher: string };
}

/** Everything about a message that is not its content; stored with it. */
export interface Envelope {
  readonly reversePath: ReversePath;
  readonly recipients: readonly Recipient[];
  readonly body: BodyType;
  readonly smtpUtf8: boolean;
  /** RET and ENVID (RFC 3461 §4.3, §4.4). */
  readonly dsn: { readonly ret?: "full" | "hdrs"; readonly envid?: string };
  readonly demand: TlsDemand;
  readonly origin: Origin;
  /** The authenticated identity (RFC 4954 §5), if any. */
  readonly identity?: string;
  /** Facts about the content that decide how it may be sent on. */
  readonly content: ContentFacts;
}

/** What was seen in the content while it came in. */
export interface ContentFacts {
  readonly size: number;
  readonly eightBit: boolean;
  /** A CR or LF outside a CRLF pair: such content may leave by BDAT only (RFC 5321 §2.3.8, RFC 3030 §3). */
  readonly bareCrLf: boolean;
  readonly nul: boolean;
  /** The last two octets are CRLF. */
  readonly endsInCrlf: boolean;
  /** Longest line in octets without CRLF. */
  readonly longestLine: number;
}
