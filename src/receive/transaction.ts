import { type Bytes, type Clock, concat, utf8 } from "../base/mod.ts";
import {
  type ContentFacts,
  type Envelope,
  formatMailbox,
  formatReversePath,
  headerScanner,
  type Mailbox,
  needsUtf8,
  type Recipient,
  type TlsDemand,
} from "../mail/mod.ts";
import { publish } from "../observe/mod.ts";
import { type BodySink, type Destination, type QueueId, type Store, storeFault, unitsOf } from "../queue/mod.ts";
import type { ContentSink, MailRequest, Peer, RcptRequest, TransactionHandler } from "../smtp/server/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { caseless, keyOf } from "./aliases.ts";
import { type Accepted, judgeRecipient, type RecipientRules } from "./recipients.ts";

/** What a transaction needs from the house. */
export interface TransactionOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly rules: RecipientRules;
  readonly limits: { readonly headerFields: number; readonly hops: number; readonly expandedRecipients: number };
  /** Whether the client may send to anybody. */
  readonly mayRelay: boolean;
  readonly origin: Envelope["origin"];
  readonly demand: TlsDemand;
  readonly newId: () => QueueId;
  readonly destinationOf: (mailbox: Mailbox) => Destination;
  /** The trace field that goes on top (RFC 5321 §4.4). `only` is the recipient when there is exactly one. */
  readonly received: (id: QueueId, peer: Peer, request: MailRequest, only: Mailbox | undefined) => Uint8Array;
}

/** Collects one transaction and queues it; nothing of it outlives `reset`. */
export function startTransaction(peer: Peer, request: MailRequest, options: TransactionOptions): TransactionHandler {
  const recipients = new Map<string, Recipient>();
  const asked = new Map<string, Mailbox>();
  const take = (rcpt: RcptRequest, accepted: Accepted): Status => {
    if (recipients.size + accepted.targets.length > options.limits.expandedRecipients)
      return statusOf("too-many-recipients");
    asked.set(keyOf(accepted.asked), accepted.asked);
    for (const mailbox of accepted.targets) {
      const key = keyOf(mailbox);
      if (!recipients.has(key)) recipients.set(key, recipientOf(mailbox, accepted, rcpt));
    }
    return statusOf("ok-recipient");
  };
  return {
    recipient(rcpt) {
      const verdict = judgeRecipient(options.rules, rcpt.path, options.mayRelay);
      if (verdict instanceof Promise) return verdict.then((late) => (late.ok ? take(rcpt, late.value) : late.error));
      return verdict.ok ? take(rcpt, verdict.value) : verdict.error;
    },
    content: () =>
      contentSink({ peer, request, options, recipients: [...recipients.values()], asked: [...asked.values()] }),
    reset() {
      recipients.clear();
      asked.clear();
    },
  };
}

interface Draft {
  readonly peer: Peer;
  readonly request: MailRequest;
  readonly options: TransactionOptions;
  readonly recipients: readonly Recipient[];
  readonly asked: readonly Mailbox[];
}

/** Puts the Received field in front, looks at the header on the way, and commits at the end. */
function contentSink(draft: Draft): ContentSink {
  const { options, asked } = draft;
  const id = options.newId();
  const only = asked.length === 1 ? asked[0] : undefined;
  const received = options.received(id, draft.peer, draft.request, only);
  const header = headerScanner({ collect: ["delivered-to"], maxFields: options.limits.headerFields });
  const sink = options.store.stage();
  let waiting = sink.write(received);
  let top: Bytes = received;
  let begun = false;
  return {
    write(chunk) {
      if (!header.done) header.push(chunk);
      let piece = chunk;
      if (!begun && chunk.length > 0) {
        begun = true;
        if (continuesField(chunk)) {
          top = concat([received, CRLF]);
          piece = concat([CRLF, chunk]);
        }
      }
      if (waiting === undefined) return sink.write(piece);
      const before = waiting;
      waiting = undefined;
      return before.then(() => sink.write(piece));
    },
    async finish(facts) {
      header.end();
      const refusal = judgeLines(facts, draft) ?? judgeHeader(header.result(), draft);
      if (refusal !== undefined) {
        await sink[Symbol.asyncDispose]();
        return refusal;
      }
      return await queue(draft, id, sink, withTrace(facts, top));
    },
    abort() {
      sink[Symbol.asyncDispose]().then(undefined, storeFault);
    },
  };
}

