import type { Bytes, Clock, Millis } from "../../base/mod.ts";
import { createDeframer, frameMessage } from "./frame.ts";
import type { DnsDialer, Heard, Line } from "./dial.ts";
import type { DnsServer } from "./servers.ts";

/**
 * TCP and TLS connections to servers: one for each, shared by the questions that need it, many at a time and answered
 * in any order, closed when idle.
 */
// RFC 7766 §6.2
export interface Lines {
  /**
   * Sends one query. `heard.data` gets the messages that bear its id, `heard.lost` comes when the connection ends
   * first. Closing the line only leaves it; others may be on it.
   */
  open(server: DnsServer, query: Bytes, heard: Heard): Pick<Line, "close">;
  close(): void;
}

export function createLines(dialer: DnsDialer, clock: Clock): Lines {
  const current = new Map<DnsServer, Shared>();
  const all = new Set<Shared>();

  function end(shared: Shared): void {
    all.delete(shared);
    if (current.get(shared.server) === shared) current.delete(shared.server);
    shared.idle?.[Symbol.dispose]();
    shared.line?.close();
  }

  function lose(shared: Shared, reason: string): void {
    end(shared);
    const left = [...shared.waiting.values()];
    shared.waiting.clear();
    for (const heard of left) heard.lost(reason);
  }

  function dial(server: DnsServer): Shared {
    const deframer = createDeframer();
    const shared: Shared = { server, waiting: new Map(), served: 0 };
    all.add(shared);
    current.set(server, shared);
    shared.line = dialer.stream(server, {
      data: (octets) => {
        for (const message of deframer.push(octets)) shared.waiting.get(idOf(message))?.data(message);
      },
      lost: (reason) => lose(shared, reason),
    });
    return shared;
  }

  function leave(shared: Shared, id: number): void {
    if (!shared.waiting.delete(id) || shared.waiting.size > 0) return;
    shared.idle = clock.after(IDLE, () => end(shared));
  }

  return {
    open(server, query, heard) {
      const id = idOf(query);
      const known = current.get(server);
      const shared = known !== undefined && takes(known, id) ? known : dial(server);
      shared.idle?.[Symbol.dispose]();
      shared.waiting.set(id, heard);
      shared.served++;
      shared.line?.send(frameMessage(query));
      return { close: () => leave(shared, id) };
    },
    close() {
      for (const shared of all) lose(shared, "is no longer asked");
    },
  };
}

interface Shared {
  readonly server: DnsServer;
  line?: Line;
  readonly waiting: Map<number, Heard>;
  served: number;
  idle?: Disposable;
}

/** Two questions on one connection must differ in id; a full or worn connection is left to those who are on it. */
function takes(shared: Shared, id: number): boolean {
  return !shared.waiting.has(id) && shared.waiting.size < MOST_AT_ONCE && shared.served < MOST_EVER;
}

function idOf(message: Bytes): number {
  return ((message[0] ?? 0) << 8) | (message[1] ?? 0);
}

// RFC 7766 §6.2.3
/** Servers close idle connections after a few seconds; closing first avoids losing a question to that. */
const IDLE: Millis = 2_000;
const MOST_AT_ONCE = 100;
const MOST_EVER = 10_000;
