import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import type { Ear } from "./hears.ts";
import type { House } from "./house.ts";
import { type RawTls, rawTls } from "./raw_tls.ts";
import type { Opening, TlsSpec } from "./types.ts";

/** A client as a hostile one needs it: octets out, codes in. */
export interface Client extends Ear, Disposable {
  readonly socket: Duplex;
  /** With records of TLS in reach. */
  readonly raw?: RawTls;
  /** Resolves when the octets are the system's, or the connection is over. */
  send(octets: string | Uint8Array): Promise<void>;
  /** Codes that nobody listened to. */
  rest(): readonly string[];
  /** The first octets that come, not as replies. */
  first(): Promise<Buffer | undefined>;
  /** Inside TLS from here on. */
  secure(): Promise<Client>;
  /** Reads nothing any more. */
  deafen(): void;
}

/** Opens a connection; a text says why it did not come about as it must. */
export async function openClient(
  { ports, clock }: House,
  opening: Opening,
  from = "127.0.0.1",
): Promise<Client | string> {
  switch (opening.kind) {
    case "clear":
      return clientOver(await tcpTo(ports.clear, from), clock.stir);
    case "tcp":
      return clientOver(await tcpTo(ports[opening.to], from), clock.stir);
    case "raw-tls": {
      const raw = await rawTls(ports.tls);
      return { ...clientOver(raw.socket, clock.stir), raw };
    }
    case "tls":
      return await overTls(await tcpTo(ports.tls, from), opening.tls ?? {}, clock.stir);
    default:
      return opening satisfies never;
  }
}

async function overTls(socket: Socket, spec: TlsSpec, stir: () => void): Promise<Client | string> {
  const secured = connectTls({ socket, ...tlsOptions(spec) });
  secured.on("error", () => undefined);
  const fault = await handshakeFault(secured);
  if (spec.fails !== undefined) {
    secured.destroy();
    return fault === spec.fails ? "as it must" : `the handshake gave ${fault ?? "TLS"}, not ${spec.fails}`;
  }
  if (fault !== undefined) return `the handshake gave ${fault}`;
  const shown = String(secured.getPeerCertificate().subject?.CN);
  if (spec.shows !== undefined && shown !== spec.shows) return `the certificate was ${shown}, not ${spec.shows}`;
  return clientOver(secured, stir);
}

function tlsOptions({ servername, alpn, most }: TlsSpec): ConnectionOptions {
  return {
    rejectUnauthorized: false,
    ...(servername === undefined ? {} : { servername }),
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
    ...(most === undefined ? {} : { maxVersion: most }),
  };
}

async function handshakeFault(secured: TLSSocket): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  secured.once("secureConnect", () => resolve(undefined));
  secured.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  secured.once("close", () => resolve("the end"));
  const timer = setTimeout(() => resolve("silence"), PATIENCE);
  const fault = await promise;
  clearTimeout(timer);
  return fault;
}

async function tcpTo(port: number, from: string): Promise<Socket> {
  const socket = connectTcp({ host: "127.0.0.1", port, localAddress: from, allowHalfOpen: true, noDelay: true });
  socket.on("error", () => socket.destroy());
  await once(socket, "connect");
  return socket;
}

function clientOver(socket: Duplex, stir: () => void): Client {
  const codes: string[] = [];
  let held: Buffer = Buffer.alloc(0);
  let ended = false;
  let wake: (() => void) | undefined;
  const take = (chunk: Buffer): void => {
    stir();
    held = Buffer.concat([held, chunk]);
    wake?.();
  };
  const end = (): void => {
    ended = true;
    wake?.();
  };
  socket.on("data", take).on("end", end).on("close", end).on("error", end);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  /** Lines become codes when somebody asks for replies. */
  const read = (): void => {
    for (let at = held.indexOf("\n"); at >= 0; at = held.indexOf("\n")) {
      const line = held.toString("latin1", 0, at);
      held = held.subarray(at + 1);
      if (line[3] !== "-") codes.push(line.slice(0, 3));
    }
  };
  const waiting = async <T>(found: () => T | undefined): Promise<T | undefined> => {
    const deadline = Date.now() + PATIENCE;
    for (let now = found(); ; now = found()) {
      if (now !== undefined || Date.now() >= deadline) return now;
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const timer = setTimeout(resolve, deadline - Date.now());
      await promise;
      clearTimeout(timer);
    }
  };
  return {
    socket,
    async send(octets) {
      stir();
      if (socket.destroyed || socket.writableEnded) return;
      const data = typeof octets === "string" ? Buffer.from(octets, "latin1") : octets;
      await Promise.race([new Promise<void>((resolve) => socket.write(data, () => resolve())), closed]);
    },
    next: async () =>
      await waiting(() => {
        read();
        return codes.shift() ?? (ended ? "end" : undefined);
      }),
    rest() {
      read();
      return codes.filter((code) => CODE.test(code));
    },
    first: async () => await waiting(() => (held.length > 0 ? held : ended ? Buffer.alloc(0) : undefined)),
    async secure() {
      socket.off("data", take).off("end", end).off("close", end);
      const made = await overTls(socket as Socket, {}, stir);
      if (typeof made === "string") throw new Error(made);
      return made;
    },
    deafen() {
      socket.off("data", take).pause();
    },
    [Symbol.dispose]() {
      socket.off("end", end).off("close", end).destroy();
    },
  };
}

const CODE = /^[2-5]\d\d$/;
/** Real milliseconds until somebody who says nothing is held to be silent; an honest server never needs so long. */
const PATIENCE = 10_000;
