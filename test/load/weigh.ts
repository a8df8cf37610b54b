/** A listener in a process of its own that says what it weighs when asked; run with --expose-gc. */
import { systemClock } from "../../src/base/mod.ts";
import { domain } from "../../src/mail/mod.ts";
import { createSmtpListener } from "../../src/smtp/io/mod.ts";
import { statusOf } from "../../src/status/mod.ts";

const listener = createSmtpListener({
  role: "mx",
  hostname: domain("mx.rook.example"),
  clock: systemClock,
  tls: "none",
  reception: { connected: () => undefined, mail: () => statusOf("relay-denied") },
});
const { port } = await listener.listen({ host: "127.0.0.1", port: 0 });

process.on("message", () => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ open: listener.active, octets: heapUsed + external });
});
process.send?.({ port });
