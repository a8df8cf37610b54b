import type { Mailbox, Recipient } from "../mail/mod.ts";
import type { Destination } from "./port.ts";

/** One unit per destination, recipients by index. */
export function unitsOf(
  recipients: readonly Recipient[],
  destinationOf: (mailbox: Mailbox) => Destination,
): readonly { destination: Destination; recipients: readonly number[] }[] {
  const units = new Map<Destination, number[]>();
  for (const [at, { mailbox }] of recipients.entries()) {
    const destination = destinationOf(mailbox);
    const members = units.get(destination);
    if (members === undefined) units.set(destination, [at]);
    else members.push(at);
  }
  return [...units].map(([destination, members]) => ({ destination, recipients: members }));
}
