import { closeSync, openSync } from "node:fs";
import { systemClock } from "../../../src/base/mod.ts";
import { domain } from "../../../src/mail/mod.ts";
import { subscribe } from "../../../src/observe/mod.ts";
import { createSmtpListener } from "../../../src/smtp/io/mod.ts";
import { recording } from "../smtp-server/_reception.ts";

/** A listener in a process with few descriptors; it tells what happens, and takes orders by messages. */
const counts = { limited: 0, faults: [] as string[] };
subscribe("hopseal:limited", ({ limit }) => {
  if (limit === "descriptors") counts.limited++;
});
subscribe("hopseal:fault", ({ where, text }) => counts.faults.push(`${where}: ${text}`));

const listener = createSmtpListener({
  role: "mx",
  hostname: domain("mx.rook.example"),
  clock: systemClock,
  tls: "none",
  reception: recording().reception,
});
const hoard: number[] = [];
const { port } = await listener.listen({ host: "127.0.0.1", port: 0 });
process.send?.({ kind: "listening", port });
process.on("message", (order: "hoard" | "free" | "status" | "end") => {
  if (order === "hoard") {
    // Takes every descriptor that is left, as deliveries might.
    try {
      for (;;) hoard.push(openSync("/dev/null", "r"));
    } catch {
      // That was the last.
    }
  }
  if (order === "free") for (const descriptor of hoard.splice(0)) closeSync(descriptor);
  if (order === "end") process.exit(0);
  const { user, system } = process.cpuUsage();
  process.send?.({
    kind: order,
    cpu: (user + system) / 1000,
    active: listener.active,
    hoarded: hoard.length,
    ...counts,
  });
});
