import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import type { House } from "./house.ts";

/** A client that tries to resume at either listener in TLS what it began at the first; the text says that it could. */
export async function resumed({ ports }: House, most?: "TLSv1.2"): Promise<string | undefined> {
  const first = await secured(ports.tls, most);
  let session = most === undefined ? undefined : first.getSession();
  first.on("session", (given) => {
    session = given;
  });
  // What comes with the greeting comes before it.
  await once(first, "data");
  first.destroy();
  if (session !== undefined && allowsEarlyData(session)) return "early data was allowed";
  for (const port of [ports.tls, ports.submissions]) {
    const again = await secured(port, most, session);
    const reused = again.isSessionReused();
    again.destroy();
    if (reused) return "a session was resumed";
  }
  return undefined;
}

async function secured(port: number, most?: "TLSv1.2", session?: Buffer): Promise<TLSSocket> {
  const socket = connect({
    port,
    host: "127.0.0.1",
    servername: "mx.house.test",
    rejectUnauthorized: false,
    ...(most === undefined ? {} : { maxVersion: most }),
    ...(session === undefined ? {} : { session }),
  });
  await once(socket, "secureConnect");
  socket.on("error", () => socket.destroy());
  return socket;
}

/** Whether a session, as OpenSSL writes it behind some words of Node.js, has the field for the size of early data, which is left out when it is 0. */
export function allowsEarlyData(session: Buffer): boolean {
  let at = contentAt(session, session.indexOf(OPENSSL));
  while (at < session.length) {
    if (session[at] === EARLY_DATA) return true;
    at = contentAt(session, at) + lengthAt(session, at);
  }
  return false;
}

/** Where the content of the element of DER begins that stands at `at`. */
function contentAt(octets: Buffer, at: number): number {
  const first = octets[at + 1] ?? 0;
  return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
}

function lengthAt(octets: Buffer, at: number): number {
  const first = octets[at + 1] ?? 0;
  return first < 0x80 ? first : octets.readUIntBE(at + 2, first & 0x7f);
}

/** A long sequence, version 1. */
const OPENSSL = Buffer.from("3082", "hex");
/** Context tag 15, constructed. */
const EARLY_DATA = 0xaf;
