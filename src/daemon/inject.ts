import { type Clock, ok, utf8 } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import type { Mailbox } from "../mail/mod.ts";
import type { Destination, QueueId, Store } from "../queue/mod.ts";
import { judgeRecipient, type RecipientRules } from "../receive/mod.ts";
import { injectLocal, type LocalMessage } from "../submission/mod.ts";
import { generateReceived, type ReceivedFacts } from "../trace/mod.ts";
import { recipientRules } from "./directory.ts";

export interface InjectParts {
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly rules: () => RecipientRules;
  readonly newId: () => QueueId;
}

/** The way in for messages of this machine. */
export function injectInto(parts: InjectParts): (message: LocalMessage) => ReturnType<typeof injectLocal> {
  const { config, store, clock, rules, newId } = parts;
  return (message) =>
    injectLocal(message, {
      hostname: config.hostname,
      store,
      clock,
      messageSize: config.message_size,
      tlsRequiredNo: config.policy.tls_required_no,
      async resolve(mailbox) {
        const verdict = await judgeRecipient(rules(), { kind: "mailbox", mailbox }, true);
        return verdict.ok ? ok(verdict.value.targets) : verdict;
      },
      newId,
      destinationOf,
      offsetAt,
      writeReceived,
    });
}

/** Recipients travel together when the sender wrote the same domain; nothing else may join them. */
export function destinationOf(mailbox: Mailbox): Destination {
  return mailbox.domain as string as Destination;
}

/** Minutes east of UTC here at that moment. */
export function offsetAt(instant: number): number {
  return -new Date(instant).getTimezoneOffset();
}

export function writeReceived(facts: ReceivedFacts): Uint8Array {
  return utf8(generateReceived(facts));
}

/** Rules read once. */
export function directory(config: Config): () => RecipientRules {
  const rules = recipientRules(config);
  return () => rules;
}
