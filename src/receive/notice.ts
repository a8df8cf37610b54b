import { type Clock, fromUtf8 } from "../base/mod.ts";
import {
  actionFor,
  countedAs,
  expandedNotice,
  type Notice,
  type NoticeBound,
  type NoticeParts,
  type Original,
  writeNotice,
} from "../dsn/mod.ts";
import {
  type Domain,
  type Envelope,
  formatMailbox,
  formatReversePath,
  type Mailbox,
  needsUtf8,
  type Recipient,
  type ReversePath,
} from "../mail/mod.ts";
import { publish } from "../observe/mod.ts";
import { type Destination, type QueueId, type Store, unitsOf } from "../queue/mod.ts";
import type { Status } from "../status/mod.ts";
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
  const { expanded, clock, reversePath } = telling;
  if (expanded.length === 0 || reversePath.kind === "null") return;
  await orFault(async () => {
    const counted = countedAs(telling, reversePath.mailbox);
    const turn = telling.notices?.turn(counted, "success", clock.now()) ?? { kind: "now" };
    if (turn.kind !== "now") {
      fault(`Too many notices to ${formatReversePath(reversePath)}: none about the aliases of ${original.id}`);
      return;
    }
    await queueNotice(telling, clock.now(), (parts) =>
      expandedNotice({ ...parts, reversePath, aliases: expanded, original }),
    );
  });
}

/** A recipient that was refused where others were taken. */
export interface Refused {
  readonly recipient: Recipient;
  readonly status: Status;
}

/** Queues the notice about recipients that are not to be had, for those who want to know of failures (RFC 3461 §5.2.6). */
export async function tellRefused(telling: Telling, refused: readonly Refused[], original: Original): Promise<void> {
  const { clock, reversePath } = telling;
  const at = clock.now();
  const told = refused.flatMap(({ recipient, status }) =>
    actionFor(reversePath, recipient.notify, "failed") === undefined
      ? []
      : [{ recipient, status, action: "failed" as const, lastAttempt: at }],
  );
  for (const { recipient, status } of refused)
    fault(`Message ${original.id} is not delivered to ${formatMailbox(recipient.mailbox)}: ${status.text}`);
  if (told.length === 0 || reversePath.kind === "null") return;
  const to = reversePath.mailbox;
  await orFault(async () => {
    const turn = telling.notices?.turn(countedAs(telling, to), "failure", at) ?? { kind: "now" };
    const due = turn.kind === "later" ? turn.at : at;
    await queueNotice(telling, due, (parts) =>
      writeNotice({ ...parts, to, kind: "failure", recipients: told, original }),
    );
  });
}

type Parts = Pick<NoticeParts, "id" | "reportingMta" | "from" | "at" | "trace">;

async function queueNotice(telling: Telling, due: number, write: (parts: Parts) => Notice | undefined): Promise<void> {
  const { store, clock, reversePath, hostname, rules, ownTrace } = telling;
  if (reversePath.kind === "null") return;
  const id = telling.newId();
  const at = clock.now();
  const trace = fromUtf8(ownTrace(id, reversePath.mailbox, needsUtf8(reversePath.mailbox)));
  const notice = write({ id, reportingMta: hostname, from: rules.postmaster, at, trace });
  if (notice === undefined) return;
  await using sink = store.stage();
  await sink.write(notice.body);
  const { envelope } = notice;
  const units = unitsOf(envelope.recipients, telling.destinationOf);
  const message = await addressed({ id, envelope, acceptedAt: due, units }, { ...telling, secrets: telling.srs, at });
  if (message !== undefined) await store.commit(message, await sink.finish());
}

async function orFault(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    fault(String(error));
  }
}

function fault(text: string): void {
  publish("hopseal:fault", { where: "notices", text });
}

/** What a notice can return of a message at most; its header lies in it. */
export const LONGEST_START = 65_536;
