import { withoutSuccess } from "../dsn/mod.ts";
import type { Mailbox, Recipient } from "../mail/mod.ts";
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
export function entriesOf(
  rcpt: Pick<Recipient, "notify" | "original">,
  accepted: Accepted,
  isOurs: (mailbox: Mailbox) => boolean,
): Taken {
  const { asked, targets } = accepted;
  const several = targets.length > 1;
  // RFC 3461 §5.2.7.2, §5.2.7.3
  const notify = several ? withoutSuccess(rcpt.notify) : rcpt.notify;
  const original = rcpt.original === undefined ? {} : { original: rcpt.original };
  const entries = targets.map((mailbox): Entry => {
    const renamed = caseless(mailbox) !== caseless(asked);
    const recipient = {
      mailbox,
      ...(renamed ? { asked } : {}),
      ...original,
      ...(notify === undefined ? {} : { notify }),
    };
    return renamed && !isOurs(mailbox) ? { recipient, forwardedBy: asked } : { recipient };
  });
  if (!several || rcpt.notify === undefined || rcpt.notify === "never" || !rcpt.notify.includes("success"))
    return { entries };
  return { entries, expanded: { mailbox: asked, notify: rcpt.notify, ...original } };
}
