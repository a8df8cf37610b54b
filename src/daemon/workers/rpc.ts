import { type QueueId, StoreError } from "../../queue/mod.ts";

/** What one process offers to another: plain functions, with arguments and results that can be cloned. */
export type Methods = object;

/** Another process's methods as they are called from here; each may also reject because that process is gone. */
export type Remote<T extends Methods> = {
  readonly [K in keyof T]: T[K] extends (...given: infer A) => infer R ? (...given: A) => Promise<Awaited<R>> : never;
};

/** The same where nobody waits for the result, nor hears of a failure. */
export type Told<T extends Methods> = {
  readonly [K in keyof T]: T[K] extends (...given: infer A) => unknown ? (...given: A) => void : never;
};

export interface Rpc<Theirs extends Methods> {
  readonly call: Remote<Theirs>;
  readonly tell: Told<Theirs>;
  /** Takes a message that came; false when it is none of ours. */
  receive(message: unknown): boolean;
  /** The other side is gone: what was asked and not answered rejects, and so does every later call. */
  end(why: string): void;
}

/**
 * Calls between two processes: adding a method is a line in an interface and one in the object that implements it. Answers
 * come in any order. A `StoreError` arrives as one; every other fault arrives as an Error with the same words.
 */
export function rpc<Theirs extends Methods>(send: (message: Message) => void, mine: Methods): Rpc<Theirs> {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let serial = 0;
  let ended: string | undefined;
  const ask = async (name: string, given: readonly unknown[]): Promise<unknown> => {
    if (ended !== undefined) throw new PeerGone(ended);
    const id = ++serial;
    const answer = Promise.withResolvers<unknown>();
    waiting.set(id, answer);
    send({ kind: "call", id, name, given });
    return await answer.promise;
  };
  const perform = async ({ name, given }: Pick<Call, "name" | "given">): Promise<unknown> => {
    const method: unknown = Object.hasOwn(mine, name) ? (mine as Record<string, unknown>)[name] : undefined;
    if (typeof method !== "function") throw new Error(`There is no method ${name}`);
    return await (method as (...given: readonly unknown[]) => unknown)(...given);
  };
  const serve = async (call: Call): Promise<void> => {
    const { id } = call;
    const answer = await perform(call).then(
      (value): Message => ({ kind: "answer", id, value }),
      (error: unknown): Message => ({ kind: "failure", id, fault: faultOf(error) }),
    );
    send(answer);
  };
  const settle = (id: number): PromiseWithResolvers<unknown> | undefined => {
    const asked = waiting.get(id);
    waiting.delete(id);
    return asked;
  };
  return {
    call: methods(
      (name) =>
        async (...given: readonly unknown[]) =>
          await ask(name, given),
    ) as Remote<Theirs>,
    tell: methods((name) => (...given: readonly unknown[]) => {
      if (ended === undefined) send({ kind: "tell", name, given });
    }) as Told<Theirs>,
    receive(message) {
      if (!isMessage(message)) return false;
      if (message.kind === "call") void serve(message);
      else if (message.kind === "tell") perform(message).catch(() => undefined);
      else if (message.kind === "answer") settle(message.id)?.resolve(message.value);
      else settle(message.id)?.reject(errorOf(message.fault));
      return true;
    },
    end(why) {
      ended ??= why;
      for (const asked of waiting.values()) asked.reject(new PeerGone(why));
      waiting.clear();
    },
  };
}

/** The other process has ended; whether it did what was asked is not known. */
export class PeerGone extends Error {
  constructor(message: string) {
    super(message);
    this.name = "PeerGone";
  }
}

export type Message =
  | Call
  | { readonly kind: "tell"; readonly name: string; readonly given: readonly unknown[] }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly fault: Fault };

interface Call {
  readonly kind: "call";
  readonly id: number;
  readonly name: string;
  readonly given: readonly unknown[];
}

interface Fault {
  readonly text: string;
  readonly store?: { readonly kind: StoreError["kind"]; readonly id?: QueueId };
}

function methods(make: (name: string) => unknown): unknown {
  const made = new Map<string, unknown>();
  return new Proxy(
    {},
    {
      get(_target, name) {
        // What is awaited is asked whether it is a promise.
        if (typeof name !== "string" || name === "then") return undefined;
        const known = made.get(name) ?? make(name);
        made.set(name, known);
        return known;
      },
    },
  );
}

function isMessage(message: unknown): message is Message {
  const kind = typeof message === "object" && message !== null && "kind" in message ? message.kind : undefined;
  return kind === "call" || kind === "tell" || kind === "answer" || kind === "failure";
}

function faultOf(error: unknown): Fault {
  if (error instanceof StoreError) {
    const { kind, id } = error;
    return { text: error.message, store: { kind, ...(id === undefined ? {} : { id }) } };
  }
  return { text: error instanceof Error ? error.message : String(error) };
}

function errorOf({ text, store }: Fault): Error {
  if (store === undefined) return new Error(text);
  return new StoreError(store.kind, text, store.id === undefined ? {} : { id: store.id });
}
