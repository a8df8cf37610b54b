import type { Clock } from "../base/mod.ts";
import type { NoticeBound } from "../dsn/mod.ts";
import type { Mailbox, NoTlsTaking } from "../mail/mod.ts";
import type { Destination, QueueId, Store } from "../queue/mod.ts";
import type { MailRequest, Peer, Reception, TransactionHandler } from "../smtp/server/mod.ts";
import { statusOf } from "../status/mod.ts";
import type { ReceivedFacts } from "../trace/mod.ts";
import { demandOfMail } from "./demand.ts";
import type { RecipientRules } from "./recipients.ts";
import { whereRoom } from "./room.ts";
import type { SrsSecrets } from "./srs.ts";
import { startTransaction } from "./transaction.ts";

export interface ReceptionOptions {
  readonly role: "mx" | "submission" | "submissions";
  readonly hostname: ReceivedFacts["by"];
  readonly store: Store;
  readonly clock: Clock;
  readonly limits: { readonly headerFields: number; readonly hops: number; readonly expandedRecipients: number };
  /** Clients that may send anywhere without authentication. */
  readonly isRelayClient: (address: string) => boolean;
  /** The rules in force now; asked once per transaction, so that a reload reaches the next one. */
  readonly rules: () => RecipientRules;
  /** Whose `TLS-Required: No` counts; default all (RFC 8689 §4.1). */
  readonly tlsRequiredNo?: NoTlsTaking;
  /** For the domains that rewrite senders; asked once per transaction. */
  readonly srs?: () => SrsSecrets | undefined;
  /** Keeps notices to one sender from coming all at once. */
  readonly notices?: NoticeBound;
  readonly newId: () => QueueId;
  readonly destinationOf: (mailbox: Mailbox) => Destination;
  /** Minutes east of UTC at that moment. */
  readonly offsetAt: (instant: number) => number;
  readonly writeReceived: (facts: ReceivedFacts) => Uint8Array;
}

/** Decides who may send what to whom, and takes it into the queue. */
export function createReception(options: ReceptionOptions): Reception {
  return {
    connected: () => undefined,
    mail(peer, request) {
      // An address that a proxy did not tell is the proxy's own, and no client's.
      const known = peer.proxy !== peer.address && options.isRelayClient(peer.address);
      const mayRelay = peer.identity !== undefined || known;
      // RFC 6409 §4.3: a submission server takes mail from those it knows alone.
      if (options.role !== "mx" && !mayRelay) return statusOf("auth-required");
      const who = whoIs(peer);
      const begin = (): TransactionHandler =>
        startTransaction(peer, request, {
          store: options.store,
          clock: options.clock,
          rules: options.rules(),
          limits: options.limits,
          mayRelay,
          origin: originOf(peer, options.role),
          demand: demandOfMail(request.requireTls, who),
          noTls: options.tlsRequiredNo ?? "all",
          who,
          hostname: options.hostname,
          srs: options.srs?.(),
          ...(options.notices === undefined ? {} : { notices: options.notices }),
          newId: options.newId,
          destinationOf: options.destinationOf,
          received: (id, current, mail, only) =>
            options.writeReceived(receivedFacts({ id, peer: current, mail, only }, options)),
          ownTrace: (id, to, smtpUtf8) => options.writeReceived(ownFacts({ id, to, smtpUtf8 }, options)),
        });
      // RFC 1870 §6.1: what will not fit is refused before it is sent.
      return whereRoom(options.store, { octets: request.declaredSize ?? 0, client: peer.address }, begin);
    },
  };
}

/** The client as an operator knows it. */
function whoIs(peer: Peer): string {
  return peer.identity === undefined ? `the client ${peer.address}` : `${peer.identity} at ${peer.address}`;
}

function originOf(peer: Peer, role: ReceptionOptions["role"]): Parameters<typeof startTransaction>[2]["origin"] {
  return {
    kind: role === "mx" ? "mx" : "submission",
    client: peer.address,
    ...(peer.hello === undefined ? {} : { helo: peer.hello.text }),
    ...(peer.tls === undefined ? {} : { tls: { version: peer.tls.version, cipher: peer.tls.cipher } }),
  };
}

interface Seen {
  readonly id: QueueId;
  readonly peer: Peer;
  readonly mail: MailRequest;
  readonly only: Mailbox | undefined;
}

function receivedFacts({ id, peer, mail, only }: Seen, options: ReceptionOptions): ReceivedFacts {
  const at = options.clock.now();
  return {
    by: options.hostname,
    id,
    from: {
      hello: peer.hello ?? { verb: "HELO", text: "" },
      address: peer.address,
      ...(peer.name === undefined ? {} : { name: peer.name }),
    },
    ...(peer.tls === undefined ? {} : { tls: peer.tls }),
    authenticated: peer.identity !== undefined,
    smtpUtf8: mail.smtpUtf8,
    ...(only === undefined ? {} : { for: only }),
    at,
    offset: options.offsetAt(at),
  };
}

interface Own {
  readonly id: QueueId;
  readonly to: Mailbox;
  readonly smtpUtf8: boolean;
}

function ownFacts({ id, to, smtpUtf8 }: Own, options: ReceptionOptions): ReceivedFacts {
  const at = options.clock.now();
  return { by: options.hostname, id, authenticated: false, smtpUtf8, for: to, at, offset: options.offsetAt(at) };
}
