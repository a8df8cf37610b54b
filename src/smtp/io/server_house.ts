import type { Bytes } from "../../base/mod.ts";
import type { ContentFacts } from "../../mail/mod.ts";
import { publish } from "../../observe/mod.ts";
import { type Status, statusOf } from "../../status/mod.ts";
import type {
  ContentSink,
  MailRequest,
  Peer,
  RcptRequest,
  Reception,
  ServerInput,
  TransactionHandler,
} from "../server/mod.ts";

type MaybePromise<T> = T | Promise<T>;

/**
 * Holds the live objects of one session's transaction and puts the session's questions to the house. Whatever the house
 * throws becomes a temporary failure. `finish` and `abort` of a sink, and `reset` of a handler, are called once.
 */
export interface House {
  admission(peer: Peer): MaybePromise<ServerInput>;
  sender(peer: Peer, request: MailRequest): MaybePromise<ServerInput>;
  recipient(request: RcptRequest): MaybePromise<ServerInput>;
  sink(): MaybePromise<ServerInput>;
  finish(facts: ContentFacts): MaybePromise<ServerInput>;
  /** undefined: go on; an input: the sink failed; a promise: wait. */
  write(octets: Bytes): MaybePromise<ServerInput | undefined>;
  abort(): void;
  reset(): void;
}

/** `behind` tells whether octets of the client wait in the buffer. */
export function house(reception: Reception, behind: () => boolean): House {
  let handler: TransactionHandler | undefined;
  let sink: ContentSink | undefined;

  const takeHandler = (answer: TransactionHandler | Status): ServerInput => {
    if (isStatus(answer)) return { kind: "sender", refusal: answer, behind: behind() };
    handler = answer;
    return { kind: "sender", refusal: undefined, behind: behind() };
  };
  const takeSink = (answer: ContentSink | Status): ServerInput => {
    if (isStatus(answer)) return { kind: "sink", refusal: answer, behind: behind() };
    sink = answer;
    return { kind: "sink", refusal: undefined, behind: behind() };
  };
  const failedWrite = (error: unknown): ServerInput => {
    const broken = sink;
    sink = undefined;
    attempt("content", () => broken?.abort());
    return { kind: "sink-failed", status: faulty("content", error) };
  };

  return {
    admission: (peer) =>
      ask(
        () => reception.connected(peer),
        (refusal) => ({ kind: "admission", refusal, behind: behind() }),
        (status) => ({ kind: "admission", refusal: { ...status, code: 421 }, behind: behind() }),
      ),
    sender: (peer, request) => ask(() => reception.mail(peer, request), takeHandler, takeHandler),
    recipient: (request) => {
      const answer = (status: Status): ServerInput => ({ kind: "recipient", status, behind: behind() });
      return ask(() => present(handler).recipient(request), answer, answer);
    },
    sink: () => ask(() => present(handler).content(), takeSink, takeSink),
    finish(facts) {
      const whole = sink;
      sink = undefined;
      const answer = (status: Status): ServerInput => ({ kind: "finished", status, behind: behind() });
      return ask(() => present(whole).finish(facts), answer, answer);
    },
    write(octets) {
      try {
        const done = sink?.write(octets);
        return done?.then(() => undefined, failedWrite);
      } catch (error) {
        return failedWrite(error);
      }
    },
    abort() {
      const dropped = sink;
      sink = undefined;
      attempt("content", () => dropped?.abort());
    },
    reset() {
      const over = handler;
      handler = undefined;
      attempt("transaction", () => over?.reset());
    },
  };
}

/** Puts one question; its answer is given on at once when it is there at once. */
function ask<T>(
  question: () => MaybePromise<T>,
  answer: (value: T) => ServerInput,
  failed: (status: Status) => ServerInput,
): MaybePromise<ServerInput> {
  try {
    const value = question();
    if (!(value instanceof Promise)) return answer(value);
    return value.then(answer, (error: unknown) => failed(faulty("reception", error)));
  } catch (error) {
    return failed(faulty("reception", error));
  }
}

function attempt(where: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    faulty(where, error);
  }
}

/** A fault of our own: told to the operator in full, to the client as a temporary failure. */
function faulty(where: string, error: unknown): Status {
  publish("hopseal:fault", { where: `smtp server, ${where}`, text: String(error) });
  return statusOf("local-error");
}

function isStatus(value: object): value is Status {
  return "cause" in value && "code" in value;
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("The session asked about a transaction that it does not have");
  return value;
}
