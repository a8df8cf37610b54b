import { withoutSuccess } from "../dsn/mod.ts";
import { formatMailbox, type Mailbox, needsUtf8, type Recipient } from "../mail/mod.ts";
import type { RcptRequest } from "../smtp/server/mod.ts";
import { caseless } from "./aliases.ts";
import type { Accepted } from "./recipients.ts";

/** One recipient of the message that will be queued, and how we came to it. */
export interface Entry {
  readonly recipient: Recipient;
  /** The address of ours that sends this copy on to another host. */
  readonly forwardedBy?: Mailbox;
}

/** What one RCPT turns into. `expanded` is set where an alias with several targets answers NOTIFY=SUCCESS itself. */
export interface Taken {
  readonly entries: readonly Entry[];
  readonly expanded?: Recipient;
}

/** `isOurs` tells addresses whose mail is not forwarded. */
export function entriesOf(rcpt: RcptRequest, accepted: Accepted, isOurs: (mailbox: Mailbox) => boolean): Taken {
  const { asked, targets } = accepted;
  const several = targets.length > 1;
  // RFC 3461 §5.2.7.2, §5.2.7.3
  const notify = several ? withoutSuccess(rcpt.notify) : rcpt.notify;
  const entries = targets.map((mailbox): Entry => {
    const renamed = caseless(mailbox) !== caseless(asked);
    const original = rcpt.original ?? (renamed ? addressed(asked) : undefined);
    const recipient = {
      mailbox,
      ...(original === undefined ? {} : { original }),
      ...(notify === undefined ? {} : { notify }),
    };
    return renamed && !isOurs(mailbox) ? { recipient, forwardedBy: asked } : { recipient };
  });
  if (!several || rcpt.notify === undefined || rcpt.notify === "never" || !rcpt.notify.includes("success"))
    return { entries };
  return { entries, expanded: { mailbox: asked, notify: rcpt.notify, original: rcpt.original ?? addressed(asked) } };
}

/** The address as it came, in the form of ORCPT; what ASCII cannot say has the type utf-8 (RFC 6533 §3). */
function addressed(mailbox: Mailbox): NonNullable<Recipient["original"]> {
  return { type: needsUtf8(mailbox) ? "utf-8" : "rfc822", address: formatMailbox(mailbox) };
}
