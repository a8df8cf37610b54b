import type { Millis } from "../../base/mod.ts";
import type { MailHost } from "../../mail/mod.ts";

/** What a session must know besides its client; the same for every session of a listener. */
export interface ServerConfig {
  /** The name in the greeting and in the EHLO reply (RFC 5321 §4.1.1.1). */
  readonly hostname: MailHost;
  readonly tls: ServerTlsMode;
  readonly limits: ServerLimits;
}

export interface ServerTlsMode {
  /** STARTTLS can be carried out now; it is offered only then. */
  readonly starttls: boolean;
  /** Before TLS, nothing but EHLO, NOOP, STARTTLS and QUIT is served (RFC 3207 §4). Never on a public port 25. */
  readonly required: boolean;
  /** REQUIRETLS is offered inside TLS: a promise that it is kept onwards (RFC 8689 §4.1). Absent: it is not. */
  readonly requireTls?: boolean;
}

/** Every bound on what a client may use up. */
export interface ServerLimits {
  /** Octets of content; told as SIZE (RFC 1870 §3). */
  readonly messageSize: number;
  /** Accepted recipients of one transaction; at least 100 (RFC 5321 §4.5.3.1.8), told as RCPTMAX (RFC 9422 §4.2). */
  readonly recipients: number;
  /** RCPT commands of one session that may be refused. */
  readonly refusedRecipients: number;
  /** MAIL commands of one session; told as MAILMAX (RFC 9422 §4.1). */
  readonly transactions: number;
  /** Mistakes in the protocol before the session is ended. */
  readonly errors: number;
  /** Commands between two messages that are none of a transaction's own, such as NOOP, RSET and VRFY. */
  readonly junkCommands: number;
  /** How long a client may take to send a whole command; at least 5 minutes (RFC 5321 §4.5.3.2.7). */
  readonly commandTime: Millis;
  /** The longest pause inside content. */
  readonly contentPause: Millis;
  /** Octets of content per second, on the average beyond `contentGrace`; 0 asks for none. */
  readonly contentRate: number;
  readonly contentGrace: Millis;
  readonly handshakeTime: Millis;
  /** How long one connection may go on; content that is coming in by then is still taken. */
  readonly connectionTime: Millis;
}

export const DEFAULT_LIMITS: ServerLimits = {
  messageSize: 50_000_000,
  recipients: 1000,
  refusedRecipients: 1000,
  transactions: 10_000,
  errors: 20,
  junkCommands: 100,
  commandTime: 5 * 60_000,
  contentPause: 5 * 60_000,
  contentRate: 100,
  contentGrace: 30_000,
  // Long enough for lost segments: a sender whose handshake fails may turn to plaintext.
  handshakeTime: 30_000,
  connectionTime: 60 * 60_000,
};
