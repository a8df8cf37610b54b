import type { BodyType, ForwardPath, Notify, ReversePath } from "../../mail/mod.ts";
import type { Cause } from "../../status/mod.ts";
import type { OriginalRecipient } from "./orcpt.ts";

/** A command line, understood. Keywords are compared without regard to case (RFC 5321 §2.4). */
export type Command =
  | { readonly verb: "EHLO" | "HELO"; readonly name: string }
  | ({ readonly verb: "MAIL" } & MailArguments)
  | ({ readonly verb: "RCPT" } & RcptArguments)
  | { readonly verb: "DATA" | "RSET" | "QUIT" | "STARTTLS" }
  | { readonly verb: "BDAT"; readonly size: number; readonly last: boolean }
  | { readonly verb: "VRFY" | "EXPN" | "NOOP" | "HELP"; readonly argument: string }
  | { readonly verb: "AUTH"; readonly mechanism: string; readonly initial?: string };

export type Verb = Command["verb"];

export interface MailArguments {
  readonly reversePath: ReversePath;
  readonly body: BodyType;
  readonly smtpUtf8: boolean;
  readonly size?: number;
  readonly ret?: "full" | "hdrs";
  readonly envid?: string;
  /** The submitter, decoded (RFC 4954 §5). */
  readonly auth?: string;
  readonly requireTls: boolean;
}

export interface RcptArguments {
  readonly path: ForwardPath;
  readonly notify?: Notify;
  readonly original?: OriginalRecipient;
}

/** Why a line is no command; `verb` is set when that much was recognised. */
export interface CommandFault {
  readonly verb?: Verb;
  readonly cause: Extract<
    Cause,
    | "unknown-command"
    | "syntax"
    | "bad-argument"
    | "bad-sender-syntax"
    | "bad-recipient-syntax"
    | "utf8-sender-refused"
    | "utf8-recipient-refused"
    | "unknown-parameter"
    | "bad-parameter-value"
  >;
  readonly detail: string;
}
