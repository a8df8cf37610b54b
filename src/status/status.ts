import type { Cause } from "./cause.ts";

/** x.y.z of RFC 3463 §2, e.g. "5.1.1". */
export type EnhancedCode = `${2 | 4 | 5}.${number}.${number}`;

/** A reply of another server, as it came. */
export interface RemoteReply {
  readonly code: number;
  readonly enhanced?: EnhancedCode;
  readonly lines: readonly string[];
}

/**
 * The one record of an outcome: it becomes the SMTP reply, the log line, the state in the queue and the text of a bounce.
 */
export interface Status {
  readonly cause: Cause;
  /** Basic code (RFC 5321 §4.2). */
  readonly code: number;
  /** Absent means that none may be sent there; never derived from the basic code. */
  readonly enhanced?: EnhancedCode;
  /** One sentence for people, without final period, CR, LF or secrets. */
  readonly text: string;
  /** Who said so, when it was not us: host and address. */
  readonly peer?: { readonly host: string; readonly address?: string };
  readonly reply?: RemoteReply;
}

export type Finality = "success" | "transient" | "permanent";

export function finality(status: Status): Finality {
  if (status.code < 400) return "success";
  return status.code < 500 ? "transient" : "permanent";
}
