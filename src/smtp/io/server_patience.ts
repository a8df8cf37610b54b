import type { Millis } from "../../base/mod.ts";
import { patienceOf, readingOf, type ServerLimits, type ServerState, type TimeLimit } from "../server/mod.ts";

/** How long the client is waited for, and the bound that it is. */
export interface Wait {
  readonly after: Millis;
  readonly limit: TimeLimit;
}

/**
 * How long one connection waits for its client. Content must keep to a rate: a client has some time to begin with, earns
 * more by each octet, never more than the longest pause, and is waited for while any is left. Only the time in which it
 * could have sent counts, not that in which the house or a full store kept us from reading.
 */
export interface Patience {
  /** `count` octets of content came. */
  earn(count: number, now: Millis): void;
  /** The wait that begins now; undefined where the client is not waited for. */
  wait(state: ServerState | undefined, waitsFor: "house" | "client" | undefined, now: Millis): Wait | undefined;
}

/** `born`: when the connection was made, on the clock that tells `now`. */
export function patience(limits: ServerLimits, born: Millis): Patience {
  const ends = born + limits.connectionTime;
  let left = limits.contentGrace;
  let since: Millis | undefined;
  const settle = (now: Millis): void => {
    if (since === undefined) return;
    left -= now - since;
    since = now;
  };
  const untilEnd = (now: Millis): Wait => ({ after: Math.max(0, ends - now), limit: "connection-time" });
  return {
    earn(count, now) {
      settle(now);
      if (limits.contentRate > 0) {
        left = Math.min(limits.contentPause, Math.max(0, left) + (count * 1000) / limits.contentRate);
      }
    },
    wait(state, waitsFor, now) {
      settle(now);
      since = undefined;
      if (state === undefined) return { after: limits.handshakeTime, limit: "handshake-time" };
      if (state.kind === "closed") return undefined;
      const reading = readingOf(state).kind;
      const inContent = reading === "data" || reading === "chunk";
      if (!inContent && state.kind !== "chunk-expected") left = limits.contentGrace;
      if (waitsFor === "house") return undefined;
      // It reads no replies.
      if (waitsFor === "client") return { after: limits.commandTime, limit: "command-time" };
      const after = patienceOf(state);
      if (after === undefined) return undefined;
      if (inContent) {
        since = now;
        const pause = limits.contentRate > 0 ? Math.max(0, Math.min(after, left)) : after;
        return isRefused(state) && ends - now < pause ? untilEnd(now) : { after: pause, limit: "content-rate" };
      }
      if (state.kind === "await-tls") return { after, limit: "handshake-time" };
      return now + after <= ends ? { after, limit: "command-time" } : untilEnd(now);
    },
  };
}

/** Such content is read only to find its end, which need not come. */
function isRefused(state: ServerState): boolean {
  return "intake" in state && state.intake.refusal !== undefined;
}