async function queue(draft: Draft, id: QueueId, sink: BodySink, content: ContentFacts): Promise<Status> {
  const { options, request, recipients, peer } = draft;
  const acceptedAt = options.clock.now();
  const envelope: Envelope = {
    reversePath: request.reversePath,
    recipients,
    body: request.body,
    smtpUtf8: request.smtpUtf8,
    dsn: request.dsn,
    demand: options.demand,
    origin: options.origin,
    content,
    ...(peer.identity === undefined ? {} : { identity: peer.identity }),
  };
  try {
    const staged = await sink.finish();
    await options.store.commit({ id, envelope, acceptedAt, units: unitsOf(recipients, options.destinationOf) }, staged);
  } catch (error) {
    await sink[Symbol.asyncDispose]();
    return storeFault(error);
  }
  publish("hopseal:accepted", {
    id,
    from: formatReversePath(request.reversePath),
    to: recipients.map(({ mailbox }) => formatMailbox(mailbox)),
    size: content.size,
    client: peer.address,
    tls: peer.tls === undefined ? "plaintext" : `${peer.tls.version}:${peer.tls.cipher}`,
    at: acceptedAt,
    durableAt: options.clock.now(),
  });
  return statusOf("ok-message", `Queued as ${id}`);
}

/** RFC 3030 §3: only BINARYMIME is free of lines; DATA with such content never gets this far. */
function judgeLines(facts: ContentFacts, { request }: Draft): Status | undefined {
  return facts.bareCrLf && request.body !== "binarymime" ? statusOf("bare-cr-lf") : undefined;
}

function judgeHeader(report: ReturnType<ReturnType<typeof headerScanner>["result"]>, draft: Draft): Status | undefined {
  if (report.fault !== undefined) return statusOf("too-many-header-fields");
  // RFC 5321 §6.3
  if (report.received > draft.options.limits.hops)
    return statusOf("mail-loop", `The message has passed ${report.received} hops`);
  const deliveredTo = new Set((report.values.get("delivered-to") ?? []).map((value) => value.toLowerCase()));
  const looping = draft.recipients.find(
    ({ mailbox }) => isOurs(draft.options.rules, mailbox) && deliveredTo.has(formatMailbox(mailbox).toLowerCase()),
  );
  if (looping === undefined) return undefined;
  return statusOf("mail-loop", `The message was delivered to ${formatMailbox(looping.mailbox)} before`);
}

function isOurs(rules: RecipientRules, mailbox: Mailbox): boolean {
  return (rules.domains as ReadonlyMap<string, unknown>).has(mailbox.domain);
}

// RFC 3461 §5.2.7: an alias passes ORCPT on, or names the address it was asked for.
function recipientOf(mailbox: Mailbox, accepted: Accepted, rcpt: RcptRequest): Recipient {
  const { asked } = accepted;
  // RFC 6533 §3: what ASCII cannot say has the type utf-8.
  const type = needsUtf8(asked) ? "utf-8" : "rfc822";
  const renamed = caseless(mailbox) !== caseless(asked);
  const original = rcpt.original ?? (renamed ? { type, address: formatMailbox(asked) } : undefined);
  return {
    mailbox,
    ...(original === undefined ? {} : { original }),
    ...(rcpt.notify === undefined ? {} : { notify: rcpt.notify }),
  };
}

/** RFC 5322 §2.2.3: such a first line would be read as the end of our Received field; an empty line makes it body. */
function continuesField(content: Bytes): boolean {
  return content[0] === SPACE || content[0] === TAB;
}

function withTrace(facts: ContentFacts, top: Bytes): ContentFacts {
  const eightBit = facts.eightBit || top.some((octet) => octet > 0x7f);
  const endsInCrlf = facts.size === 0 || facts.endsInCrlf;
  return { ...facts, size: facts.size + top.length, eightBit, endsInCrlf };
}

const CRLF = utf8("\r\n");
const SPACE = 0x20;
const TAB = 0x09;
