import type { Cause } from "./cause.ts";
import type { EnhancedCode, Status } from "./status.ts";

export interface Wire {
  readonly code: number;
  readonly enhanced: EnhancedCode;
  readonly text: string;
}

/** Makes a Status of ours from its cause; `text` replaces the standing one and says what exactly. */
export function statusOf(cause: Cause, text?: string): Status {
  const wire = WIRE[cause];
  return { cause, code: wire.code, enhanced: wire.enhanced, text: text ?? wire.text };
}

/** The only place where a cause gets its codes (RFC 5321 §4.2, RFC 3463 §3, RFC 5248 §2.4). */
export const WIRE: { readonly [cause in Cause]: Wire } = {
  ok: { code: 250, enhanced: "2.0.0", text: "Ok" },
  "ok-sender": { code: 250, enhanced: "2.1.0", text: "Sender ok" },
  "ok-recipient": { code: 250, enhanced: "2.1.5", text: "Recipient ok" },
  "ok-message": { code: 250, enhanced: "2.6.0", text: "Message accepted" },
  "ok-auth": { code: 235, enhanced: "2.7.0", text: "Authentication succeeded" },
  "bad-sender-syntax": { code: 501, enhanced: "5.1.7", text: "The sender address is malformed" },
  "bad-recipient-syntax": { code: 501, enhanced: "5.1.3", text: "The recipient address is malformed" },
  "unknown-recipient": { code: 550, enhanced: "5.1.1", text: "No such mailbox here" },
  "unknown-domain": { code: 550, enhanced: "5.1.2", text: "The recipient's domain does not exist" },
  // RFC 7505 §4.1
  "null-mx": { code: 556, enhanced: "5.1.10", text: "The recipient's domain accepts no mail" },
  "ambiguous-recipient": { code: 550, enhanced: "5.1.4", text: "The recipient address is ambiguous" },
  "mailbox-disabled": { code: 550, enhanced: "5.2.1", text: "The mailbox is disabled" },
  "mailbox-full": { code: 452, enhanced: "4.2.2", text: "The mailbox is full" },
  // RFC 7505 §4.2
  "sender-domain-null-mx": { code: 550, enhanced: "5.7.27", text: "The sender's domain accepts no mail" },
  // RFC 6531 §3.7.4.2, §3.7.4
  "utf8-recipient-refused": { code: 553, enhanced: "5.6.7", text: "The recipient address needs SMTPUTF8" },
  "utf8-sender-refused": { code: 550, enhanced: "5.6.7", text: "The sender address needs SMTPUTF8" },
  "utf8-content-refused": { code: 554, enhanced: "5.6.9", text: "The message needs SMTPUTF8" },
  syntax: { code: 501, enhanced: "5.5.2", text: "Syntax error" },
  "line-too-long": { code: 500, enhanced: "5.5.2", text: "The line is too long" },
  "unknown-command": { code: 500, enhanced: "5.5.1", text: "Command not recognised" },
  "not-implemented": { code: 502, enhanced: "5.5.1", text: "Command not implemented" },
  "bad-sequence": { code: 503, enhanced: "5.5.1", text: "Bad sequence of commands" },
  "bad-argument": { code: 501, enhanced: "5.5.4", text: "Bad argument" },
  "unknown-parameter": { code: 555, enhanced: "5.5.4", text: "Parameter not recognised" },
  "bad-parameter-value": { code: 501, enhanced: "5.5.4", text: "Bad parameter value" },
  "no-valid-recipients": { code: 554, enhanced: "5.5.1", text: "No valid recipients" },
  "too-many-recipients": { code: 452, enhanced: "4.5.3", text: "Too many recipients" },
  "too-many-transactions": { code: 421, enhanced: "4.7.0", text: "Too many transactions on this connection" },
  "too-many-errors": { code: 421, enhanced: "4.7.0", text: "Too many errors" },
  "bare-cr-lf": { code: 550, enhanced: "5.5.2", text: "A CR or LF outside CRLF is not allowed" },
  "early-talker": { code: 554, enhanced: "5.5.0", text: "Protocol error: talking before the greeting" },
  "pipelining-violation": { code: 554, enhanced: "5.5.0", text: "Protocol error: talking ahead of a reply" },
  "message-too-big": { code: 552, enhanced: "5.3.4", text: "The message is too big" },
  "too-many-header-fields": { code: 554, enhanced: "5.6.0", text: "The message has too many header fields" },
  "conversion-required": { code: 554, enhanced: "5.6.3", text: "The next hop cannot take this content unconverted" },
  // RFC 3463 §3.7
  "binary-refused": { code: 554, enhanced: "5.6.1", text: "The next hop takes no binary content" },
  "content-refused": { code: 554, enhanced: "5.6.0", text: "The content is refused" },
  "no-storage": { code: 452, enhanced: "4.3.1", text: "Not enough storage, try again later" },
  "storage-error": { code: 451, enhanced: "4.3.0", text: "The message could not be stored, try again later" },
  "system-busy": { code: 451, enhanced: "4.3.2", text: "Too busy, try again later" },
  "shutting-down": { code: 421, enhanced: "4.3.2", text: "Shutting down, try again later" },
  // RFC 3463 §3.4
  paused: { code: 421, enhanced: "4.3.2", text: "Taking no mail at the moment, try again later" },
  "idle-timeout": { code: 421, enhanced: "4.4.2", text: "Idle for too long" },
  "too-many-connections": { code: 421, enhanced: "4.7.0", text: "Too many connections" },
  "client-rate": { code: 451, enhanced: "4.7.1", text: "Too much mail from your address, try again later" },
  "local-error": { code: 451, enhanced: "4.3.0", text: "Local error, try again later" },
  "mail-loop": { code: 554, enhanced: "5.4.6", text: "The message is in a loop" },
  "dns-failure": { code: 451, enhanced: "4.4.3", text: "A DNS look-up failed" },
  "no-route": { code: 550, enhanced: "5.4.4", text: "No usable mail host for the domain" },
  "connect-failed": { code: 451, enhanced: "4.4.1", text: "The host did not answer" },
  "connection-lost": { code: 451, enhanced: "4.4.2", text: "The connection was lost" },
  timeout: { code: 451, enhanced: "4.4.2", text: "The host took too long" },
  "greeting-refused": { code: 451, enhanced: "4.4.0", text: "The host refused the session" },
  "peer-protocol-error": { code: 451, enhanced: "4.5.0", text: "The host broke the protocol" },
  expired: { code: 554, enhanced: "5.4.7", text: "The message could not be delivered in time" },
  "relay-denied": { code: 550, enhanced: "5.7.1", text: "Relaying is not allowed" },
  // RFC 5321 §3.1
  "client-denied": { code: 554, enhanced: "5.7.1", text: "Your address is not served here" },
  "policy-refused": { code: 550, enhanced: "5.7.1", text: "Refused by policy" },
  "tls-required": { code: 530, enhanced: "5.7.0", text: "Issue STARTTLS first" },
  "tls-unavailable": { code: 454, enhanced: "4.7.0", text: "TLS is not available now" },
  "tls-not-offered": { code: 451, enhanced: "4.7.10", text: "The host offers no STARTTLS, which is required" },
  "tls-handshake-failed": { code: 451, enhanced: "4.7.5", text: "The TLS handshake failed" },
  "tls-verify-failed": { code: 451, enhanced: "4.7.5", text: "The host did not prove who it is" },
  "tls-not-acceptable": { code: 554, enhanced: "5.7.0", text: "The TLS session is not acceptable" },
  // RFC 8689 §5
  "requiretls-unsupported": { code: 550, enhanced: "5.7.30", text: "REQUIRETLS support required" },
  "encryption-needed": { code: 550, enhanced: "5.7.10", text: "Encryption needed" },
  "auth-required": { code: 530, enhanced: "5.7.0", text: "Authentication required" },
  "auth-failed": { code: 535, enhanced: "5.7.8", text: "Authentication failed" },
  "auth-refused": { code: 504, enhanced: "5.5.4", text: "Authentication mechanism not available" },
  "login-failed": { code: 454, enhanced: "4.7.0", text: "The next hop did not accept our login" },
  "remote-reply": { code: 451, enhanced: "4.0.0", text: "The host refused" },
};
