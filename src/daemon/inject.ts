import { type Clock, utf8 } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import type { NoticeBound } from "../dsn/mod.ts";
import type { Mailbox } from "../mail/mod.ts";
import type { Destination, QueueId, Store } from "../queue/mod.ts";
import { expandLocal, type LocalOptions, type RecipientRules, type SrsSecrets } from "../receive/mod.ts";
import { injectLocal, type LocalMessage } from "../submission/mod.ts";
import { generateReceived, type ReceivedFacts } from "../trace/mod.ts";
import { recipientRules } from "./directory.ts";

export interface InjectParts {
  /** As it is in force now. */
  readonly config: () => Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly rules: () => RecipientRules;
  readonly srs: () => SrsSecrets | undefined;
  /** Keeps notices to one sender from coming all at once. */
  readonly notices?: NoticeBound;
  readonly newId: () => QueueId;
}

/** The way in for messages of this machine. */
export function injectInto(parts: InjectParts): (message: LocalMessage) => ReturnType<typeof injectLocal> {
  const { store, clock, newId } = parts;
  return (message) => {
    const config = parts.config();
    return injectLocal(message, {
      hostname: config.hostname,
      store,
      clock,
      messageSize: config.message_size,
      tlsRequiredNo: config.policy.tls_required_no,
      expand: (sending) => expandLocal(sending, expansionOf(config, parts)),
      newId,
      destinationOf,
      offsetAt,
      writeReceived,
    });
  };
}

function expansionOf(config: Config, parts: InjectParts): LocalOptions {
  const { store, clock, newId, notices } = parts;
  const { hostname, limits } = config;
  return {
    store,
    clock,
    newId,
    hostname,
    rules: parts.rules(),
    srs: parts.srs(),
    mayRelay: true,
    ...(notices === undefined ? {} : { notices }),
    limits: {
      headerFields: limits.header_fields,
      hops: limits.hops,
      expandedRecipients: limits.recipients * EXPANSION,
    },
    destinationOf,
    ownTrace(id, to, smtpUtf8) {
      const at = clock.now();
      return writeReceived({ by: hostname, id, authenticated: false, smtpUtf8, for: to, at, offset: offsetAt(at) });
    },
  };
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

/** Recipients after aliases, for each that one message may name. */
export const EXPANSION = 10;

/** Rules read once. */
export function directory(config: Config): () => RecipientRules {
  const rules = recipientRules(config);
  return () => rules;
}
