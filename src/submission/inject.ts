import { type Clock, err, ok, type Result } from "../base/mod.ts";
import { type Domain, type Envelope, formatMailbox, formatReversePath, type Mailbox, needsUtf8 } from "../mail/mod.ts";
import { publish } from "../observe/mod.ts";
import { type Destination, type QueueId, type Store, storeFault, unitsOf } from "../queue/mod.ts";
import { contentFacts } from "../smtp/grammar/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { formatDate, type ReceivedFacts } from "../trace/mod.ts";
import { addMissingFields } from "./fixup.ts";
import type { LocalMessage } from "./message.ts";
import { normaliseLines } from "./normalise.ts";

export interface InjectOptions {
  readonly hostname: Domain;
  readonly store: Store;
  readonly clock: Clock;
  readonly messageSize: number;
  /** Where mail to an address goes: itself, or what its aliases lead to. */
  readonly resolve: (mailbox: Mailbox) => Promise<Result<readonly Mailbox[], Status>>;
  readonly newId: () => QueueId;
  readonly destinationOf: (mailbox: Mailbox) => Destination;
  readonly offsetAt: (instant: number) => number;
  readonly writeReceived: (facts: ReceivedFacts) => Uint8Array;
}

/** Takes a message that somebody on this machine hands in: durable when it resolves to an id. */
export async function injectLocal(
  message: LocalMessage,
  options: InjectOptions,
): Promise<Result<{ id: QueueId }, Status>> {
  const normal = normaliseLines(message.content);
  if (!normal.ok) return err(statusOf("bare-cr-lf", normal.error));
  const recipients = await resolveAll(message.to, options);
  if (!recipients.ok) return recipients;
  const id = options.newId();
  const at = options.clock.now();
  const offset = options.offsetAt(at);
  const content = addMissingFields(normal.value, {
    from: message.from,
    date: formatDate(at, offset),
    messageId: `${id}@${options.hostname}`,
  });
  if (content.length > options.messageSize) return err(statusOf("message-too-big"));
  const smtpUtf8 = [...recipients.value, ...(message.from.kind === "mailbox" ? [message.from.mailbox] : [])].some(
    needsUtf8,
  );
  const only = message.to.length === 1 ? message.to[0] : undefined;
  const trace = options.writeReceived({
    by: options.hostname,
    id,
    authenticated: false,
    smtpUtf8,
    at,
    offset,
    ...(only === undefined ? {} : { for: only }),
  });
  const facts = contentFacts([trace, content]);
  const { notify, ...dsn } = message.dsn ?? {};
  const envelope: Envelope = {
    reversePath: message.from,
    recipients: recipients.value.map((mailbox) => ({ mailbox, ...(notify === undefined ? {} : { notify }) })),
    body: facts.eightBit ? "8bitmime" : "7bit",
    smtpUtf8,
    dsn,
    demand: {
      level: message.demand,
      propagate: false,
      because:
        message.demand === "may"
          ? []
          : [{ source: "submitter", says: `the sender asked for at least "${message.demand}"` }],
    },
    origin: { kind: "local" },
    content: facts,
  };
  return await queue({ id, at, envelope, parts: [trace, content] }, options);
}

interface Ready {
  readonly id: QueueId;
  readonly at: number;
  readonly envelope: Envelope;
  readonly parts: readonly Uint8Array[];
}

async function queue(
  { id, at, envelope, parts }: Ready,
  options: InjectOptions,
): Promise<Result<{ id: QueueId }, Status>> {
  try {
    await using sink = options.store.stage();
    for (const part of parts) await sink.write(part);
    const units = unitsOf(envelope.recipients, options.destinationOf);
    await options.store.commit({ id, envelope, acceptedAt: at, units }, await sink.finish());
  } catch (error) {
    return err(storeFault(error));
  }
  publish("hopseal:accepted", {
    id,
    from: formatReversePath(envelope.reversePath),
    to: envelope.recipients.map(({ mailbox }) => formatMailbox(mailbox)),
    size: envelope.content.size,
    client: "local",
    tls: "local",
    at,
    durableAt: options.clock.now(),
  });
  return ok({ id });
}

async function resolveAll(to: readonly Mailbox[], options: InjectOptions): Promise<Result<readonly Mailbox[], Status>> {
  const found = new Map<string, Mailbox>();
  for (const mailbox of to) {
    const targets = await options.resolve(mailbox);
    if (!targets.ok) return targets;
    for (const target of targets.value) found.set(formatMailbox(target), target);
  }
  return ok([...found.values()]);
}
