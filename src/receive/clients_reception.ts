import type { Clock } from "../base/mod.ts";
import type { ForwardPath } from "../mail/mod.ts";
import { publish } from "../observe/mod.ts";
import type { Peer, Reception, TransactionHandler } from "../smtp/server/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { type Buckets, buckets } from "./admission_buckets.ts";
import { clientKey, type ClientWidth } from "./clients_address.ts";
import type { Screen } from "./dnsbl.ts";

/** How much one client may send within a minute; undefined sets no bound. */
export interface ClientRates extends ClientWidth {
  readonly messages: number | undefined;
  readonly recipients: number | undefined;
}

export interface SpentRates {
  readonly messages: Buckets;
  readonly recipients: Buckets;
}

export function spentRates(): SpentRates {
  return { messages: buckets(), recipients: buckets() };
}

export interface WatchedOptions {
  readonly clock: Clock;
  readonly rates: ClientRates;
  /** What clients have used of their rates; outlives a reload. */
  readonly spent: SpentRates;
  /** Clients that no bound on one client and no list in DNS concerns. */
  readonly isExempt: (address: string) => boolean;
  readonly screen: Screen | undefined;
  /** Where a client that lists name is refused; at its recipients it can still reach postmaster. */
  readonly refuseAt: "recipient" | "greeting";
}

/** A reception that asks lists in DNS while its clients wait for the greeting, and holds each client to its rates. */
export function watched(reception: Reception, options: WatchedOptions): Reception {
  const { rates, refuseAt, spent } = options;
  const screenFor = (peer: Peer): Screen | undefined =>
    peer.identity !== undefined || peer.address === peer.proxy || options.isExempt(peer.address)
      ? undefined
      : options.screen;
  const overRate = (peer: Peer, what: "messages" | "recipients"): Status | undefined => {
    const most = rates[what];
    if (most === undefined || options.isExempt(peer.address)) return undefined;
    if (spent[what].take(clientKey(peer.address, rates), most, options.clock.monotonic())) return undefined;
    publish("hopseal:limited", { limit: "client-rate", client: peer.address, text: `${most} ${what} a minute` });
    return TOO_MUCH;
  };
  const greeted = async (peer: Peer, screen: Screen): Promise<Status | undefined> => {
    const text = await screen.judge(peer.address);
    return text === undefined || refuseAt === "recipient" ? undefined : refusal(peer, statusOf("client-denied", text));
  };
  const recipient = async (peer: Peer, screen: Screen): Promise<Status | undefined> => {
    const text = await screen.judge(peer.address);
    return text === undefined ? undefined : refusal(peer, statusOf("policy-refused", text));
  };
  const guarded = (peer: Peer, handler: TransactionHandler): TransactionHandler => ({
    content: () => handler.content(),
    reset: () => handler.reset(),
    recipient(request) {
      const over = overRate(peer, "recipients");
      if (over !== undefined) return over;
      const screen = refuseAt === "recipient" && !isPostmaster(request.path) ? screenFor(peer) : undefined;
      if (screen === undefined) return handler.recipient(request);
      return recipient(peer, screen).then((refused) => refused ?? handler.recipient(request));
    },
  });
  const started = (peer: Peer, answer: TransactionHandler | Status): TransactionHandler | Status =>
    "recipient" in answer ? guarded(peer, answer) : answer;

  return {
    connected(peer) {
      const screen = screenFor(peer);
      const answer = reception.connected(peer);
      if (screen === undefined) return answer;
      return Promise.resolve(answer).then((refused) => refused ?? greeted(peer, screen));
    },
    mail(peer, request) {
      const over = overRate(peer, "messages");
      if (over !== undefined) return over;
      const answer = reception.mail(peer, request);
      return answer instanceof Promise ? answer.then((made) => started(peer, made)) : started(peer, answer);
    },
  };
}

function refusal(peer: Peer, status: Status): Status {
  publish("hopseal:limited", { limit: "dnsbl", client: peer.address, text: status.text });
  return status;
}

/** RFC 5321 §4.5.1: whoever is refused must be able to say so to postmaster. */
function isPostmaster(path: ForwardPath): boolean {
  return path.kind === "postmaster" || path.mailbox.localPart.toLowerCase() === "postmaster";
}

const TOO_MUCH = statusOf("client-rate");
