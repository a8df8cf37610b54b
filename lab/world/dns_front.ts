import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { DnsTrick } from "../types.ts";
import type { DnsTree } from "./dns_tree.ts";
import { isPlain, tamper } from "./dns_tricks.ts";
import { type DnsQuery, dnsTypeName, type DnsReply, readQuery, writeReply } from "./dns_wire.ts";

/** The recursive resolver that the sender asks, and the attacker on the way to it. */
export interface DnsFront extends AsyncDisposable {
  readonly port: number;
  /** Questions so far, each as often as it was asked, e.g. "_25._tcp.mx.a04-p6.test TLSA". */
  readonly asked: readonly string[];
}

export interface DnsFrontOptions {
  readonly tree: DnsTree;
  /** What happens to the answer for this question. */
  readonly trick: (name: string, type: string) => DnsTrick | undefined;
  readonly stir: () => void;
}

/** Listens on 127.0.0.1, with UDP and TCP on one port. */
export async function openDnsFront(options: DnsFrontOptions): Promise<DnsFront> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const answer = (octets: Uint8Array, datagram: boolean): Uint8Array | undefined => {
    options.stir();
    const query = readQuery(octets);
    if (query === undefined) return undefined;
    asked.push(`${query.name} ${dnsTypeName(query.type)}`);
    const reply = replyTo(query, options);
    return reply && writeReply(query, reply, datagram ? (query.edns?.size ?? 512) : MOST_OCTETS);
  };
  const stream = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
    onMessages(socket, (octets) => {
      const reply = answer(octets, false);
      if (reply !== undefined)
        socket.write(Buffer.concat([Uint8Array.of(reply.length >> 8, reply.length & 255), reply]));
    });
  });
  const datagram = createSocket("udp4");
  datagram.on("message", (octets, from) => {
    const reply = answer(octets, true);
    if (reply !== undefined) datagram.send(reply, from.port, from.address);
  });
  const port = await bindBoth(stream, datagram);
  return {
    port,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      const closed = Promise.all([once(stream, "close"), once(datagram, "close")]);
      stream.close();
      datagram.close();
      await closed;
    },
  };
}

/** A port that is free for TCP may be taken for UDP; another is tried then. */
async function bindBoth(
  stream: ReturnType<typeof createServer>,
  datagram: ReturnType<typeof createSocket>,
): Promise<number> {
  for (let tries = 0; tries < 20; tries++) {
    stream.listen(0, "127.0.0.1");
    await once(stream, "listening");
    const { port } = stream.address() as AddressInfo;
    datagram.bind(port, "127.0.0.1");
    const bound = await once(datagram, "listening").then(
      () => true,
      () => false,
    );
    if (bound) return port;
    stream.close();
    await once(stream, "close");
  }
  throw new Error("No port is free for both UDP and TCP");
}

function replyTo(query: DnsQuery, { tree, trick }: DnsFrontOptions): DnsReply | undefined {
  const type = dnsTypeName(query.type);
  const whole = tree.lookup(query.name, query.type);
  const does = trick(query.name, type);
  const reply = does === undefined ? whole : tamper(whole, does);
  if (reply === undefined || query.edns?.dnssecOk === true) return reply;
  return { ...reply, answer: reply.answer.filter(isPlain), authority: reply.authority.filter(isPlain) };
}

function onMessages(socket: Socket, take: (octets: Uint8Array) => void): void {
  let held = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    for (;;) {
      const length = held.length < 2 ? Number.POSITIVE_INFINITY : held.readUInt16BE(0);
      if (held.length < 2 + length) return;
      take(held.subarray(2, 2 + length));
      held = held.subarray(2 + length);
    }
  });
}

/** The length before a message over TCP has two octets. */
const MOST_OCTETS = 65_535;
