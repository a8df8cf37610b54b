import type { ReceivedDate } from "./date.ts";

/** One Received field, read but not yet judged. What is absent was not said. */
export interface Received {
  /** The text as it was given to the parser. */
  readonly raw: string;
  readonly from?: ReceivedFrom;
  readonly by?: ReceivedBy;
  /** The link type (RFC 5321 §4.4 Via), e.g. "TCP" or "HTTP". */
  readonly via?: string;
  readonly protocol?: Protocol;
  /** Without angle brackets. */
  readonly id?: string;
  /** Recipients as written, without angle brackets; more than one is a fault of the writer (RFC 5321 §4.4). */
  readonly for: readonly string[];
  readonly envelopeFrom?: string;
  /** Every statement about TLS, in the order of the field. */
  readonly tls: readonly TlsStatement[];
  readonly auth?: AuthStatement;
  /** The field says that the message was handed over inside the machine. */
  readonly local?: LocalHint;
  readonly software: Software | null;
  readonly date: ReceivedDate;
  /** Clauses beyond those of RFC 5321, e.g. PRIORITY (RFC 6710). */
  readonly additional: readonly { readonly name: string; readonly value: string }[];
  readonly comments: readonly { readonly after: ClauseName | "start" | "date"; readonly text: string }[];
  /** 5321: the grammar of RFC 5321 §4.4. 5322: only that of RFC 5322 §3.6.7. broken: neither. */
  readonly syntax: "5321" | "5322" | "broken";
  readonly syntaxErrors: readonly string[];
  /**
   * Text that the client chose may have been written where clauses stand: clause words inside the from part, clauses
   * given twice, two addresses, parentheses that do not close. Readings are then inferred, not asserted.
   */
  readonly doubtful: boolean;
}

export interface ReceivedFrom {
  /** The word after "from" as written; a name, a literal, or what the client said. */
  readonly name?: string;
  /** The address, when `name` is a literal or a bare address. */
  readonly nameIp?: string;
  /** What HELO, EHLO or LHLO said; equals `name` where the writer puts it there. */
  readonly helo?: string;
  readonly helo_cmd?: "HELO" | "EHLO" | "LHLO";
  /** The name found by looking the address up, as written. */
  readonly rdns?: string;
  /** The writer says that the name did (true) or did not (false) lead back to the address. */
  readonly rdnsConfirmed?: boolean;
  /** The address of the connection, from the comment or, without one, from the literal after "from". */
  readonly ip?: string;
  /** `ip` stood in a comment or in brackets behind the name, so the writer saw it. */
  readonly ipSeen: boolean;
  readonly port?: number;
  /** The user that the client's ident service named (RFC 1413). */
  readonly ident?: string;
  /** The same with the host it was joined to, as written: `user@192.0.2.1`. */
  readonly identText?: string;
}

export interface ReceivedBy {
  readonly name?: string;
  readonly ip?: string;
  readonly port?: number;
  readonly comment?: string;
}

export interface Protocol {
  /** As written, white space normalised. */
  readonly raw: string;
  readonly family: "smtp" | "esmtp" | "lmtp" | "http" | "local" | "mapi" | "pop" | "imap" | "other";
  readonly utf8: boolean;
  /** The value says that TLS was negotiated (RFC 3848 §1, or a vendor's spelling). */
  readonly tlsFlag: boolean;
  readonly authFlag: boolean;
}

export interface TlsStatement {
  readonly source: "clause" | "comment" | "protocol";
  /** As written. */
  readonly text: string;
  readonly version?: string;
  readonly cipher?: string;
  readonly group?: string;
  readonly bits?: number;
  readonly clientCert?: "none" | "presented" | "verified" | "failed";
  readonly sni?: string;
}

export interface AuthStatement {
  readonly source: "protocol" | "comment" | "clause";
  readonly mechanism?: string;
  readonly user?: string;
}

export type LocalHint = "pickup" | "user" | "socket" | "stdin";

export type ClauseName = "from" | "by" | "via" | "with" | "id" | "for" | "tls" | "group" | "envelope-from" | "other";

export type Software =
  | "hopseal"
  | "postfix"
  | "exim"
  | "sendmail"
  | "gmail"
  | "exchange"
  | "ses"
  | "qmail"
  | "courier"
  | "haraka"
  | "stalwart"
  | "mox"
  | "communigate"
  | "nemesis"
  | "cyrus"
  | "dovecot"
  | "fetchmail"
  | "getmail"
  | "yahoo"
  | "opensmtpd"
  | "amavis"
  | "zimbra"
  | "mdaemon"
  | "xmail"
  | "momentum"
  | "powermta"
  | "scalix"
  | "domino"
  | "qpsmtpd"
  | "meproxy"
  | "squirrelmail"
  | "maddy"
  | "kumomta"
  | "sendgrid";
