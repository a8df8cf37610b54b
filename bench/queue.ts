import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { systemClock, systemRandom } from "../src/base/mod.ts";
import { domain, type Envelope, NO_DEMAND } from "../src/mail/mod.ts";
import { type Destination, newQueueId, type Store } from "../src/queue/mod.ts";
import { openSqliteStore } from "../src/queue/store/mod.ts";

/**
 * `node bench/queue.ts [MESSAGES…]`: queues so many messages (default 1,000, 100,000 and 1,000,000, of 1 KiB each, to a
 * thousand domains), and prints what a claim costs, and how soon `hopseal run` greets on that queue and what it takes.
 */
async function main(sizes: readonly string[]): Promise<void> {
  const root = await mkdtemp(`${tmpdir()}/hopseal-queue-bench-`);
  try {
    console.log(
      "messages | queued/s | claim p50 ms | claim p99 ms | claim with 900 busy p99 ms | opened ms | greets ms | RSS MB",
    );
    for (const size of sizes.length === 0 ? DEFAULT : sizes)
      console.log((await measure(root, Number(size))).join(" | "));
  } finally {
    await rm(root, { recursive: true });
  }
}

async function measure(root: string, size: number): Promise<(string | number)[]> {
  const data = `${root}/${size}`;
  const directory = `${data}/shard-0`;
  let store = await open(directory);
  const began = performance.now();
  await fillUp(store, size);
  const rate = Math.round(size / ((performance.now() - began) / 1000));
  const claims = await claimCosts(store, []);
  const busy = Array.from({ length: 900 }, (_, at) => `d${at}.example` as Destination);
  const excepted = await claimCosts(store, busy);
  await store[Symbol.asyncDispose]();
  const reopened = performance.now();
  store = await open(directory);
  const opened = Math.round(performance.now() - reopened);
  await store[Symbol.asyncDispose]();
  const daemon = await startDaemon(root, data);
  return [size, rate, at(claims, 0.5), at(claims, 0.99), at(excepted, 0.99), opened, daemon.greets, daemon.rss];
}

/** Each claims ten units and puts them off for a day. */
async function claimCosts(store: Store, except: readonly Destination[]): Promise<number[]> {
  const costs: number[] = [];
  for (let round = 0; round < 40; round++) {
    const began = performance.now();
    const claims = await store.claim({ now: Date.now(), lease: 60_000, limit: 10, except });
    costs.push(performance.now() - began);
    const now = Date.now();
    const settled = claims.map((claim) =>
      store.settle(claim, { at: now, recipients: new Map(), retryAt: now + 86_400_000 }),
    );
    await Promise.all(settled);
  }
  return costs.sort((a, b) => a - b);
}

function at(sorted: readonly number[], share: number): string {
  return (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2);
}

async function fillUp(store: Store, size: number): Promise<void> {
  const content = new Uint8Array(1024).fill(120);
  const one = async (number: number): Promise<void> => {
    const name = `d${number % 1000}.example`;
    const sink = store.stage();
    await sink.write(content);
    const units = [{ destination: name as Destination, recipients: [0] }];
    const envelope = { ...ENVELOPE, recipients: [{ mailbox: { localPart: "bo", domain: domain(name) } }] };
    const message = { id: newQueueId(systemClock, systemRandom), envelope, acceptedAt: Date.now(), units };
    await store.commit(message, await sink.finish());
  };
  for (let done = 0; done < size; done += 500) {
    await Promise.all(Array.from({ length: Math.min(500, size - done) }, (_, place) => one(done + place)));
  }
}

/** The program itself, with its deliveries going to a port that nobody answers; until its greeting, and its size then. */
async function startDaemon(root: string, data: string): Promise<{ greets: number; rss: string }> {
  const silent = createServer();
  await new Promise<void>((resolve) => void silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as { port: number };
  const config = `${root}/hopseal.toml`;
  await writeFile(
    config,
    `hostname = "mx1.rook.example"\ndata_dir = "${data}"\npostmaster = "postmaster@rook.example"\nworkers = 1\n[[listen]]\naddress = "127.0.0.1:0"\ntls = "none"\n[[route]]\nrecipients = ["*"]\ndeliver = { smtp = "127.0.0.1:${port}" }\n[dns]\nservers = ["127.0.0.1"]\ndnssec = "off"\n`,
  );
  const began = performance.now();
  const child = spawn(process.execPath, [MAIN, "run", "-c", config], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  let ready = 0;
  for await (const chunk of child.stderr) {
    said += String(chunk);
    if (!said.includes('"ready"')) continue;
    ready = performance.now() - began;
    break;
  }
  if (ready === 0) throw new Error(said);
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const pid = Number(/"event":"ready".*?"pid":(\d+)/.exec(said)?.[1] ?? child.pid);
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  child.kill("SIGKILL");
  silent.close();
  return { greets: Math.round(ready), rss: (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024).toFixed(0) };
}

function open(directory: string): Promise<Store> {
  return openSqliteStore({ directory, clock: systemClock, random: systemRandom });
}

const DEFAULT = ["1000", "100000", "1000000"];
const MAIN = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
const ENVELOPE: Envelope = {
  reversePath: { kind: "mailbox", mailbox: { localPart: "ada", domain: domain("rook.example") } },
  recipients: [],
  body: "7bit",
  smtpUtf8: false,
  dsn: {},
  demand: NO_DEMAND,
  origin: { kind: "local" },
  content: { size: 1024, eightBit: false, bareCrLf: false, nul: false, endsInCrlf: false, longestLine: 900 },
};

await main(process.argv.slice(2));
