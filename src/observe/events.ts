import { channel } from "node:diagnostics_channel";
import type { Instant } from "../base/mod.ts";

/** Everything that shells tell the world about; never a secret, a body or a subject. */
export interface Events {
  "hopseal:listening": { readonly role: string; readonly address: string; readonly tls: string };
  /** Everything is open; mail is taken and sent from now on. */
  "hopseal:ready": { readonly pid: number; readonly queued: number };
  /** Certificates and recipients were read again; what could not be read is a fault of its own and stays as it was. */
  "hopseal:reloaded": { readonly problems: number };
  "hopseal:stopped": { readonly pid: number };
  "hopseal:accepted": {
    readonly id: string;
    readonly from: string;
    readonly to: readonly string[];
    readonly size: number;
    readonly client: string;
    /** The proxy in front that told the client's address. */
    readonly proxy?: string;
    /** e.g. "TLSv1.3:TLS_AES_256_GCM_SHA384" or "plaintext". */
    readonly tls: string;
    readonly at: Instant;
    readonly durableAt: Instant;
    /** Milliseconds from the end of the content until it was durable. */
    readonly took: number;
  };
  "hopseal:refused": {
    readonly stage: string;
    readonly client: string;
    readonly proxy?: string;
    readonly cause: string;
    readonly text: string;
  };
  /** One final line per attempt and recipient. */
  "hopseal:attempt": {
    readonly id: string;
    readonly attempt: number;
    readonly from: string;
    readonly to: string;
    readonly outcome: "delivered" | "deferred" | "failed";
    /** Wanted and actual, e.g. "secure:webpki", "may:plaintext" (what was not reached stands after "!"). */
    readonly tls: string;
    readonly session?: { readonly version: string; readonly cipher: string; readonly group?: string };
    readonly host?: string;
    readonly address?: string;
    readonly code: number;
    readonly enhanced?: string;
    readonly text: string;
    readonly because: readonly string[];
    readonly at: Instant;
    /** Milliseconds since the message was accepted. */
    readonly age: number;
    /** Milliseconds that this attempt took. */
    readonly took: number;
  };
  /** Something about what destinations publish, or about how it is taken, that a postmaster should know. */
  "hopseal:policy": {
    /** With the source `list`, the name of the list when the whole of it was replaced. */
    readonly domain: string;
    /**
     * `changed`, `weakened`: a stored policy was replaced. `refresh-failed`: it could not be renewed, again.
     * `override-ended`: a `[[tls_policy]]` weakens no more. `would-have`: what would have been, were it enforced.
     */
    readonly what: "changed" | "weakened" | "refresh-failed" | "override-ended" | "would-have";
    readonly source: "mta-sts" | "dane" | "list" | "local";
    readonly text: string;
  };
  /** What another mail server was told about a next hop; not for what was still remembered. */
  "hopseal:looked-up": {
    readonly nextHop: string;
    readonly answer: string;
    /** The row of docs/postfix.md. */
    readonly row: string;
    readonly because: readonly string[];
    /** Milliseconds. */
    readonly took: number;
  };
  /** A list in DNS names a client. `action` is what the configuration wants then. */
  "hopseal:listed": {
    readonly client: string;
    readonly zone: string;
    readonly codes: readonly string[];
    readonly action: "refuse" | "log" | "allow";
  };
  /** A bound was reached, and somebody was refused, cut off or made to wait for it. */
  "hopseal:limited": { readonly limit: Limit; readonly client?: string; readonly text?: string };
  /** What an operator has stopped, at the start and after each change; all false and empty: nothing any more. */
  "hopseal:paused": {
    readonly receiving: boolean;
    readonly sending: boolean;
    readonly destinations: readonly string[];
    /** No mail is taken any more, and the process ends when nothing is due. */
    readonly draining: boolean;
  };
  /** A client came or went. */
  "hopseal:connection":
    | { readonly change: "opened"; readonly role: string }
    | {
        readonly change: "closed";
        readonly role: string;
        /** Such as "TLSv1.3", or "plaintext". */
        readonly tls: string;
        /** Who ended it: the client by QUIT, we by a last reply, or nobody in order. */
        readonly ended: "quit" | "hung-up" | "lost";
      };
  /** A TLS handshake came to its end in order. */
  "hopseal:handshake": {
    readonly side: "server" | "client";
    readonly version: string;
    /** Milliseconds. */
    readonly took: number;
  };
  /** Calls that the store made durable together, or could not. */
  "hopseal:stored": { readonly calls: number; readonly ok: boolean /** Milliseconds. */; readonly took: number };
  /** Delivery took units of the queue in hand. */
  "hopseal:claimed": { readonly units: number };
  /** Notices to senders went into the queue. */
  "hopseal:notified": { readonly notices: number };
  /** A look-up in DNS ended. */
  "hopseal:resolved": {
    readonly type: string;
    readonly result: "secure" | "insecure" | "bogus" | "unavailable";
    /** Milliseconds. */
    readonly took: number;
  };
  /** A message was wanted of DNS servers; look-ups that are in memory as a whole want none. */
  "hopseal:dns-wanted": { readonly from: "memory" | "servers" };
  /** A policy host of MTA-STS was asked. */
  "hopseal:sts-fetched": { readonly outcome: string /** Milliseconds. */; readonly took: number };
  /** What a session came to in the words of TLS reports (RFC 8460 §4.3). */
  "hopseal:tls-result": { readonly policy: string; readonly result: string };
  /** A connection to a next hop: every one that is dialled is closed, whether or not a session was opened on it. */
  "hopseal:outbound": { readonly change: "dialled" | "opened" | "reused" | "closed" };
  "hopseal:fault": { readonly where: string; readonly text: string };
}

/** Every bound of the program, by the name that the log and the metrics give it. */
export type Limit =
  | "connections"
  | "client-connections"
  | "client-rate"
  | "client-denied"
  | "dnsbl"
  | "proxy"
  | "command-time"
  | "connection-time"
  | "content-rate"
  | "handshake-time"
  | "renegotiation"
  | "mistakes"
  | "descriptors"
  | "queue-size"
  | "disk-space"
  | "paused";

export type EventName = keyof Events;

/** Publishes without cost when nobody listens. */
export function publish<N extends EventName>(name: N, event: Events[N]): void {
  const target = channel(name);
  if (target.hasSubscribers) target.publish(event);
}

/** Calls `listener` for every event of that name until disposed. */
export function subscribe<N extends EventName>(name: N, listener: (event: Events[N]) => void): Disposable {
  const target = channel(name);
  const forward = (event: unknown): void => listener(event as Events[N]);
  target.subscribe(forward);
  return {
    [Symbol.dispose]: () => {
      target.unsubscribe(forward);
    },
  };
}
