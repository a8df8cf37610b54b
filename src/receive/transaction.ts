import type { Clock } from "../base/mod.ts";
import type { NoticeBound } from "../dsn/mod.ts";
import type { Domain, Envelope, Mailbox, NoTlsTaking, Recipient, TlsDemand } from "../mail/mod.ts";
import type { Destination, QueueId, Store } from "../queue/mod.ts";
import type { MailRequest, Peer, TransactionHandler } from "../smtp/server/mod.ts";
import { contentSink } from "./content.ts";
import type { Entry } from "./entry.ts";
import { gather, type GatherOptions } from "./gather.ts";
import { whereRoom } from "./room.ts";

/** What a transaction needs from the house. */
export interface TransactionOptions extends GatherOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly limits: { readonly headerFields: number; readonly hops: number; readonly expandedRecipients: number };
  readonly origin: Envelope["origin"];
  /** What MAIL asked for. */
  readonly demand: TlsDemand;
  readonly noTls: NoTlsTaking;
  /** The client and its identity, for people. */
  readonly who: string;
  /** Our name in notices. */
  readonly hostname: Domain;
  /** Keeps notices to one sender from coming all at once. */
  readonly notices?: NoticeBound;
  readonly newId: () => QueueId;
  readonly destinationOf: (mailbox: Mailbox) => Destination;
  /** The trace field that goes on top (RFC 5321 §4.4). `only` is the recipient when there is exactly one. */
  readonly received: (id: QueueId, peer: Peer, request: MailRequest, only: Mailbox | undefined) => Uint8Array;
  /** The trace field of a notice that we write. */
  readonly ownTrace: (id: QueueId, to: Mailbox, smtpUtf8: boolean) => Uint8Array;
}

/** A transaction whose recipients are known. */
export interface Draft {
  readonly peer: Peer;
  readonly request: MailRequest;
  readonly options: TransactionOptions;
  readonly entries: readonly Entry[];
  /** The addresses that the client named, once each. */
  readonly asked: readonly Mailbox[];
  /** Aliases whose expansion is to be reported. */
  readonly expanded: readonly Recipient[];
}

/** Collects one transaction and queues it; nothing of it outlives `reset`. */
export function startTransaction(peer: Peer, request: MailRequest, options: TransactionOptions): TransactionHandler {
  const gathered = gather(request.reversePath, options);
  return {
    recipient: (rcpt) => gathered.add(rcpt),
    content: () =>
      // There may have been room at MAIL, long ago.
      whereRoom(options.store, { octets: request.declaredSize ?? 0, client: peer.address }, () =>
        contentSink({
          peer,
          request,
          options,
          entries: gathered.entries(),
          asked: gathered.asked(),
          expanded: gathered.expanded(),
        }),
      ),
    reset: () => gathered.clear(),
  };
}
