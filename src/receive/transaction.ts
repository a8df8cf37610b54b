import type { Clock } from "../base/mod.ts";
import type { Domain, Envelope, Mailbox, NoTlsTaking, Recipient, TlsDemand } from "../mail/mod.ts";
import type { Destination, QueueId, Store } from "../queue/mod.ts";
import type { MailRequest, Peer, RcptRequest, TransactionHandler } from "../smtp/server/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { keyOf } from "./aliases.ts";
import { contentSink } from "./content.ts";
import { entriesOf, type Entry } from "./entry.ts";
import { judgeReturned } from "./forwarding.ts";
import { type Accepted, isOurs, judgeRecipient, type RecipientRules } from "./recipients.ts";
import type { SrsSecrets } from "./srs.ts";

/** What a transaction needs from the house. */
export interface TransactionOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly rules: RecipientRules;
  readonly limits: { readonly headerFields: number; readonly hops: number; readonly expandedRecipients: number };
  /** Whether the client may send to anybody. */
  readonly mayRelay: boolean;
  readonly origin: Envelope["origin"];
  /** What MAIL asked for. */
  readonly demand: TlsDemand;
  readonly noTls: NoTlsTaking;
  /** The client and its identity, for people. */
  readonly who: string;
  /** Our name in notices. */
  readonly hostname: Domain;
  /** For the domains that rewrite senders. */
  readonly srs: SrsSecrets | undefined;
  readonly newId: () => QueueId;
  readonly destinationOf: (mailbox: Mailbox) => Destination;
  /** The trace field that goes on top (RFC 5321 §4.4). `only` is the recipient when there is exactly one. */
  readonly received: (id: QueueId, peer: Peer, request: MailRequest, only: Mailbox | undefined) => Uint8Array;
  /** The trace field of a notice that we write. */
  readonly ownTrace: (id: QueueId, to: Mailbox, smtpUtf8: boolean) => Uint8Array;
}

/** A transaction whose recipients are known. */
export interface Draft {
  readonly peer: Peer;
  readonly request: MailRequest;
  readonly options: TransactionOptions;
  readonly entries: readonly Entry[];
  /** The addresses that the client named, once each. */
  readonly asked: readonly Mailbox[];
  /** Aliases whose expansion is to be reported. */
  readonly expanded: readonly Recipient[];
}

/** Collects one transaction and queues it; nothing of it outlives `reset`. */
export function startTransaction(peer: Peer, request: MailRequest, options: TransactionOptions): TransactionHandler {
  const entries = new Map<string, Entry>();
  const asked = new Map<string, Mailbox>();
  const expanded = new Map<string, Recipient>();
  const take = (rcpt: RcptRequest, accepted: Accepted): Status => {
    if (entries.size + accepted.targets.length > options.limits.expandedRecipients)
      return statusOf("too-many-recipients");
    const key = keyOf(accepted.asked);
    asked.set(key, accepted.asked);
    const taken = entriesOf(rcpt, accepted, (mailbox) => isOurs(options.rules, mailbox));
    for (const entry of taken.entries) {
      const target = keyOf(entry.recipient.mailbox);
      if (!entries.has(target)) entries.set(target, entry);
    }
    if (taken.expanded !== undefined && !expanded.has(key)) expanded.set(key, taken.expanded);
    return statusOf("ok-recipient");
  };
  return {
    recipient(rcpt) {
      const forwarding = { rules: options.rules, secrets: options.srs, at: options.clock.now() };
      const verdict =
        judgeReturned(rcpt.path, request.reversePath, forwarding) ??
        judgeRecipient(options.rules, rcpt.path, options.mayRelay);
      if (verdict instanceof Promise) return verdict.then((late) => (late.ok ? take(rcpt, late.value) : late.error));
      return verdict.ok ? take(rcpt, verdict.value) : verdict.error;
    },
    content: () =>
      contentSink({
        peer,
        request,
        options,
        entries: [...entries.values()],
        asked: [...asked.values()],
        expanded: [...expanded.values()],
      }),
    reset() {
      entries.clear();
      asked.clear();
      expanded.clear();
    },
  };
}
