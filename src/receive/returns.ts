import type { Instant } from "../base/mod.ts";
import { type Destination, type Settlement, unitsOf } from "../queue/mod.ts";
import type { Mailbox, Recipient } from "../mail/mod.ts";
import { domainOf, type RecipientRules } from "./recipients.ts";
import { isRewritten, originalSender, type SrsSecrets } from "./srs.ts";

export interface Returning {
  readonly rules: RecipientRules;
  readonly secrets: SrsSecrets | undefined;
  readonly at: Instant;
  readonly destinationOf: (mailbox: Mailbox) => Destination;
}

type Enqueued = NonNullable<Settlement["enqueue"]>[number];

/**
 * Our own notices about mail that we forwarded under a rewritten sender go to the sender behind it at once, as they would
 * when another host sent them here. One whose address has expired stays as it is, and ends there.
 */
export function returnNotices(settlement: Settlement, returning: Returning): Settlement {
  const { enqueue } = settlement;
  if (enqueue === undefined || enqueue.length === 0 || returning.secrets === undefined) return settlement;
  return { ...settlement, enqueue: enqueue.map((one) => returned(one, returning)) };
}

function returned(one: Enqueued, returning: Returning): Enqueued {
  const { envelope } = one.message;
  const recipients = envelope.recipients.map((recipient) => behind(recipient, returning));
  if (recipients.every((recipient, at) => recipient === envelope.recipients[at])) return one;
  const units = unitsOf(recipients, returning.destinationOf);
  return { ...one, message: { ...one.message, envelope: { ...envelope, recipients }, units } };
}

function behind(recipient: Recipient, { rules, secrets, at }: Returning): Recipient {
  const { mailbox } = recipient;
  if (secrets === undefined || domainOf(rules, mailbox)?.srs !== true || !isRewritten(mailbox.localPart))
    return recipient;
  const original = originalSender(mailbox.localPart, { secrets, at });
  return original.ok ? { ...recipient, mailbox: original.value } : recipient;
}
