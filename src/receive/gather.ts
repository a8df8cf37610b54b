import type { Clock } from "../base/mod.ts";
import type { Mailbox, Recipient, ReversePath } from "../mail/mod.ts";
import type { RcptRequest } from "../smtp/server/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { keyOf } from "./aliases.ts";
import { entriesOf, type Entry } from "./entry.ts";
import { judgeReturned } from "./forwarding.ts";
import { type Accepted, isOurs, judgeRecipient, type RecipientRules } from "./recipients.ts";
import type { SrsSecrets } from "./srs.ts";

/** Who may send to whom, and what becomes of a recipient. */
export interface GatherOptions {
  readonly clock: Pick<Clock, "now">;
  readonly rules: RecipientRules;
  /** Recipients after aliases, in all. */
  readonly limits: { readonly expandedRecipients: number };
  /** Whether the sender may send to anybody. */
  readonly mayRelay: boolean;
  /** For the domains that rewrite senders. */
  readonly srs: SrsSecrets | undefined;
}

/** The recipients of one message, judged and with their aliases followed, once each. */
export interface Gathered {
  add(rcpt: RcptRequest): Status | Promise<Status>;
  entries(): readonly Entry[];
  /** The addresses that were named. */
  asked(): readonly Mailbox[];
  /** Aliases whose expansion is to be reported. */
  expanded(): readonly Recipient[];
  clear(): void;
}

export function gather(sender: ReversePath, options: GatherOptions): Gathered {
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
    add(rcpt) {
      const forwarding = { rules: options.rules, secrets: options.srs, at: options.clock.now() };
      const verdict =
        judgeReturned(rcpt.path, sender, forwarding) ?? judgeRecipient(options.rules, rcpt.path, options.mayRelay);
      if (verdict instanceof Promise) return verdict.then((late) => (late.ok ? take(rcpt, late.value) : late.error));
      return verdict.ok ? take(rcpt, verdict.value) : verdict.error;
    },
    entries: () => [...entries.values()],
    asked: () => [...asked.values()],
    expanded: () => [...expanded.values()],
    clear() {
      entries.clear();
      asked.clear();
      expanded.clear();
    },
  };
}
