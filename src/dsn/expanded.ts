import type { Instant } from "../base/mod.ts";
import type { Domain, Envelope, Mailbox, Recipient } from "../mail/mod.ts";
import { statusOf } from "../status/mod.ts";
import { writeNotice } from "./notice.ts";
import type { Notice, Original } from "./types.ts";
import { actionFor } from "./wishes.ts";

export interface ExpandedParts {
  /** The queue id of the notice itself. */
  readonly id: string;
  readonly reportingMta: Domain;
  /** The postmaster. */
  readonly from: Mailbox;
  readonly reversePath: Envelope["reversePath"];
  readonly at: Instant;
  /**
   * Recipients as the client named them (mailbox as asked, with their ORCPT and NOTIFY) that were replaced by several others;
   * an alias of one address is not told of (RFC 3461 §5.2.7.2).
   */
  readonly aliases: readonly Recipient[];
  readonly original: Original;
  /** The Received field of the notice, with its CRLF. */
  readonly trace: string;
}

/**
 * The notice that a message was passed on by aliases of several addresses, for those who asked by NOTIFY=SUCCESS
 * (RFC 3461 §5.2.7.3); undefined when nobody did or nobody can be told. To be queued once, when the message itself is:
 * `{ id, envelope, acceptedAt, units: unitsOf(envelope.recipients, destinationOf) }` with `body`. The targets of these
 * aliases then get `withoutSuccess(notify)`, and ORCPT as it was given.
 */
export function expandedNotice(parts: ExpandedParts): Notice | undefined {
  const { reversePath, aliases, at } = parts;
  if (reversePath.kind === "null") return undefined;
  const told = aliases.filter(({ notify }) => actionFor(reversePath, notify, "expanded") !== undefined);
  if (told.length === 0) return undefined;
  const recipients = told.map((recipient) => ({
    recipient,
    action: "expanded" as const,
    status: statusOf("ok"),
    lastAttempt: at,
  }));
  const { id, reportingMta, from, original, trace } = parts;
  return writeNotice({
    id,
    reportingMta,
    from,
    to: reversePath.mailbox,
    at,
    kind: "success",
    recipients,
    original,
    trace,
  });
}
