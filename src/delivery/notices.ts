/**
 * The notices that follow from an attempt, ready to be queued with its outcome: one for each kind (failure, delay, success),
 * so that a message gives at most one notice of a kind for each attempt at a unit.
 */
import { type Bytes, concat, type Instant } from "../base/mod.ts";
import {
  countedAs,
  type NoticeBound,
  type NoticeKind,
  type Original,
  type ReportedRecipient,
  writeNotice,
} from "../dsn/mod.ts";
import { type Domain, type Mailbox, needsUtf8 } from "../mail/mod.ts";
import type { Destination, NewMessage, QueueId } from "../queue/mod.ts";
import { generateReceived } from "../trace/mod.ts";
import type { Told, Unit } from "./told.ts";

export interface NoticeOptions {
  readonly newId: () => QueueId;
  readonly hostname: Domain;
  readonly postmaster: Mailbox;
  readonly now: Instant;
  /** The beginning of the original: its header at least, all of it where it is small. */
  readonly start: Bytes;
  /** Without it, as many as follow. */
  readonly bound?: NoticeBound;
}

export interface Notices {
  readonly enqueue: readonly { readonly message: NewMessage; readonly body: Bytes }[];
  /** Indices of those who were told of a delay. */
  readonly warned: readonly number[];
  /** Kinds that the bound did not let pass. */
  readonly dropped: readonly NoticeKind[];
}

/** Writes the notices about those recipients. */
export function noticesFor(claim: Unit, told: Told, options: NoticeOptions): Notices {
  const { reversePath } = claim.envelope;
  const enqueue: { message: NewMessage; body: Bytes }[] = [];
  const dropped: NoticeKind[] = [];
  const warned: number[] = [];
  if (reversePath.kind === "null") return { enqueue, warned, dropped };
  const sender = reversePath.mailbox;
  for (const kind of KINDS) {
    const about = [...told].filter(([, { action }]) => kindOf(action) === kind);
    if (about.length === 0) continue;
    const turn = options.bound?.turn(countedAs(claim.envelope, sender), kind, options.now) ?? { kind: "now" };
    if (turn.kind === "never") {
      dropped.push(kind);
      continue;
    }
    const due = turn.kind === "later" ? turn.at : options.now;
    const recipients = about.map(([, one]) => one);
    enqueue.push(queued(claim, sender, { kind, recipients, due }, options));
    if (kind === "delay") warned.push(...about.map(([index]) => index));
  }
  return { enqueue, warned, dropped };
}

/** The first octets of a body, at most `LONGEST_START`. */
export async function readStart(chunks: AsyncIterable<Bytes>): Promise<Bytes> {
  const parts: Bytes[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    parts.push(chunk.slice(0, LONGEST_START - length));
    length += chunk.length;
    if (length >= LONGEST_START) break;
  }
  return concat(parts);
}

function kindOf(action: ReportedRecipient["action"]): NoticeKind {
  if (action === "failed") return "failure";
  return action === "delayed" ? "delay" : "success";
}

interface Plan {
  readonly kind: NoticeKind;
  readonly recipients: readonly ReportedRecipient[];
  /** When it may leave. */
  readonly due: Instant;
}

function queued(
  claim: Unit,
  sender: Mailbox,
  { kind, recipients, due }: Plan,
  options: NoticeOptions,
): Notices["enqueue"][number] {
  const { hostname, now } = options;
  const id = options.newId();
  const { envelope, body } = writeNotice({
    id,
    reportingMta: hostname,
    from: options.postmaster,
    to: sender,
    at: now,
    kind,
    recipients,
    original: originalOf(claim, options.start),
    trace: generateReceived({
      by: hostname,
      id,
      authenticated: false,
      smtpUtf8: needsUtf8(sender),
      for: sender,
      at: now,
      offset: 0,
    }),
  });
  const units = [{ destination: sender.domain as string as Destination, recipients: [0] }];
  // A message is first tried at the time from which it counts as accepted.
  return { message: { id, envelope, acceptedAt: due, units }, body };
}

function originalOf(claim: Unit, start: Bytes): Original {
  const { dsn, demand, origin } = claim.envelope;
  const complete = start.length > 0 && start.length === claim.bodySize;
  return { id: claim.message, arrivedAt: claim.acceptedAt, dsn, demand, origin, start, complete };
}

const KINDS = ["failure", "delay", "success"] as const;
const LONGEST_START = 65_536;
