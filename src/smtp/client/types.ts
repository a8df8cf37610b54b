import type { Bytes } from "../../base/mod.ts";
import type { ContentFacts, Envelope, Recipient } from "../../mail/mod.ts";
import type { Finding, PeerProof, PlaintextAllowed, Proceed, Rejected, TlsResult } from "../../policy/mod.ts";
import type { Status } from "../../status/mod.ts";

/** The host as it will be dialled. */
export interface Target {
  /** The name used in messages and for certificates; an IP literal's address otherwise. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly mode: "starttls" | "implicit";
  /** Default: smtp. LMTP greets with LHLO and answers the content once per recipient (RFC 2033 §4). */
  readonly protocol?: "smtp" | "lmtp";
  /** A unix socket instead of address and port. */
  readonly path?: string;
  /** Given, the session is authenticated before its first MAIL, or fails; never outside verified TLS. */
  readonly credentials?: Credentials;
}

/** For SASL towards a next hop. `password` is asked for at each session and never kept or logged. */
export interface Credentials {
  readonly user: string;
  password(): Promise<string>;
}

/** Where a session that never reached MAIL ended. */
export type Stage = "connect" | "greeting" | "hello" | "starttls" | "handshake" | "verify" | "second-hello" | "auth";

export interface SessionFailure {
  readonly kind: "failed";
  readonly stage: Stage;
  readonly status: Status;
  readonly findings: readonly Finding[];
  /** Whether a TCP connection existed. */
  readonly connected: boolean;
  /** The local address of that connection. */
  readonly from?: string;
  /** What a TLS report calls it, where TLS was the trouble (RFC 8460 §4.3); `reason` is the library's code. */
  readonly tls?: { readonly result: TlsResult; readonly reason?: string };
}

/** What is to be sent in one MAIL transaction. */
export interface Outgoing {
  readonly envelope: Pick<Envelope, "reversePath" | "body" | "smtpUtf8" | "dsn" | "demand">;
  readonly content: ContentFacts;
  /** In order; results come back by the same index. */
  readonly recipients: readonly Recipient[];
  /** Opens the content once, when the server is ready for it. */
  open(): AsyncIterable<Bytes>;
}

export interface TransactionResult {
  /** One per recipient: the final status of each. */
  readonly recipients: readonly Status[];
  /** Whether the session may be used for another transaction. */
  readonly reusable: boolean;
  /** What to make of the host: `ok` when the failure was the message's or the recipient's. */
  readonly host: "ok" | "failed";
  /** The connection ended between the final dot and its answer: the message may have been taken. */
  readonly afterDot?: true;
  /** The server was not asked anything: the message does not suit it, or the session was over before. */
  readonly untouched?: true;
}

/** A session past its second EHLO; every transaction passes `admit` again. */
export interface ClientSession extends AsyncDisposable {
  readonly target: Target;
  readonly proof: PeerProof | PlaintextAllowed;
  readonly extensions: Extensions;
  /** The local address that it was dialled from. */
  readonly from?: string;
  /** False once the session is over, for instance because the server closed it while it was idle. */
  readonly usable?: boolean;
  /** Sends one message under `decision`, or returns why this session does not satisfy it. Never throws for what the peer does. */
  send(outgoing: Outgoing, decision: Proceed, signal?: AbortSignal): Promise<TransactionResult | Rejected>;
  /** QUIT, politely, within a short time. */
  quit(): Promise<void>;
}

/** The newest EHLO answer; HELO gives none of it. */
export interface Extensions {
  readonly pipelining: boolean;
  readonly chunking: boolean;
  readonly eightBitMime: boolean;
  readonly binaryMime: boolean;
  readonly smtpUtf8: boolean;
  readonly dsn: boolean;
  readonly starttls: boolean;
  readonly requireTls: boolean;
  readonly enhancedStatusCodes: boolean;
  /** undefined: not offered; 0: no fixed limit (RFC 1870 §4). */
  readonly size?: number;
  readonly auth: readonly string[];
  /** RFC 9422 §4. */
  readonly limits: { readonly mailMax?: number; readonly rcptMax?: number; readonly rcptDomainMax?: number };
}
