import { fork } from "node:child_process";
import { once } from "node:events";

export interface Sink extends Disposable {
  readonly port: number;
  /** Resolves when `count` more messages than at the call have come. */
  more(count: number): Promise<void>;
}

/** Starts the sink of a measurement in a process of its own. */
export async function startSink(tls?: { readonly cert: string; readonly key: string }): Promise<Sink> {
  const child = fork(new URL("sink.ts", import.meta.url), [JSON.stringify(tls === undefined ? {} : { tls })]);
  const [first] = (await once(child, "message")) as [{ port: number }];
  let messages = 0;
  let check: () => void = () => undefined;
  child.on("message", (told: { messages: number }) => {
    messages = told.messages;
    check();
  });
  return {
    port: first.port,
    more(count) {
      const goal = messages + count;
      return new Promise((resolve) => {
        check = () => {
          if (messages >= goal) resolve();
        };
      });
    },
    [Symbol.dispose]: () => child.disconnect(),
  };
}

export interface Load {
  readonly port: number;
  readonly tls: boolean;
  readonly connections: number;
  readonly messages: number;
  readonly size: number;
}

/** Sends the load from a process of its own; resolves when all of it was acknowledged. */
export async function send(load: Load): Promise<void> {
  const child = fork(new URL("source.ts", import.meta.url), [JSON.stringify(load)]);
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`The load generator ended with ${code}`);
}
