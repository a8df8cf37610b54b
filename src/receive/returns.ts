import { err, type Instant } from "../base/mod.ts";
import { type Destination, type NewMessage, type Settlement, unitsOf } from "../queue/mod.ts";
import { formatMailbox, type Mailbox } from "../mail/mod.ts";
import { publish } from "../observe/mod.ts";
import { finality, statusOf } from "../status/mod.ts";
import { domainOf, judgeRecipient, type RecipientRules } from "./recipients.ts";
import { isRewritten, originalSender, type SrsSecrets } from "./srs.ts";

export interface Returning {
  readonly rules: RecipientRules;
  readonly secrets: SrsSecrets | undefined;
  readonly at: Instant;
  readonly destinationOf: (mailbox: Mailbox) => Destination;
}

/**
 * Our own notices go where mail from elsewhere to the same address would go: to the sender behind a rewritten one, and
 * through the aliases of our domains. What nobody here would take is dropped with a fault, as undeliverable notices are
 * (RFC 5321 §6.1).
 */
export async function returnNotices(settlement: Settlement, returning: Returning): Promise<Settlement> {
  const { enqueue = [] } = settlement;
  if (enqueue.length === 0) return settlement;
  const kept = await Promise.all(
    enqueue.map(async (one) => {
      const message = await addressed(one.message, returning);
      return message === undefined ? [] : [{ ...one, message }];
    }),
  );
  return { ...settlement, enqueue: kept.flat() };
}

/** A notice, addressed to who gets it; undefined when nobody does. */
export async function addressed(message: NewMessage, returning: Returning): Promise<NewMessage | undefined> {
  const { rules, destinationOf } = returning;
  const { envelope } = message;
  const [recipient] = envelope.recipients;
  if (recipient === undefined) return message;
  const back = behind(recipient.mailbox, returning);
  const verdict = await judged(rules, back);
  if (!verdict.ok && finality(verdict.error) === "permanent") {
    const text = `Notice ${message.id} to ${formatMailbox(back)} is dropped: ${verdict.error.text}`;
    publish("hopseal:fault", { where: "delivery", text });
    return undefined;
  }
  // Who cannot be told now is looked for again by delivery.
  const targets = verdict.ok ? verdict.value.targets : [back];
  const recipients = targets.map((mailbox) => ({ ...recipient, mailbox }));
  return { ...message, envelope: { ...envelope, recipients }, units: unitsOf(recipients, destinationOf) };
}

/** What breaks in this must not cost the settlement that the notice belongs to. */
async function judged(rules: RecipientRules, mailbox: Mailbox): Promise<Awaited<ReturnType<typeof judgeRecipient>>> {
  try {
    return await judgeRecipient(rules, { kind: "mailbox", mailbox }, true);
  } catch (error) {
    return err(statusOf("local-error", String(error)));
  }
}

/** One whose address has expired stays as it is, and ends there. */
function behind(mailbox: Mailbox, { rules, secrets, at }: Returning): Mailbox {
  if (secrets === undefined || domainOf(rules, mailbox)?.srs !== true || !isRewritten(mailbox.localPart))
    return mailbox;
  const original = originalSender(mailbox.localPart, { secrets, at });
  return original.ok ? original.value : mailbox;
}
