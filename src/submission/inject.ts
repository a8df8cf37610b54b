import { type Bytes, type Clock, err, ok, type Result, utf8 } from "../base/mod.ts";
import {
  type Domain,
  type Envelope,
  formatMailbox,
  formatReversePath,
  type Mailbox,
  needsUtf8,
  type Notify,
  type NoTlsTaking,
  type Recipient,
  type ReversePath,
  type TlsDemand,
  withHeader,
} from "../mail/mod.ts";
import type { Original } from "../dsn/mod.ts";
import { publish } from "../observe/mod.ts";
import { type Destination, type Pledge, type QueueId, type Store, storeFault, unitsOf } from "../queue/mod.ts";
import { contentFacts } from "../smtp/grammar/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { formatDate, type ReceivedFacts } from "../trace/mod.ts";
import { withoutEnvelopeLine, withoutPrivateFields } from "./addressees.ts";
import { demandFault, localDemand } from "./demand.ts";
import { addMissingFields } from "./fixup.ts";
import type { LocalMessage } from "./message.ts";
import { normaliseLines } from "./normalise.ts";

export interface InjectOptions {
  readonly hostname: Domain;
  readonly store: Store;
  readonly clock: Clock;
  readonly messageSize: number;
  /** Judges the recipients and follows aliases, as for what comes by SMTP. */
  readonly expand: (
    sending: Pick<LocalMessage, "from" | "to"> & { readonly notify?: Notify },
  ) => Promise<Result<Expansion, Status>>;
  /** Whose `TLS-Required: No` counts; default all (RFC 8689 §4.1). */
  readonly tlsRequiredNo?: NoTlsTaking;
  readonly newId: () => QueueId;
  readonly destinationOf: (mailbox: Mailbox) => Destination;
  readonly offsetAt: (instant: number) => number;
  readonly writeReceived: (facts: ReceivedFacts) => Uint8Array;
}

/** What is queued of a message. */
export interface Expansion {
  /** At least one; each is a message of its own. */
  readonly copies: readonly LocalCopy[];
  /** Why content with this header goes no further. */
  judge(content: Bytes): Status | undefined;
  /** Tells the sender of aliases with several addresses, where that was asked for; never rejects. */
  tell(original: Original): Promise<void>;
}

/** Recipients with one sender. */
export interface LocalCopy {
  readonly reversePath: ReversePath;
  readonly recipients: readonly Recipient[];
  /** The address of ours that forwards it. */
  readonly deliveredTo?: Mailbox;
}

/**
 * Takes a message that somebody on this machine hands in: durable when it resolves. The id is that of the first copy, where
 * forwarding makes several of it.
 */
export async function injectLocal(
  message: LocalMessage,
  options: InjectOptions,
): Promise<Result<{ id: QueueId }, Status>> {
  const fault = demandFault(message);
  if (fault !== undefined) return err(statusOf("policy-refused", fault));
  const normal = normaliseLines(message.content);
  if (!normal.ok) return err(statusOf("bare-cr-lf", normal.error));
  const { notify, ...dsn } = message.dsn ?? {};
  const expansion = await options.expand({
    from: message.from,
    to: message.to,
    ...(notify === undefined ? {} : { notify }),
  });
  if (!expansion.ok) return expansion;
  const ids = expansion.value.copies.map(() => options.newId());
  const [id] = ids as [QueueId];
  const at = options.clock.now();
  const { content, tlsRequired } = addMissingFields(withoutPrivateFields(withoutEnvelopeLine(normal.value)), {
    from: message.from,
    date: formatDate(at, options.offsetAt(at)),
    messageId: `${id}@${options.hostname}`,
    tlsOptional: message.tls?.optional === true,
  });
  if (content.length > options.messageSize) return err(statusOf("message-too-big"));
  const loop = expansion.value.judge(content);
  if (loop !== undefined) return err(loop);
  const demand = withHeader(localDemand(message), {
    values: tlsRequired,
    taking: options.tlsRequiredNo ?? "all",
    known: true,
    who: "a local sender",
  });
  const ready = expansion.value.copies.map((copy, place) =>
    readyOf({ id: ids[place] as QueueId, at, copy, content, demand, dsn, message }, options),
  );
  const queued = await queue(ready, options);
  if (!queued.ok) return queued;
  const start = content.subarray(0, LONGEST_START);
  const complete = start.length === content.length;
  await expansion.value.tell({ id, arrivedAt: at, dsn, demand, origin: { kind: "local" }, start, complete });
  return ok({ id });
}

interface Making {
  readonly id: QueueId;
  readonly at: number;
  readonly copy: LocalCopy;
  readonly content: Bytes;
  readonly demand: TlsDemand;
  readonly dsn: Envelope["dsn"];
  readonly message: LocalMessage;
}

/** One copy with its trace on top. */
function readyOf({ id, at, copy, content, demand, dsn, message }: Making, options: InjectOptions): Ready {
  const { reversePath, recipients, deliveredTo } = copy;
  const senders = reversePath.kind === "mailbox" ? [reversePath.mailbox] : [];
  const smtpUtf8 = [...recipients.map(({ mailbox }) => mailbox), ...senders].some(needsUtf8);
  const only = message.to.length === 1 ? message.to[0] : undefined;
  const trace = options.writeReceived({
    by: options.hostname,
    id,
    authenticated: false,
    smtpUtf8,
    at,
    offset: options.offsetAt(at),
    ...(only === undefined ? {} : { for: only }),
  });
  const mark = deliveredTo === undefined ? [] : [utf8(`Delivered-To: ${formatMailbox(deliveredTo)}\r\n`)];
  const parts = [...mark, trace, content];
  const facts = contentFacts(parts);
  const envelope: Envelope = {
    reversePath,
    recipients,
    body: facts.eightBit ? "8bitmime" : "7bit",
    smtpUtf8,
    dsn,
    demand,
    origin: { kind: "local" },
    content: facts,
  };
  return { id, at, envelope, parts };
}

interface Ready {
  readonly id: QueueId;
  readonly at: number;
  readonly envelope: Envelope;
  readonly parts: readonly Uint8Array[];
}

async function queue(ready: readonly Ready[], options: InjectOptions): Promise<Result<undefined, Status>> {
  const batch: Pledge[] = [];
  try {
    for (const { id, at, envelope, parts } of ready) {
      await using sink = options.store.stage();
      for (const part of parts) await sink.write(part);
      const units = unitsOf(envelope.recipients, options.destinationOf);
      batch.push({ message: { id, envelope, acceptedAt: at, units }, body: await sink.finish() });
    }
    await options.store.commitAll(batch);
  } catch (error) {
    await Promise.all(batch.map(({ body }) => body[Symbol.asyncDispose]()));
    return err(storeFault(error));
  }
  for (const one of ready) tell(one, options);
  return ok(undefined);
}

function tell({ id, at, envelope }: Ready, { clock }: InjectOptions): void {
  publish("hopseal:accepted", {
    id,
    from: formatReversePath(envelope.reversePath),
    to: envelope.recipients.map(({ mailbox }) => formatMailbox(mailbox)),
    size: envelope.content.size,
    client: "local",
    tls: "local",
    at,
    durableAt: clock.now(),
    took: Math.max(0, clock.now() - at),
  });
}

/** What a notice can return of a message at most; its header lies in it. */
const LONGEST_START = 65_536;
