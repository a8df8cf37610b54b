import { type Clock, err, ok, type Result } from "../base/mod.ts";
import {
  type Domain,
  type Envelope,
  formatMailbox,
  formatReversePath,
  type Mailbox,
  needsUtf8,
  type NoTlsTaking,
  type Recipient,
  withHeader,
} from "../mail/mod.ts";
import { withoutSuccess } from "../dsn/mod.ts";
import { publish } from "../observe/mod.ts";
import { type Destination, type QueueId, type Store, storeFault, unitsOf } from "../queue/mod.ts";
import { contentFacts } from "../smtp/grammar/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { formatDate, type ReceivedFacts } from "../trace/mod.ts";
import { demandFault, localDemand } from "./demand.ts";
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
  /** Whose `TLS-Required: No` counts; default all (RFC 8689 §4.1). */
  readonly tlsRequiredNo?: NoTlsTaking;
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
  const fault = demandFault(message);
  if (fault !== undefined) return err(statusOf("policy-refused", fault));
  const normal = normaliseLines(message.content);
  if (!normal.ok) return err(statusOf("bare-cr-lf", normal.error));
  const recipients = await resolveAll(message, options);
  if (!recipients.ok) return recipients;
  const id = options.newId();
  const at = options.clock.now();
  const offset = options.offsetAt(at);
  const fixed = addMissingFields(normal.value, {
    from: message.from,
    date: formatDate(at, offset),
    messageId: `${id}@${options.hostname}`,
    tlsOptional: message.tls?.optional === true,
  });
  const { content } = fixed;
  if (content.length > options.messageSize) return err(statusOf("message-too-big"));
  const senders = message.from.kind === "mailbox" ? [message.from.mailbox] : [];
  const smtpUtf8 = [...recipients.value.map(({ mailbox }) => mailbox), ...senders].some(needsUtf8);
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
  const { notify: _notify, ...dsn } = message.dsn ?? {};
  const envelope: Envelope = {
    reversePath: message.from,
    recipients: recipients.value,
    body: facts.eightBit ? "8bitmime" : "7bit",
    smtpUtf8,
    dsn,
    demand: withHeader(localDemand(message), {
      values: fixed.tlsRequired,
      taking: options.tlsRequiredNo ?? "all",
      known: true,
      who: "a local sender",
    }),
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

/** Every recipient once. What aliases lead to keeps the address that was asked for, and NOTIFY as RFC 3461 §5.2.7 has it. */
async function resolveAll(
  message: LocalMessage,
  options: InjectOptions,
): Promise<Result<readonly Recipient[], Status>> {
  const found = new Map<string, Recipient>();
  for (const asked of message.to) {
    const targets = await options.resolve(asked);
    if (!targets.ok) return targets;
    const { notify: wanted } = message.dsn ?? {};
    // RFC 3461 §5.2.7.3
    const notify = targets.value.length > 1 ? withoutSuccess(wanted) : wanted;
    for (const mailbox of targets.value) {
      const key = formatMailbox(mailbox);
      if (found.has(key)) continue;
      const renamed = key.toLowerCase() !== formatMailbox(asked).toLowerCase();
      const original = { type: needsUtf8(asked) ? "utf-8" : "rfc822", address: formatMailbox(asked) };
      found.set(key, { mailbox, ...(renamed ? { original } : {}), ...(notify === undefined ? {} : { notify }) });
    }
  }
  return ok([...found.values()]);
}
