import { type AddressInfo, connect, type Socket } from "node:net";
import { createSecureContext } from "node:tls";
import { systemClock } from "../../../src/base/mod.ts";
import { domain } from "../../../src/mail/mod.ts";
import { type Reply, replyDecoder } from "../../../src/smtp/grammar/mod.ts";
import {
  createSmtpListener,
  type ServerTls,
  type SmtpListener,
  type SmtpListenerOptions,
} from "../../../src/smtp/io/mod.ts";
import { testCa } from "../../support/certificates.ts";

/** A listener on a free port of loopback that goes away with its scope. */
export interface Listening extends AsyncDisposable {
  readonly listener: SmtpListener;
  readonly address: AddressInfo;
}

export async function listening(
  options: Pick<SmtpListenerOptions, "reception"> & Partial<SmtpListenerOptions>,
): Promise<Listening> {
  const listener = createSmtpListener({
    role: "mx",
    hostname: domain("mx.rook.example"),
    clock: systemClock,
    tls: "none",
    ...options,
  });
  const address = await listener.listen({ host: "127.0.0.1", port: 0 });
  return { listener, address, [Symbol.asyncDispose]: () => listener.close(0) };
}

/** Certificates for mx.rook.example (default) and pine.example, by name. */
export async function certificates(): Promise<ServerTls & { readonly ca: string }> {
  const ca = await testCa();
  const [rook, pine] = await Promise.all([ca.issue(["mx.rook.example"]), ca.issue(["mx.pine.example"])]);
  const contexts = [rook, pine].map(({ chain, key }) => createSecureContext({ cert: chain, key }));
  const [first, second] = contexts;
  if (first === undefined || second === undefined) throw new Error("No certificates were made");
  return { ca: ca.pem, contextFor: (name) => (name === "mx.pine.example" ? second : first) };
}

/** A client that says what it is told and waits for replies one at a time. */
export interface Dialogue extends Disposable {
  readonly socket: Socket;
  /** The next reply; undefined once the server ended the connection. */
  reply(): Promise<Reply | undefined>;
  /** Sends octets (latin1) and waits for nothing. */
  send(text: string): void;
  /** Sends a line and gives the code of its reply; 0 when the connection ended. */
  ask(line: string): Promise<number>;
}

export async function dial(address: AddressInfo): Promise<Dialogue> {
  const socket = connect({ host: address.address, port: address.port, allowHalfOpen: true, noDelay: true });
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  return talk(socket);
}

/** A dialogue over a connection that exists. */
export function talk(socket: Socket): Dialogue {
  const decoder = replyDecoder();
  let ended = false;
  let wake: (() => void) | undefined;
  const stir = (): void => wake?.();
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    decoder.push(chunk);
    stir();
  });
  for (const event of ["end", "close"] as const) {
    socket.on(event, () => {
      ended = true;
      stir();
    });
  }
  const reply = async (): Promise<Reply | undefined> => {
    for (;;) {
      const step = decoder.next();
      if (step.kind === "reply") return step.reply;
      if (step.kind === "fault") throw new Error(step.fault.detail);
      if (ended) return undefined;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const send = (text: string): void => {
    socket.write(text, "latin1");
  };
  return {
    socket,
    reply,
    send,
    async ask(line) {
      send(`${line}\r\n`);
      return (await reply())?.code ?? 0;
    },
    [Symbol.dispose]: () => {
      socket.destroy();
    },
  };
}
