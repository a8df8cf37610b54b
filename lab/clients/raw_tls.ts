import { createCipheriv, createHmac } from "node:crypto";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";

/** A TLS 1.3 client that can write records which no library would, at the level of the TCP connection. */
export interface RawTls {
  readonly socket: TLSSocket;
  readonly tcp: Socket;
  /** Records of KeyUpdate, each under the keys that the one before brought (RFC 8446 §4.6.3). */
  keyUpdates(count: number): Buffer;
}

/** Connects to an implicit port of loopback with TLS_AES_128_GCM_SHA256; nothing was written inside TLS yet. */
export async function rawTls(port: number): Promise<RawTls> {
  const tcp = connectTcp({ port, host: "127.0.0.1", allowHalfOpen: true });
  await once(tcp, "connect");
  const pipe = new Duplex({
    read() {},
    write: (chunk: Buffer, _encoding, done) => void tcp.write(chunk, () => done()),
  });
  tcp.on("data", (chunk) => pipe.push(chunk)).on("end", () => pipe.push(null));
  tcp.on("error", () => tcp.destroy());
  const socket = connect({
    socket: pipe,
    servername: "mx.rook.example",
    rejectUnauthorized: false,
    minVersion: "TLSv1.3",
    ciphers: "TLS_AES_128_GCM_SHA256",
  });
  socket.on("error", () => undefined);
  let secret: Buffer = Buffer.alloc(0);
  socket.on("keylog", (line: Buffer) => {
    const [label, , hex = ""] = line.toString("latin1").trim().split(" ");
    if (label === "CLIENT_TRAFFIC_SECRET_0") secret = Buffer.from(hex, "hex");
  });
  await once(socket, "secureConnect");
  return {
    socket,
    tcp,
    keyUpdates(count) {
      const records: Buffer[] = [];
      for (let at = 0; at < count; at++) {
        records.push(sealed(secret));
        secret = expand(secret, "traffic upd", 32);
      }
      return Buffer.concat(records);
    },
  };
}

/** The first record under `secret`: a KeyUpdate that asks for one in return. */
function sealed(secret: Buffer): Buffer {
  const inner = Buffer.from([24, 0, 0, 1, 1, 22]);
  const header = Buffer.from([23, 3, 3, 0, inner.length + 16]);
  const cipher = createCipheriv("aes-128-gcm", expand(secret, "key", 16), expand(secret, "iv", 12));
  cipher.setAAD(header);
  return Buffer.concat([header, cipher.update(inner), cipher.final(), cipher.getAuthTag()]);
}

/** HKDF-Expand-Label without a context, for one block (RFC 8446 §7.1). */
function expand(secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`, "latin1");
  const info = Buffer.concat([Buffer.from([0, length, name.length]), name, Buffer.from([0, 1])]);
  return createHmac("sha256", secret).update(info).digest().subarray(0, length);
}
