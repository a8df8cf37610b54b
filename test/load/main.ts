/**
 * What many connections and large messages cost the real daemon: `node test/load/main.ts [idle|tls|big|all]`, with
 * `--connections N`, `--messages N` and `--workers N`. Prints figures; exit status 1 when a bound does not hold.
 */
import { parseArgs } from "node:util";
import { latencies, quantile, usageOf, watchMemory } from "./measure.ts";
import { crowd, startDaemon } from "./scene.ts";

/** Messages of others, one after the other. */
const PROBES = 500;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    connections: { type: "string", default: "10000" },
    messages: { type: "string", default: "100" },
    size: { type: "string", default: "50000000" },
    workers: { type: "string", default: "1" },
  },
});
const workers = Number(values.workers);
const what = positionals[0] ?? "all";
let broken = false;

if (what === "idle" || what === "all") await idle("idle", Number(values.connections));
if (what === "tls" || what === "all") await idle("tls", Number(values.connections));
if (what === "big" || what === "all") await big(Number(values.messages), Number(values.size));
process.exitCode = broken ? 1 : 0;

async function idle(kind: "idle" | "tls", count: number): Promise<void> {
  await using daemon = await startDaemon(workers);
  const [clear = 0, tls = 0] = daemon.ports;
  await latencies(clear, 500);
  const before = await latencies(clear, PROBES);
  const empty = await usageOf(daemon.pid);
  using held = await crowd({ port: kind === "tls" ? tls : clear, count, kind }, 4);
  const opened = await usageOf(daemon.pid);
  const beside = await latencies(clear, PROBES);
  const full = await usageOf(daemon.pid);
  say(`${count} idle connections ${kind === "tls" ? "in TLS" : "in clear"}, ${workers} worker(s)`, {
    open: String(held.done),
    "memory before": mb(empty.memory),
    "memory with them": mb(full.memory),
    "memory each": `${(((full.memory - empty.memory) * 1024) / count).toFixed(1)} kB`,
    "processor to open them": `${(opened.processor - empty.processor).toFixed(1)} s`,
    "p50 before, beside": `${ms(quantile(before, 0.5))}, ${ms(quantile(beside, 0.5))}`,
    "p99 before, beside": `${ms(quantile(before, 0.99))}, ${ms(quantile(beside, 0.99))}`,
  });
  check(held.done === count, `all are open: ${held.failed.join("; ")}`);
  if (kind === "tls") return;
  check(full.memory < 400, "less than 400 MB in all");
  check(quantile(beside, 0.99) < 2 * quantile(before, 0.99), "p99 of other mail is less than twice its idle value");
}

async function big(count: number, size: number): Promise<void> {
  await using daemon = await startDaemon(workers);
  const [clear = 0] = daemon.ports;
  await latencies(clear, 50);
  const empty = await usageOf(daemon.pid);
  using watched = watchMemory(daemon.pid);
  const began = performance.now();
  using sent = await crowd({ port: clear, count, kind: "big", size }, 4);
  const took = (performance.now() - began) / 1000;
  say(`${count} messages of ${mb(size / 1e6)} at once, ${workers} worker(s)`, {
    sent: String(sent.done),
    "memory before": mb(empty.memory),
    "most memory": mb(watched.most),
    took: `${took.toFixed(1)} s, ${mb((count * size) / 1e6 / took)} a second`,
  });
  check(sent.done === count, `all were taken: ${sent.failed.join("; ")}`);
  check(watched.most < 400, "less than 400 MB in all");
}

function say(title: string, rows: Readonly<Record<string, string>>): void {
  process.stdout.write(`${title}\n`);
  for (const [name, value] of Object.entries(rows)) process.stdout.write(`  ${name.padEnd(24)} ${value}\n`);
}

function check(holds: boolean, bound: string): void {
  if (!holds) broken = true;
  process.stdout.write(`  ${holds ? "holds" : "DOES NOT HOLD"}: ${bound.replace(/: $/, "")}\n`);
}

function mb(megabytes: number): string {
  return `${megabytes.toFixed(0)} MB`;
}

function ms(milliseconds: number): string {
  return `${milliseconds.toFixed(1)} ms`;
}
