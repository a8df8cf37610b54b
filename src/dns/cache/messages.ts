import type { Millis } from "../../base/mod.ts";
import type { ExchangeFault } from "../wire/exchange.ts";
import type { Message } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { createCache } from "./cache.ts";
import { agedMessage, LONGEST_SECONDS, messageLifetime, messageOctets } from "./lifetime.ts";

/** How a message was asked for. What came under one mode is never given out under the other. */
export type Mode = "checking-disabled" | "checked";

export interface StoredQuestion {
  readonly name: Name;
  readonly type: number;
  readonly mode: Mode;
}

/** What is known of a question. A remembered failure is a failure; it is never an absence. */
export type Stored =
  | { readonly kind: "message"; readonly message: Message }
  | { readonly kind: "failure"; readonly fault: ExchangeFault };

/** Messages as servers gave them, unvalidated, with their TTLs run down. */
export interface MessageCache {
  get(question: StoredQuestion, now: Millis): Stored | undefined;
  put(question: StoredQuestion, message: Message, now: Millis): void;
  /** Remembers for a few seconds that nobody could answer, so that a burst of messages asks once. */
  putFailure(question: StoredQuestion, fault: ExchangeFault, now: Millis): void;
  readonly entries: number;
  readonly octets: number;
}

export interface MessageCacheLimits {
  readonly entries?: number;
  readonly octets?: number;
}

export function createMessageCache(limits: MessageCacheLimits = {}): MessageCache {
  const cache = createCache<Kept>({
    entries: limits.entries ?? ENTRIES,
    octets: limits.octets ?? OCTETS,
    longest: LONGEST_SECONDS * 1000,
  });
  return {
    get(question, now) {
      const kept = cache.get(keyOf(question), now);
      if (kept === undefined) return undefined;
      if (kept.kind === "failure") return { kind: "failure", fault: remembered(kept.fault, now - kept.at) };
      // Rounded up, so that a TTL never outlives the record.
      return { kind: "message", message: agedMessage(kept.message, Math.ceil((now - kept.at) / 1000)) };
    },
    put(question, message, now) {
      const lasts = messageLifetime(message) * 1000;
      // RFC 6891 §6.2.1
      const { edns: _edns, ...kept } = message;
      cache.set(
        keyOf(question),
        { kind: "message", message: kept, at: now },
        { now, lasts, octets: messageOctets(message) },
      );
    },
    putFailure(question, fault, now) {
      const life = { now, lasts: FAILURE_LASTS, octets: fault.detail.length * 2 };
      cache.set(keyOf(question), { kind: "failure", fault, at: now }, life);
    },
    get entries() {
      return cache.entries;
    },
    get octets() {
      return cache.octets;
    },
  };
}

type Kept =
  | { readonly kind: "message"; readonly message: Message; readonly at: Millis }
  | { readonly kind: "failure"; readonly fault: ExchangeFault; readonly at: Millis };

function keyOf(question: StoredQuestion): string {
  return `${question.mode}/${question.type}/${question.name.key}`;
}

function remembered(fault: ExchangeFault, age: Millis): ExchangeFault {
  return { detail: `${fault.detail} (remembered from ${Math.round(age / 1000)} s ago)` };
}

const ENTRIES = 20_000;
const OCTETS = 32 * 1024 * 1024;
// RFC 2308 §7.1, §7.2: five minutes at most; a mail queue retries later anyway, so only a burst needs shielding
const FAILURE_LASTS: Millis = 5_000;
