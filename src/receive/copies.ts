import { formatReversePath, type Mailbox, type Recipient, type ReversePath } from "../mail/mod.ts";
import { caseless } from "./aliases.ts";
import type { Entry } from "./entry.ts";

/** What is queued as one message: recipients with one sender, and with one mark against loops. */
export interface Copy {
  readonly reversePath: ReversePath;
  readonly recipients: readonly Recipient[];
  /** The address of ours that forwards it; stands in a Delivered-To field, by which we know it when it comes back. */
  readonly deliveredTo?: Mailbox;
}

/**
 * Splits a transaction into copies: what stays under the sender's own address, and for each address of ours that forwards
 * a copy with its mark, so that no recipient learns of another's. Beyond `MOST_MARKED` such addresses the copies are kept
 * few by leaving the mark away; the hop count ends their loops. There is at least one copy.
 */
export function copiesOf(
  entries: readonly Entry[],
  sender: ReversePath,
  senderBehind: (forwarder: Mailbox) => ReversePath,
): readonly Copy[] {
  const forwarders = new Map<string, Mailbox>();
  for (const { forwardedBy } of entries)
    if (forwardedBy !== undefined) forwarders.set(caseless(forwardedBy), forwardedBy);
  const marked = forwarders.size <= MOST_MARKED;
  const groups = new Map<string, { copy: Omit<Copy, "recipients">; recipients: Recipient[] }>();
  for (const { recipient, forwardedBy } of entries) {
    const reversePath = forwardedBy === undefined ? sender : senderBehind(forwardedBy);
    const mark = marked && forwardedBy !== undefined ? { deliveredTo: forwardedBy } : {};
    const key = `${mark.deliveredTo === undefined ? "" : caseless(mark.deliveredTo)} ${formatReversePath(reversePath)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { copy: { reversePath, ...mark }, recipients: [recipient] });
    else group.recipients.push(recipient);
  }
  return [...groups.values()].map(({ copy, recipients }) => ({ ...copy, recipients }));
}

/** Every copy is stored whole. */
const MOST_MARKED = 10;
