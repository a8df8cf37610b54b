import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * A port of 127.0.0.1 that nobody has, for TCP and UDP, for a program that must be told its port. It is below those that
 * the system hands out by itself, so that nobody is given it before the program takes it, and never the same twice.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const stream = createServer().listen(port, "127.0.0.1");
  const datagram = createSocket("udp4");
  const taken = [stream, datagram.bind(port, "127.0.0.1")].map((socket) =>
    once(socket, "listening").then(
      () => {
        socket.close();
        return once(socket, "close").then(() => true);
      },
      () => {
        socket.close();
        return false;
      },
    ),
  );
  return (await Promise.all(taken)).every(Boolean);
}

const given = new Set<number>();
const LOWEST = 12_000;
/** Linux hands out ports from 32768 on, others from 49152. */
const HIGHEST = 32_000;
