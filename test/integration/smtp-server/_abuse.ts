import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect as connectTcp, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { systemClock } from "../../../src/base/mod.ts";
import { type Events, subscribe } from "../../../src/observe/mod.ts";
import { type Certificates, loadCertificates } from "../../../src/tls/io/mod.ts";
import { testCa } from "../../support/certificates.ts";
import { type Dialogue, dial, talk } from "./_dialogue.ts";

/** The bounds that were told of while it lasts, as "limit client". */
export function limits(): Disposable & { readonly told: string[] } {
  const told: string[] = [];
  const listening = subscribe("hopseal:limited", ({ limit, client }: Events["hopseal:limited"]) => {
    told.push(`${limit} ${client}`);
  });
  return { told, [Symbol.dispose]: () => listening[Symbol.dispose]() };
}

/** Certificates for mx.rook.example as the program loads them. */
export async function realCertificates(): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-abuse-"));
  try {
    const { chain, key } = await (await testCa()).issue(["mx.rook.example"]);
    const files = { chain: join(folder, "chain.pem"), key: join(folder, "key.pem") };
    await writeFile(files.chain, chain);
    await writeFile(files.key, key, { mode: 0o600 });
    const loaded = await loadCertificates([files], { clock: systemClock });
    assert.ok(loaded.ok);
    return loaded.value;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A plain connection to a listener. */
export async function tcpTo(address: AddressInfo): Promise<Socket> {
  const socket = connectTcp({ host: address.address, port: address.port, allowHalfOpen: true });
  socket.on("error", () => socket.destroy());
  await once(socket, "connect");
  return socket;
}

export async function tlsTo(address: AddressInfo, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({
    port: address.port,
    host: address.address,
    servername: "mx.rook.example",
    rejectUnauthorized: false,
    ...options,
  });
  await once(socket, "secureConnect");
  socket.on("error", () => socket.destroy());
  return socket;
}

/** Resolves when the connection is over, however it ends. */
export async function gone(socket: Socket): Promise<void> {
  socket.on("error", () => undefined).resume();
  if (socket.closed) return;
  if (socket.readableEnded) socket.end();
  await new Promise<void>((resolve) => socket.once("end", () => socket.end()).once("close", () => resolve()));
}

/** Everything that comes until the connection is over. */
export async function untilEnd(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => parts.push(chunk));
  if (!socket.closed && !socket.readableEnded) {
    await Promise.race([once(socket, "end"), once(socket, "close")]);
  }
  socket.destroy();
  return Buffer.concat(parts).toString("latin1");
}

/** One honest message on a connection of its own; throws where anything but success is the answer. */
export async function honest(address: AddressInfo, over: "clear" | "tls" = "clear"): Promise<void> {
  using client: Dialogue = over === "clear" ? await dial(address) : talk(await tlsTo(address));
  assert.equal((await client.reply())?.code, 220);
  assert.deepEqual(
    [
      await client.ask("EHLO honest.pine.example"),
      await client.ask("MAIL FROM:<ada@pine.example>"),
      await client.ask("RCPT TO:<bo@rook.example>"),
      await client.ask("DATA"),
      await client.ask("Subject: honest\r\n\r\nhello\r\n."),
      await client.ask("QUIT"),
    ],
    [250, 250, 250, 354, 250, 221],
  );
}
