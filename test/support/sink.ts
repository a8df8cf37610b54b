import { systemClock } from "../../src/base/mod.ts";
import { type ContentFacts, domain, formatMailbox, formatReversePath } from "../../src/mail/mod.ts";
import { createSmtpListener, type ServerTls } from "../../src/smtp/io/mod.ts";
import type { MailRequest, Peer } from "../../src/smtp/server/mod.ts";
import { type Status, statusOf } from "../../src/status/mod.ts";

export interface Caught {
  readonly peer: Peer;
  readonly from: string;
  readonly to: readonly string[];
  readonly request: MailRequest;
  readonly content: Buffer;
  readonly facts: ContentFacts;
}

/** A mail host that takes everything and keeps it in memory. */
export interface Sink extends AsyncDisposable {
  readonly port: number;
  readonly caught: readonly Caught[];
  /** The next message that arrives, or one that has and was not asked for yet. */
  next(): Promise<Caught>;
}

export interface SinkOptions {
  readonly hostname?: string;
  readonly tls?: ServerTls;
  /** What the final dot is answered with; default 250. */
  readonly verdict?: (caught: Caught) => Status;
}

export async function startSink(options: SinkOptions = {}): Promise<Sink> {
  const caught: Caught[] = [];
  let asked = 0;
  const waiting: ((one: Caught) => void)[] = [];
  const keep = (one: Caught): void => {
    caught.push(one);
    const waiter = waiting.shift();
    if (waiter !== undefined) {
      asked++;
      waiter(one);
    }
  };
  const listener = createSmtpListener({
    role: "mx",
    hostname: domain(options.hostname ?? "sink.rook.example"),
    clock: systemClock,
    tls: options.tls === undefined ? "none" : "starttls",
    ...(options.tls === undefined ? {} : { certificates: options.tls }),
    reception: {
      connected: () => undefined,
      mail(peer, request) {
        const to: string[] = [];
        return {
          recipient(rcpt) {
            to.push(rcpt.path.kind === "mailbox" ? formatMailbox(rcpt.path.mailbox) : "postmaster");
            return statusOf("ok-recipient");
          },
          content() {
            const chunks: Uint8Array[] = [];
            return {
              write: (chunk) => void chunks.push(Uint8Array.from(chunk)),
              async finish(facts) {
                const one: Caught = {
                  peer,
                  from: formatReversePath(request.reversePath),
                  to: [...to],
                  request,
                  content: Buffer.concat(chunks),
                  facts,
                };
                const status = options.verdict?.(one) ?? statusOf("ok-message");
                if (status.code < 300) keep(one);
                return status;
              },
              abort: () => undefined,
            };
          },
          reset: () => undefined,
        };
      },
    },
  });
  const { port } = await listener.listen({ host: "127.0.0.1", port: 0 });
  return {
    port,
    caught,
    next() {
      const past = caught[asked];
      if (past === undefined) return new Promise((resolve) => waiting.push(resolve));
      asked++;
      return Promise.resolve(past);
    },
    [Symbol.asyncDispose]: async () => await listener.close(0),
  };
}
