import type { Bytes, Instant, Millis, Random } from "../../base/mod.ts";
import { concat, equalBytes } from "../../base/mod.ts";
import type { Message } from "../wire/message.ts";
import { OPTION } from "../wire/message.ts";
import type { DnsServer } from "./servers.ts";

/**
 * DNS cookies (RFC 7873): a weak password between us and each server against forgers who see neither side's traffic.
 * A server that has shown that it knows them is held to it.
 */
export interface CookieJar {
  /** The COOKIE option for a query to `server`. */
  offer(server: DnsServer): Bytes;
  /** Judges the reply to a query that carried `sent`, and keeps the server's cookie. */
  judge(server: DnsServer, sent: Bytes, reply: Message): CookieVerdict;
  /** Stops expecting cookies of a server that answered without one over TCP. */
  forget(server: DnsServer): void;
}

/** `missing` is a reply without the cookie that this server is known to send: it may be forged. */
export type CookieVerdict = "fine" | "wrong" | "missing";

export function createCookieJar(random: Random, now: () => Instant): CookieJar {
  const servers = new Map<DnsServer, Entry>();

  function entryOf(server: DnsServer): Entry {
    const known = servers.get(server);
    if (known !== undefined && now() < known.until && now() >= known.until - CLIENT_COOKIE_LIFE) return known;
    // RFC 7873 §7.1
    const fresh: Entry = { client: random.bytes(CLIENT_OCTETS), until: now() + CLIENT_COOKIE_LIFE };
    servers.set(server, fresh);
    return fresh;
  }

  return {
    // RFC 7873 §5.1
    offer(server) {
      const { client, server: known } = entryOf(server);
      return known === undefined ? client : concat([client, known]);
    },
    // RFC 7873 §5.3
    judge(server, sent, reply) {
      const cookie = reply.edns?.options.find((option) => option.code === OPTION.COOKIE)?.data;
      const entry = entryOf(server);
      if (cookie === undefined) return entry.server === undefined ? "fine" : "missing";
      if (!isLegal(cookie) || !equalBytes(cookie.subarray(0, CLIENT_OCTETS), sent.subarray(0, CLIENT_OCTETS))) {
        return "wrong";
      }
      const mine = equalBytes(entry.client, sent.subarray(0, CLIENT_OCTETS));
      if (mine && cookie.length > CLIENT_OCTETS) servers.set(server, { ...entry, server: cookie.slice(CLIENT_OCTETS) });
      return "fine";
    },
    forget(server) {
      servers.delete(server);
    },
  };
}

interface Entry {
  readonly client: Bytes;
  readonly until: Instant;
  readonly server?: Bytes;
}

// RFC 7873 §4.2, §5.2.2
function isLegal(cookie: Bytes): boolean {
  return cookie.length === CLIENT_OCTETS || (cookie.length >= 16 && cookie.length <= 40);
}

// RFC 7873 §4.1
const CLIENT_OCTETS = 8;
/** A client cookie serves at most a day, so that it cannot follow us for long (RFC 7873 §7.1 allows 36). */
const CLIENT_COOKIE_LIFE: Millis = 24 * 60 * 60 * 1000;
