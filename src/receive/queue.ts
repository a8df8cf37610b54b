import type { Bytes, Instant, Millis } from "../base/mod.ts";
import { type ContentFacts, type Envelope, formatMailbox, formatReversePath, type TlsDemand } from "../mail/mod.ts";
import { publish } from "../observe/mod.ts";
import { type Pledge, storeFault, unitsOf } from "../queue/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import type { StagedCopy } from "./content.ts";
import { tellExpanded } from "./notice.ts";
import type { Draft } from "./transaction.ts";

export interface Whole {
  /** At least one. */
  readonly copies: readonly StagedCopy[];
  /** Of the content as it came. */
  readonly facts: ContentFacts;
  readonly demand: TlsDemand;
  /** When the content ended, by the monotonic clock. */
  readonly since: Millis;
  /** Its beginning, where a notice will return it. */
  readonly start: Bytes;
}

/** Makes the copies durable, all of them or none, each with the same demand; on a failure the client is told to come again. */
export async function queueCopies(draft: Draft, whole: Whole): Promise<Status> {
  const { options } = draft;
  const acceptedAt = options.clock.now();
  const envelopes = whole.copies.map((staged) => envelopeOf(draft, staged, whole));
  const batch: Pledge[] = [];
  try {
    for (const [at, { id, sink }] of whole.copies.entries()) {
      const envelope = envelopes[at] as Envelope;
      const units = unitsOf(envelope.recipients, options.destinationOf);
      batch.push({ message: { id, envelope, acceptedAt, units }, body: await sink.finish() });
    }
    await options.store.commitAll(batch);
  } catch (error) {
    // Content that is taken already is no longer ours to drop.
    await Promise.all([
      ...whole.copies.map(({ sink }) => sink[Symbol.asyncDispose]()),
      ...batch.map(({ body }) => body[Symbol.asyncDispose]()),
    ]);
    return storeFault(error);
  }
  for (const [at, staged] of whole.copies.entries())
    tell(draft, staged, envelopes[at] as Envelope, { acceptedAt, since: whole.since });
  const { reversePath, dsn } = draft.request;
  const { identity } = draft.peer;
  const known = identity === undefined ? {} : { identity };
  await tellExpanded(
    { ...options, ...known, reversePath, expanded: draft.expanded },
    {
      id: whole.copies[0]?.id ?? "",
      arrivedAt: acceptedAt,
      dsn,
      demand: whole.demand,
      origin: options.origin,
      start: whole.start,
      complete: whole.start.length === whole.facts.size,
    },
  );
  return statusOf("ok-message", `Queued as ${whole.copies.map(({ id }) => id).join(", ")}`);
}

// RFC 8689 §4.1: every copy is tagged in the same manner.
function envelopeOf({ options, request, peer }: Draft, { copy, top }: StagedCopy, whole: Whole): Envelope {
  return {
    reversePath: copy.reversePath,
    recipients: copy.recipients,
    body: request.body,
    smtpUtf8: request.smtpUtf8,
    dsn: request.dsn,
    demand: whole.demand,
    origin: options.origin,
    content: withTrace(whole.facts, top),
    ...(peer.identity === undefined ? {} : { identity: peer.identity }),
  };
}

function tell({ peer, options }: Draft, { id }: StagedCopy, envelope: Envelope, { acceptedAt, since }: Times): void {
  publish("hopseal:accepted", {
    id,
    from: formatReversePath(envelope.reversePath),
    to: envelope.recipients.map(({ mailbox }) => formatMailbox(mailbox)),
    size: envelope.content.size,
    client: peer.address,
    ...(peer.proxy === undefined ? {} : { proxy: peer.proxy }),
    tls: peer.tls === undefined ? "plaintext" : `${peer.tls.version}:${peer.tls.cipher}`,
    at: acceptedAt,
    durableAt: options.clock.now(),
    took: options.clock.monotonic() - since,
  });
}

interface Times {
  readonly acceptedAt: Instant;
  readonly since: Millis;
}

function withTrace(facts: ContentFacts, top: Uint8Array): ContentFacts {
  const eightBit = facts.eightBit || top.some((octet) => octet > 0x7f);
  const endsInCrlf = facts.size === 0 || facts.endsInCrlf;
  return { ...facts, size: facts.size + top.length, eightBit, endsInCrlf };
}
