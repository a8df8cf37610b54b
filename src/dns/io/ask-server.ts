import type { Bytes, Random } from "../../base/mod.ts";
import { unreachable } from "../../base/mod.ts";
import { decodeMessage } from "../wire/decode.ts";
import type { Message } from "../wire/message.ts";
import { RCODE } from "../wire/message.ts";
import type { CookieJar } from "./cookies.ts";
import type { DnsDialer, Heard, Line } from "./dial.ts";
import type { Lines } from "./lines.ts";
import { repliesTo } from "./match.ts";
import type { Asking, Query } from "./query.ts";
import { buildQuery } from "./query.ts";
import type { DnsServer } from "./servers.ts";

export interface ServerTools {
  readonly dialer: DnsDialer;
  readonly lines: Lines;
  readonly jar: CookieJar;
  readonly random: Random;
  readonly mixCase: boolean;
}

/** What one server made of one question. */
export type Tried =
  | { readonly kind: "reply"; readonly message: Message }
  | { readonly kind: "failed"; readonly reason: string };

/**
 * Asks one server: UDP first, TCP when the answer is cut, the cookie is in doubt or the caller says so, TLS
 * alone where it is configured.
 * What is malformed or foreign is passed over. Calls `done` once, or never when nothing comes; the function that it
 * returns gives up.
 */
export function askServer(
  server: DnsServer,
  asking: Asking,
  context: { readonly tools: ServerTools; readonly tcpOnly: boolean; readonly done: (tried: Tried) => void },
): () => void {
  const { tools, done } = context;
  let path: Path = server.tls === undefined && !context.tcpOnly ? "datagram" : "stream";
  let badCookies = 0;
  let redialled = false;
  let close = askOnce(server, asking, { tools, path, hear });
  return () => close();

  function again(next: Path): void {
    path = next;
    close = askOnce(server, asking, { tools, path, hear });
  }

  function hear(heard: Hearing): void {
    switch (heard.kind) {
      case "reply":
        // RFC 7873 §5.3
        if (heard.message.rcode === RCODE.BADCOOKIE) {
          if (path === "stream") return done({ kind: "failed", reason: "insists on a cookie over TCP" });
          return again(++badCookies > 1 ? "stream" : path);
        }
        // RFC 7766 §5
        if (!heard.message.flags.tc) return done(heard);
        if (path === "stream") return done({ kind: "failed", reason: "cut its answer over TCP" });
        return again("stream");
      case "doubtful":
        return again("stream");
      case "lost":
        // RFC 7766 §6.2.4
        if (path !== "stream" || heard.reason !== CLOSED || redialled)
          return done({ kind: "failed", reason: heard.reason });
        redialled = true;
        return again(path);
      default:
        return unreachable(heard);
    }
  }
}

type Path = "datagram" | "stream";

/** `doubtful` is a datagram that must be asked for again over TCP: cut beyond reading, or without its cookie. */
type Hearing =
  | { readonly kind: "reply"; readonly message: Message }
  | { readonly kind: "doubtful" }
  | { readonly kind: "lost"; readonly reason: string };

/** Sends one query and hears the first thing that counts. The function that it returns stops listening. */
function askOnce(
  server: DnsServer,
  asking: Asking,
  context: { readonly tools: ServerTools; readonly path: Path; readonly hear: (heard: Hearing) => void },
): () => void {
  const { tools, path, hear } = context;
  const style = { cookie: tools.jar.offer(server), mixCase: tools.mixCase, padded: server.tls !== undefined };
  const query = buildQuery(asking, style, tools.random);
  const finish = (heard: Hearing): void => {
    line.close();
    hear(heard);
  };
  const heard = {
    data: (octets: Bytes) => {
      const judged = judge(octets, query, { server, path, jar: tools.jar });
      if (judged !== undefined) finish(judged);
    },
    lost: (reason: string) => finish({ kind: "lost", reason }),
  };
  const line =
    path === "stream" ? tools.lines.open(server, query.octets, heard) : sendDatagram(server, query, { tools, heard });
  return () => line.close();
}

function sendDatagram(
  server: DnsServer,
  query: Query,
  by: { readonly tools: ServerTools; readonly heard: Heard },
): Line {
  const line = by.tools.dialer.datagram(server, by.heard);
  line.send(query.octets);
  return line;
}

/** undefined for what proves nothing and is passed over. */
function judge(
  octets: Bytes,
  query: Query,
  from: { readonly server: DnsServer; readonly path: Path; readonly jar: CookieJar },
): Hearing | undefined {
  const decoded = decodeMessage(octets);
  const strict = from.path === "stream";
  if (!decoded.ok) {
    if (strict) return { kind: "lost", reason: `sent a malformed message (${decoded.error.kind})` };
    return isCut(octets, query.asked.id) ? { kind: "doubtful" } : undefined;
  }
  const message = decoded.value;
  if (!repliesTo(message, query.asked)) {
    return strict ? { kind: "lost", reason: "answered another question" } : undefined;
  }
  const verdict = from.jar.judge(from.server, query.cookie, message);
  switch (verdict) {
    case "fine":
      return { kind: "reply", message };
    case "wrong":
      return strict ? { kind: "lost", reason: "sent a wrong cookie" } : undefined;
    case "missing":
      if (!strict) return { kind: "doubtful" };
      from.jar.forget(from.server);
      return { kind: "reply", message };
    default:
      return unreachable(verdict);
  }
}

/** A reply with our id and the TC bit, whatever the rest: some servers cut in the middle of a record. */
function isCut(octets: Bytes, id: number): boolean {
  const [high = 0, low = 0, flags = 0] = octets;
  return octets.length >= 12 && ((high << 8) | low) === id && (flags & 0x82) === 0x82;
}

const CLOSED = "closed the connection";
