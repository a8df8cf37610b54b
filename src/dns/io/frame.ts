import type { Bytes } from "../../base/mod.ts";
import { concat } from "../../base/mod.ts";

/** A message as TCP and TLS carry it: two octets of length, then the message. */
// RFC 1035 §4.2.2
export function frameMessage(message: Bytes): Bytes {
  return concat([Uint8Array.of(message.length >> 8, message.length), message]);
}

/** Cuts a stream into messages, wherever its chunks begin and end. Holds at most one message. */
export interface Deframer {
  push(chunk: Bytes): readonly Bytes[];
  /** Octets of a message that is not whole yet. */
  readonly held: number;
}

// RFC 7766 §8
export function createDeframer(): Deframer {
  let parts: Bytes[] = [];
  let held = 0;
  return {
    push(chunk) {
      if (chunk.length === 0) return [];
      parts.push(chunk);
      held += chunk.length;
      if (held < needed(parts, held)) return [];
      const whole = concat(parts);
      const messages: Bytes[] = [];
      let at = 0;
      while (whole.length - at >= 2) {
        const end = at + 2 + lengthAt(whole, at);
        if (end > whole.length) break;
        messages.push(whole.slice(at + 2, end));
        at = end;
      }
      parts = at === whole.length ? [] : [whole.slice(at)];
      held = whole.length - at;
      return messages;
    },
    get held() {
      return held;
    },
  };
}

/** Octets until the first message is whole; tiny chunks are joined only then, so the cost stays linear. */
function needed(parts: readonly Bytes[], held: number): number {
  if (held < 2) return 2;
  const [first, second] = parts;
  const high = first?.[0] ?? 0;
  const low = (first !== undefined && first.length > 1 ? first[1] : second?.[0]) ?? 0;
  return 2 + ((high << 8) | low);
}

function lengthAt(octets: Bytes, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
}
