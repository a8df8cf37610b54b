import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { freePort } from "./port.ts";

test("freePort: a port that a program can take, below those of the system, another at each call", async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, freePort));
  assert.equal(new Set(ports).size, ports.length);
  for (const port of ports) {
    assert.ok(port > 1024 && port < 32_768, String(port));
    const stream = createServer().listen(port, "127.0.0.1");
    const datagram = createSocket("udp4").bind(port, "127.0.0.1");
    await Promise.all([once(stream, "listening"), once(datagram, "listening")]);
    stream.close();
    datagram.close();
  }
});
