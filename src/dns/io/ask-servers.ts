import type { Clock, Millis, Result } from "../../base/mod.ts";
import { err, ok } from "../../base/mod.ts";
import type { ExchangeFault } from "../wire/exchange.ts";
import type { Message } from "../wire/message.ts";
import { RCODE, rcodeName } from "../wire/message.ts";
import type { ServerTools, Tried } from "./ask-server.ts";
import { askServer } from "./ask-server.ts";
import { extendedErrorText } from "./extended-error.ts";
import type { Health } from "./health.ts";
import type { Asking } from "./query.ts";
import type { DnsServer } from "./servers.ts";
import { serverText } from "./servers.ts";

/** Why no usable reply came; `reply` is the last one that a server did give, e.g. a SERVFAIL. */
export interface TransportFault extends ExchangeFault {
  readonly reply?: Message;
}

export interface Asker {
  readonly tools: ServerTools;
  readonly health: Health;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Monotonic: when to give up. */
  readonly until: Millis;
}

/**
 * Servers one after the other, the next as soon as one fails or stays silent for its time; a late answer to an earlier
 * try still counts. The first usable answer ends them all. Rejects for an abort alone.
 */
export function askServers(asking: Asking, asker: Asker): Promise<Result<Message, TransportFault>> {
  const { health, clock, signal, tools } = asker;
  const order = health.order(clock.monotonic());
  const notes = new Map<DnsServer, Note>();
  const tries = new Set<() => void>();
  let turn = 0;
  let patience: Disposable | undefined;

  return new Promise((resolve, reject) => {
    const finish = (): void => {
      patience?.[Symbol.dispose]();
      deadline[Symbol.dispose]();
      signal.removeEventListener("abort", abort);
      for (const giveUp of tries) giveUp();
      tries.clear();
    };
    const abort = (): void => {
      finish();
      reject(signal.reason);
    };
    const fail = (): void => {
      finish();
      resolve(err(summary(order, notes)));
    };
    const ask = (server: DnsServer, tcpOnly: boolean): void => {
      const began = clock.monotonic();
      const giveUp = askServer(server, asking, {
        tools,
        tcpOnly,
        done: (tried) => {
          tries.delete(giveUp);
          const note = judge(tried);
          if (note === undefined && tried.kind === "reply") {
            health.answered(server, clock.monotonic() - began);
            finish();
            return resolve(ok(tried.message));
          }
          if (note?.reply?.rcode !== RCODE.SERVFAIL) health.failed(server, clock.monotonic());
          notes.set(server, note ?? { text: "no answer" });
          next();
        },
      });
      tries.add(giveUp);
    };
    const next = (): void => {
      patience?.[Symbol.dispose]();
      while (turn < order.length * ROUNDS) {
        const round = Math.floor(turn / order.length);
        const server = order[turn++ % order.length];
        if (server === undefined || notes.has(server)) continue;
        // RFC 7766 §5: where UDP goes unanswered, TCP may still get through
        ask(server, round === ROUNDS - 1);
        patience = clock.after(health.patience(server, round), () => {
          health.failed(server, clock.monotonic());
          next();
        });
        return;
      }
      if (tries.size === 0) fail();
    };
    const deadline = clock.after(Math.max(0, asker.until - clock.monotonic()), fail);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    next();
  });
}

/** What speaks against a server; it is not asked this question again. */
interface Note {
  readonly text: string;
  readonly reply?: Message;
}

/** What speaks against a try; undefined for an answer to use. */
function judge(tried: Tried): Note | undefined {
  if (tried.kind === "failed") return { text: tried.reason };
  const { message } = tried;
  if (!REFUSALS.has(message.rcode)) return undefined;
  const extended = extendedErrorText(message);
  return { text: `${rcodeName(message.rcode)}${extended === undefined ? "" : ` (${extended})`}`, reply: message };
}

function summary(servers: readonly DnsServer[], notes: ReadonlyMap<DnsServer, Note>): TransportFault {
  if (servers.length === 0) return { detail: "no DNS server is configured" };
  const parts = servers.map((server) => `${serverText(server)}: ${notes.get(server)?.text ?? "no answer in time"}`);
  const reply = [...notes.values()].findLast((note) => note.reply !== undefined)?.reply;
  return { detail: parts.join("; "), ...(reply === undefined ? {} : { reply }) };
}

/** Response codes that say something about the server, not about the name. */
const REFUSALS: ReadonlySet<number> = new Set([
  RCODE.FORMERR,
  RCODE.SERVFAIL,
  RCODE.NOTIMP,
  RCODE.REFUSED,
  RCODE.BADVERS,
]);
/** How often a silent server is asked the same question; the last time over TCP. */
const ROUNDS = 3;
