import type { Bytes } from "../../base/mod.ts";
import type { ConversationInput } from "../client/mod.ts";

/** Reads a message's content one block ahead of the connection, and never faster than it takes. */
export interface ContentPump {
  /** Waits for room on the connection, then gives the next block as the machine takes it; never rejects. */
  next(room: () => Promise<void>): Promise<ConversationInput>;
  /** No more is wanted. */
  stop(): void;
}

/** Opens the content with the first block that is asked for, so that a refused message is never read. */
export function contentPump(open: () => AsyncIterable<Bytes>): ContentPump {
  let source: AsyncIterator<Bytes> | undefined;
  let ahead: IteratorResult<Bytes> | undefined;
  let stopped = false;
  return {
    async next(room) {
      try {
        await room();
        source ??= open()[Symbol.asyncIterator]();
        const now = ahead ?? (await source.next());
        if (now.done === true) return { kind: "content", octets: NOTHING, last: true };
        ahead = await source.next();
        return { kind: "content", octets: now.value, last: ahead.done === true };
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return { kind: "content-failed", detail: `the stored content cannot be read: ${why}` };
      }
    },
    stop() {
      if (stopped) return;
      stopped = true;
      // The source may be waiting in `next`; its own clean-up follows that.
      void source?.return?.()?.catch(() => undefined);
    },
  };
}

const NOTHING: Bytes = new Uint8Array(0);
