import { type Clock, fromUtf8 } from "../base/mod.ts";
import { countedAs, expandedNotice, type Notice, type NoticeBound, type Original } from "../dsn/mod.ts";
import {
  type Domain,
  type Envelope,
  formatReversePath,
  type Mailbox,
  needsUtf8,
  type Recipient,
  type ReversePath,
} from "../mail/mod.ts";
import { publish } from "../observe/mod.ts";
import { type Destination, type QueueId, type Store, unitsOf } from "../queue/mod.ts";
import type { RecipientRules } from "./recipients.ts";
import { addressed } from "./returns.ts";
import type { SrsSecrets } from "./srs.ts";

/** What the notice about expanded aliases is made with. */
export interface Telling extends Pick<Envelope, "identity" | "origin"> {
  readonly store: Store;
  readonly clock: Pick<Clock, "now">;
  readonly rules: RecipientRules;
  readonly hostname: Domain;
  readonly newId: () => QueueId;
  readonly destinationOf: (mailbox: Mailbox) => Destination;
  /** The trace field of a notice that we write. */
  readonly ownTrace: (id: QueueId, to: Mailbox, smtpUtf8: boolean) => Uint8Array;
  /** For the domains that rewrite senders. */
  readonly srs: SrsSecrets | undefined;
  readonly reversePath: ReversePath;
  /** Aliases whose expansion is to be reported. */
  readonly expanded: readonly Recipient[];
  /** Without it, as many as follow. */
  readonly notices?: NoticeBound;
}

/**
 * Queues the notice that aliases passed the message on to several (RFC 3461 §5.2.7.3), if anybody asked for it. The message
 * itself is taken by then, so a notice that cannot be stored is a fault of ours and no refusal.
 */
export async function tellExpanded(telling: Telling, original: Original): Promise<void> {
  const { expanded, store, clock, reversePath } = telling;
  if (expanded.length === 0 || reversePath.kind === "null") return;
  try {
    const counted = countedAs(telling, reversePath.mailbox);
    const turn = telling.notices?.turn(counted, "success", clock.now()) ?? { kind: "now" };
    if (turn.kind !== "now") {
      fault(`Too many notices to ${formatReversePath(reversePath)}: none about the aliases of ${original.id}`);
      return;
    }
    const id = telling.newId();
    const notice = noticeOf(telling, original, id);
    if (notice === undefined) return;
    await using sink = store.stage();
    await sink.write(notice.body);
    const { envelope } = notice;
    const at = clock.now();
    const units = unitsOf(envelope.recipients, telling.destinationOf);
    const message = await addressed({ id, envelope, acceptedAt: at, units }, { ...telling, secrets: telling.srs, at });
    if (message !== undefined) await store.commit(message, await sink.finish());
  } catch (error) {
    fault(String(error));
  }
}

function noticeOf(
  { hostname, rules, clock, reversePath, expanded, ownTrace }: Telling,
  original: Original,
  id: QueueId,
): Notice | undefined {
  if (reversePath.kind === "null") return undefined;
  const trace = ownTrace(id, reversePath.mailbox, needsUtf8(reversePath.mailbox));
  return expandedNotice({
    id,
    reportingMta: hostname,
    from: rules.postmaster,
    reversePath,
    at: clock.now(),
    aliases: expanded,
    original,
    trace: fromUtf8(trace),
  });
}

function fault(text: string): void {
  publish("hopseal:fault", { where: "notice of an expanded alias", text });
}

/** What a notice can return of a message at most; its header lies in it. */
export const LONGEST_START = 65_536;
