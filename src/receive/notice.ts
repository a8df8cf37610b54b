import { fromUtf8 } from "../base/mod.ts";
import { expandedNotice, type Notice, type Original } from "../dsn/mod.ts";
import { needsUtf8 } from "../mail/mod.ts";
import { publish } from "../observe/mod.ts";
import { type QueueId, unitsOf } from "../queue/mod.ts";
import type { Draft } from "./transaction.ts";

/**
 * Queues the notice that aliases passed the message on to several (RFC 3461 §5.2.7.3), if anybody asked for it. The message
 * itself is taken by then, so a notice that cannot be stored is a fault of ours and no refusal.
 */
export async function tellExpanded(draft: Draft, original: Original): Promise<void> {
  if (draft.expanded.length === 0) return;
  const { options } = draft;
  try {
    const id = options.newId();
    const notice = noticeOf(draft, original, id);
    if (notice === undefined) return;
    await using sink = options.store.stage();
    await sink.write(notice.body);
    const { envelope } = notice;
    const units = unitsOf(envelope.recipients, options.destinationOf);
    await options.store.commit({ id, envelope, acceptedAt: options.clock.now(), units }, await sink.finish());
  } catch (error) {
    publish("hopseal:fault", { where: "notice of an expanded alias", text: String(error) });
  }
}

function noticeOf({ options, request, expanded }: Draft, original: Original, id: QueueId): Notice | undefined {
  const { reversePath } = request;
  if (reversePath.kind === "null") return undefined;
  const trace = options.ownTrace(id, reversePath.mailbox, needsUtf8(reversePath.mailbox));
  return expandedNotice({
    id,
    reportingMta: options.hostname,
    from: options.rules.postmaster,
    reversePath,
    at: options.clock.now(),
    aliases: expanded,
    original,
    trace: fromUtf8(trace),
  });
}

/** What a notice can return of a message at most; its header lies in it. */
export const LONGEST_START = 65_536;
