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
import { serverText } from "./servers.ts";

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
 * Asks one server: UDP first, TCP when the answer is cut or the cookie is in doubt, TLS alone where it is configured.
 * Waits without end: the caller aborts. What is malformed or foreign is passed over.
 */
export async function askServer(
  server: DnsServer,
  asking: Asking,
  context: { readonly tools: ServerTools; readonly signal: AbortSignal },
): Promise<Tried> {
  let path: Path = server.tls === undefined ? "datagram" : "stream";
  let badCookies = 0;
  let redialled = false;
  for (;;) {
    const heard = await askOnce(server, asking, { ...context, path });
    switch (heard.kind) {
      case "reply":
        // RFC 7873 §5.3
        if (heard.message.rcode === RCODE.BADCOOKIE) {
          if (path === "stream") return { kind: "failed", reason: "insists on a cookie over TCP" };
          if (++badCookies > 1) path = "stream";
          continue;
        }
        // RFC 7766 §5
        if (!heard.message.flags.tc) return heard;
        if (path === "stream") return { kind: "failed", reason: "cut its answer over TCP" };
        path = "stream";
        continue;
      case "doubtful":
        path = "stream";
        continue;
      case "lost":
        // RFC 7766 §6.2.4
        if (path === "stream" && heard.reason === CLOSED && !redialled) redialled = true;
        else return { kind: "failed", reason: heard.reason };
        continue;
      default:
        unreachable(heard);
    }
  }
}

type Path = "datagram" | "stream";

/** `doubtful` is a datagram that must be asked for again over TCP: cut beyond reading, or without its cookie. */
type Hearing =
  | { readonly kind: "reply"; readonly message: Message }
  | { readonly kind: "doubtful" }
  | { readonly kind: "lost"; readonly reason: string };

interface OnceContext {
  readonly tools: ServerTools;
  readonly signal: AbortSignal;
  readonly path: Path;
}

function askOnce(server: DnsServer, asking: Asking, context: OnceContext): Promise<Hearing> {
  const { tools, signal, path } = context;
  const key = serverText(server);
  const style = { cookie: tools.jar.offer(key), mixCase: tools.mixCase, padded: server.tls !== undefined };
  const query = buildQuery(asking, style, tools.random);
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const finish = (heard: Hearing): void => {
      signal.removeEventListener("abort", abort);
      line.close();
      resolve(heard);
    };
    const abort = (): void => {
      line.close();
      reject(signal.reason);
    };
    const heard = {
      data: (octets: Bytes) => {
        const judged = judge(octets, query, { key, path, jar: tools.jar });
        if (judged !== undefined) finish(judged);
      },
      lost: (reason: string) => finish({ kind: "lost", reason }),
    };
    const line =
      path === "stream" ? tools.lines.open(server, query.octets, heard) : sendDatagram(server, query, { tools, heard });
    signal.addEventListener("abort", abort, { once: true });
  });
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
  from: { readonly key: string; readonly path: Path; readonly jar: CookieJar },
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
  const verdict = from.jar.judge(from.key, query.cookie, message);
  switch (verdict) {
    case "fine":
      return { kind: "reply", message };
    case "wrong":
      return strict ? { kind: "lost", reason: "sent a wrong cookie" } : undefined;
    case "missing":
      if (!strict) return { kind: "doubtful" };
      from.jar.forget(from.key);
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
