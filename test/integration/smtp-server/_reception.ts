import { type Bytes, concat } from "../../../src/base/mod.ts";
import type { ContentFacts } from "../../../src/mail/mod.ts";
import type {
  ContentSink,
  MailRequest,
  Peer,
  RcptRequest,
  Reception,
  TransactionHandler,
} from "../../../src/smtp/server/mod.ts";
import { type Status, statusOf } from "../../../src/status/mod.ts";

/** A message that the recording reception took. */
export interface Taken {
  readonly peer: Peer;
  readonly request: MailRequest;
  readonly recipients: readonly RcptRequest[];
  readonly content: Bytes;
  readonly facts: ContentFacts;
}

export interface RecordingOptions {
  /** Answers given at a later turn of the event loop, as a store or a DNS look-up would. */
  readonly late?: boolean;
  readonly connected?: (peer: Peer) => Status | undefined;
  readonly sender?: (request: MailRequest) => Status | undefined;
  readonly recipient?: (request: RcptRequest) => Status;
  readonly content?: () => Status | undefined;
  readonly write?: (chunk: Bytes) => void | Promise<void>;
  readonly finish?: (facts: ContentFacts) => Promise<Status>;
}

export interface Recording {
  readonly reception: Reception;
  readonly taken: Taken[];
  /** Breaches of the contract of handlers and sinks, for a test to find empty. */
  readonly breaches: string[];
  /** Handlers made and not reset, sinks made and neither finished nor aborted. */
  readonly open: () => { readonly handlers: number; readonly sinks: number };
}

/** A reception that keeps what it gets, and watches that every handler is reset once and every sink ended once. */
export function recording(options: RecordingOptions = {}): Recording {
  const taken: Taken[] = [];
  const breaches: string[] = [];
  const open = { handlers: 0, sinks: 0 };
  const answer = <T>(value: T): T | Promise<T> =>
    options.late === true ? new Promise((resolve) => setImmediate(resolve, value)) : value;

  const sinkOf = (about: Pick<Taken, "peer" | "request" | "recipients">): ContentSink => {
    const parts: Bytes[] = [];
    let ended = false;
    const end = (how: string): void => {
      if (ended) breaches.push(`${how} on an ended sink`);
      else open.sinks--;
      ended = true;
    };
    open.sinks++;
    return {
      write(chunk) {
        if (ended) breaches.push("write on an ended sink");
        parts.push(chunk);
        return options.write?.(chunk);
      },
      async finish(facts) {
        end("finish");
        const status = options.finish === undefined ? statusOf("ok-message") : await options.finish(facts);
        if (status.code < 300) taken.push({ ...about, content: concat(parts), facts });
        return status;
      },
      abort: () => end("abort"),
    };
  };
  const handlerOf = (peer: Peer, request: MailRequest): TransactionHandler => {
    const recipients: RcptRequest[] = [];
    let over = false;
    open.handlers++;
    return {
      recipient(rcpt) {
        if (over) breaches.push("recipient on a handler that was reset");
        const status = options.recipient?.(rcpt) ?? statusOf("ok-recipient");
        if (status.code < 300) recipients.push(rcpt);
        return answer(status);
      },
      content() {
        if (over) breaches.push("content on a handler that was reset");
        if (recipients.length === 0) breaches.push("content without a recipient");
        return answer(options.content?.() ?? sinkOf({ peer, request, recipients }));
      },
      reset() {
        if (over) breaches.push("a handler was reset twice");
        else open.handlers--;
        over = true;
      },
    };
  };
  return {
    taken,
    breaches,
    open: () => ({ ...open }),
    reception: {
      connected: (peer) => answer(options.connected?.(peer)),
      mail: (peer, request) => answer(options.sender?.(request) ?? handlerOf(peer, request)),
    },
  };
}
