import type { Bytes } from "../../base/mod.ts";
import type { BodyType, ContentFacts, Envelope, ForwardPath, Recipient, ReversePath } from "../../mail/mod.ts";
import type { Status } from "../../status/mod.ts";
import type { TlsSession } from "../../tls/mod.ts";

/** What the session knows of its client; replaced as a whole whenever something changes. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  /** The proxy in front that told the address; the same as `address` where it told none, so that the address proves nothing. */
  readonly proxy?: string;
  /** Forward-confirmed reverse name, when somebody looked it up. */
  readonly name?: string;
  readonly hello?: { readonly verb: "HELO" | "EHLO"; readonly text: string };
  readonly tls?: TlsSession;
  readonly identity?: string;
}

export interface MailRequest {
  readonly reversePath: ReversePath;
  readonly body: BodyType;
  readonly smtpUtf8: boolean;
  /** SIZE=, in octets (RFC 1870 §5). */
  readonly declaredSize?: number;
  readonly dsn: Envelope["dsn"];
  /** REQUIRETLS was given (RFC 8689 §4.2); possible only when advertised. */
  readonly requireTls: boolean;
}

export interface RcptRequest {
  readonly path: ForwardPath;
  readonly original?: NonNullable<Recipient["original"]>;
  readonly notify?: NonNullable<Recipient["notify"]>;
}

/** Takes the content of one transaction. Exactly one of `finish` and `abort` is called, once. */
export interface ContentSink {
  /** A returned promise asks the session to stop reading (back-pressure). */
  write(chunk: Bytes): void | Promise<void>;
  /** The whole content came; a success status means that it is durable and ours. */
  finish(facts: ContentFacts): Promise<Status>;
  abort(): void;
}

/** One mail transaction, from an accepted MAIL until its end or reset. */
export interface TransactionHandler {
  recipient(request: RcptRequest): Status | Promise<Status>;
  /** Called at DATA or the first BDAT, with at least one accepted recipient; a Status refuses. */
  content(): ContentSink | Status | Promise<ContentSink | Status>;
  /** RSET, EHLO, QUIT, a lost connection, or after the content ended: the transaction is over, state goes. */
  reset(): void;
}

/** What the SMTP server asks of the house. One per listener role; implemented by `receive/` and by `submission/`. */
export interface Reception {
  /** undefined admits; a Status is sent instead of the greeting. */
  connected(peer: Peer): Status | undefined | Promise<Status | undefined>;
  /** A Status of failure refuses the sender; a handler accepts it. */
  mail(peer: Peer, request: MailRequest): TransactionHandler | Status | Promise<TransactionHandler | Status>;
}

/** Who may be served at all; asked once for each connection, before its greeting and before TLS, and told of its end. */
export interface Admission {
  /**
   * undefined admits, and then `leave` is called exactly once, when the connection has ended; a Status refuses. `address`
   * is the client's own, where a proxy told it.
   */
  enter(address: string): Status | undefined | Promise<Status | undefined>;
  leave(address: string): void;
}
