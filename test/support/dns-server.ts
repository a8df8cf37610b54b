import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import type { TlsOptions } from "node:tls";
import { createServer as createTlsServer } from "node:tls";
import type { Bytes } from "../../src/base/mod.ts";
import { createDeframer, frameMessage } from "../../src/dns/io/frame.ts";
import type { DnsServer } from "../../src/dns/io/servers.ts";
import { decodeMessage } from "../../src/dns/wire/decode.ts";
import { encodeMessage } from "../../src/dns/wire/encode.ts";
import type { Message, RawRecord } from "../../src/dns/wire/message.ts";

export type Via = "udp" | "tcp" | "tls";

/** What a scripted server sends back, in order: messages, or octets as they are. Nothing is silence. */
export type Script = (
  query: Message,
  via: Via,
  octets: Bytes,
) => readonly (Message | Bytes)[] | Promise<readonly (Message | Bytes)[]>;

export interface ScriptedServer extends AsyncDisposable {
  readonly server: DnsServer;
  /** Every query that came, in order. */
  readonly heard: { readonly query: Message; readonly via: Via; readonly fromPort: number }[];
  /** Ends the TCP connections that stand. */
  hangUp(): void;
}

/** A DNS server on 127.0.0.1 that answers as told, over UDP and TCP on one port, or over TLS alone. */
export async function scriptedServer(script: Script, tls?: TlsOptions): Promise<ScriptedServer> {
  const heard: ScriptedServer["heard"] = [];
  const sockets = new Set<Socket>();
  const via: Via = tls === undefined ? "tcp" : "tls";

  const serve = (socket: Socket): void => {
    sockets.add(socket);
    const deframer = createDeframer();
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => {
      for (const octets of deframer.push(chunk)) {
        void answer(octets, via, socket.remotePort ?? 0).then((replies) => {
          for (const reply of replies) if (!socket.destroyed) socket.write(frameMessage(reply));
        });
      }
    });
  };
  const stream = tls === undefined ? createServer({ noDelay: true }, serve) : createTlsServer(tls, serve);
  stream.on("tlsClientError", () => {});
  stream.listen(0, "127.0.0.1");
  await once(stream, "listening");
  const { port } = stream.address() as AddressInfo;

  async function answer(octets: Bytes, via: Via, fromPort: number): Promise<readonly Bytes[]> {
    const query = decodeMessage(octets);
    if (!query.ok) return [];
    heard.push({ query: query.value, via, fromPort });
    const replies = await script(query.value, via, octets);
    return replies.map((reply) => (reply instanceof Uint8Array ? reply : encodeMessage(reply)));
  }

  const datagram = createSocket("udp4");
  if (tls === undefined) {
    datagram.on("message", (octets, from) => {
      void answer(octets, "udp", from.port).then((replies) => {
        for (const reply of replies) datagram.send(reply, from.port, from.address);
      });
    });
    datagram.bind(port, "127.0.0.1");
    await once(datagram, "listening");
  }

  return {
    server: { address: "127.0.0.1", port },
    heard,
    hangUp: () => {
      for (const socket of sockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      const closed = once(stream, "close");
      stream.close();
      datagram.close();
      await closed;
    },
  };
}

/** A reply to `query` with these records. */
export function replyTo(query: Message, parts: Partial<Message> = {}): Message {
  return {
    ...query,
    flags: { ...query.flags, qr: true, ra: true },
    edns: { udpSize: 1232, do: true, version: 0, options: [] },
    ...parts,
  };
}

export function recordOf(owner: RawRecord["owner"], type: number, fields: { ttl?: number; rdata: Bytes }): RawRecord {
  return { owner, type, class: 1, ttl: fields.ttl ?? 300, rdata: fields.rdata };
}
