import type { Instant, Millis } from "../base/mod.ts";
import { type Envelope, formatMailbox, type Mailbox } from "../mail/mod.ts";
import type { NoticeKind } from "./types.ts";

/** How many notices one sender, or sender domain, gets from one worker. */
export interface NoticeRate {
  readonly perMinute: number;
  /** At once, after a pause. */
  readonly burst: number;
  /** A failure notice waits no longer than this for its turn. */
  readonly longestWait: Millis;
  /** Senders that are remembered; the one not heard of for longest is forgotten first. */
  readonly senders: number;
}

/** When a notice may go. `never` is said of delays and successes alone, which nobody needs to know. */
export type Turn =
  | { readonly kind: "now" }
  | { readonly kind: "later"; readonly at: Instant }
  | { readonly kind: "never" };

/**
 * Keeps a flood of forged senders from becoming a flood of notices: each sender has a bucket that fills evenly. What
 * finds it empty depends on the kind: a delay or success is not told; a failure is never lost, but queued for the time when
 * its turn comes, at most `longestWait` away.
 */
export interface NoticeBound {
  /** `sender` is what the sender is counted as: an address where it is known to be right, else its domain. */
  turn(sender: string, kind: NoticeKind, now: Instant): Turn;
}

/** What a sender is counted as: strangers may forge any of a domain; those who hand mail in here are counted one by one. */
export function countedAs({ identity, origin }: Pick<Envelope, "identity" | "origin">, sender: Mailbox): string {
  return identity !== undefined || origin.kind !== "mx" ? formatMailbox(sender) : sender.domain;
}

/** A bound of its own memory; nothing of it outlives the process. */
export function noticeBound(rate: NoticeRate = DEFAULT_RATE): NoticeBound {
  const interval = 60_000 / rate.perMinute;
  const slack = (rate.burst - 1) * interval;
  /** When each sender's bucket would be full again. */
  const full = new Map<string, Instant>();
  const remember = (sender: string, at: Instant): void => {
    full.delete(sender);
    full.set(sender, at);
    if (full.size <= rate.senders) return;
    const [oldest] = full.keys();
    if (oldest !== undefined) full.delete(oldest);
  };
  return {
    turn(sender, kind, now) {
      const latest = now + slack + rate.longestWait;
      // Wall time may jump back; nobody waits longer for that.
      const known = Math.min(Math.max(full.get(sender) ?? now, now), latest);
      if (known - now <= slack) {
        remember(sender, known + interval);
        return { kind: "now" };
      }
      if (kind !== "failure") return { kind: "never" };
      remember(sender, known + interval);
      return { kind: "later", at: known - slack };
    },
  };
}

export const DEFAULT_RATE: NoticeRate = { perMinute: 20, burst: 20, longestWait: 4 * 3_600_000, senders: 10_000 };
