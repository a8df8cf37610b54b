import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Random, seededRandom } from "../../../src/base/mod.ts";
import type { DaemonStatus } from "../../../src/daemon/mod.ts";
import { askDaemon } from "../../../src/daemon/control_client.ts";
import { statusOf } from "../../../src/status/mod.ts";
import { MAIN } from "../../support/hopseal.ts";
import { freePort } from "../../support/port.ts";
import { startSink } from "../../support/sink.ts";
import { type Ledger, openLedger, type Verdict } from "./ledger.ts";
import { pour } from "./producers.ts";

export type Kill = "worker" | "parent" | "all";

export interface SearchOptions {
  readonly kills: number;
  /** Who is killed, one after the other; chance says it unless given. */
  readonly plan?: readonly Kill[];
  readonly seed: number;
  readonly workers: number;
  readonly producers: number;
  /** Told now and then how far it is. */
  readonly progress?: (text: string) => void;
}

export interface SearchResult extends Verdict {
  readonly kills: Readonly<Record<Kill, number>>;
}

/**
 * Runs the real program with several workers under load, and kills with SIGKILL: one worker, the parent alone, or all
 * of them at once. Everything that was acknowledged must reach the sink, whole, nothing that was refused may, and a message
 * may come twice only where a kill lies between.
 */
export async function killUnderLoad(options: SearchOptions): Promise<SearchResult> {
  const random = seededRandom(options.seed);
  const folder = await mkdtemp(join(tmpdir(), "hopseal-kills-"));
  const ledger = openLedger();
  // Now and then it cannot, so that something waits whenever a process dies.
  const sink = await startSink({
    verdict: (caught) => {
      const status = statusOf(random.below(10) === 0 ? "system-busy" : "ok-message");
      ledger.arrived(caught.content, status);
      return status;
    },
  });
  const port = await freePort();
  const file = join(folder, "hopseal.toml");
  await writeFile(file, configOf({ folder, port, sink: sink.port, workers: options.workers }));
  const house: House = { folder, file, random, ledger, daemon: await start(folder, file) };
  const over = new AbortController();
  const producers = Array.from({ length: options.producers }, (_, number) =>
    pour({ number, port, ledger, random: seededRandom(options.seed * 1000 + number), signal: over.signal }),
  );
  const kills = { worker: 0, parent: 0, all: 0 };
  try {
    for (let done = 0; done < options.kills; done++) {
      await pause(20 + random.below(200));
      kills[await killOnce(house, options.plan?.[done])]++;
      if (done % 50 === 49) options.progress?.(`${done + 1} kills, ${ledger.acknowledged} messages acknowledged`);
    }
    over.abort();
    await Promise.all(producers);
    await emptied(house);
    return { kills, ...ledger.judge() };
  } finally {
    over.abort();
    await end(house);
    await Promise.all(producers);
    await sink[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
}

interface House {
  readonly folder: string;
  readonly file: string;
  readonly random: Random;
  readonly ledger: Ledger;
  daemon: ChildProcess;
}

async function killOnce(house: House, planned?: Kill): Promise<Kill> {
  const { random, ledger, daemon } = house;
  const workers = (await statusNow(house.folder))?.workers ?? [];
  const alive = workers.flatMap(({ pid }) => pid ?? []);
  const kind = planned ?? (alive.length < 2 ? "all" : byChance(random));
  ledger.killed();
  if (kind === "worker") {
    kill(alive[random.below(alive.length)]);
    return kind;
  }
  const gone = new Promise((resolve) => daemon.once("exit", resolve));
  if (kind === "all") for (const pid of alive) kill(pid);
  kill(daemon.pid);
  await gone;
  house.daemon = await start(house.folder, house.file);
  return kind;
}

/** Mostly one worker, whose next lives are short: at the latest when few are left, all of them. */
function byChance(random: Random): Kill {
  const number = random.below(60);
  if (number === 0) return "all";
  return number === 1 ? "parent" : "worker";
}

function kill(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, "SIGKILL");
  } catch (error) {
    // It was dead already.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Resolves when it is ready. */
async function start(folder: string, file: string): Promise<ChildProcess> {
  await rm(join(folder, "log"), { force: true });
  const child = spawn(process.execPath, [MAIN, "run", "-c", file], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = said.slice(-2000) + chunk.toString();
  });
  while (!(await readFile(join(folder, "log"), "utf8").catch(() => "")).includes('"event":"ready"')) {
    if (child.exitCode !== null) throw new Error(`The daemon ended with ${child.exitCode}: ${said}`);
    await pause(20);
  }
  return child;
}

async function emptied(house: House): Promise<void> {
  for (;;) {
    const status = await statusNow(house.folder);
    const whole = status?.workers?.flatMap(({ shards }) => shards).length === status?.workers?.length;
    if (status !== undefined && whole && status.queue.units === 0) return;
    // What was under way at three deaths in a row waits for an operator.
    if ((status?.queue.states.held ?? 0) > 0) await releaseHeld(house.folder);
    await pause(100);
  }
}

async function statusNow(folder: string): Promise<DaemonStatus | undefined> {
  const answer = await askDaemon(join(folder, "data", "control.sock"), { method: "GET", path: "status" });
  return answer.ok ? (answer.value as DaemonStatus) : undefined;
}

async function releaseHeld(folder: string): Promise<void> {
  const query = new URLSearchParams({ operation: "release", state: "held" });
  await askDaemon(join(folder, "data", "control.sock"), { method: "POST", path: "queue", query });
}

async function end({ daemon }: House): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const gone = new Promise((resolve) => daemon.once("exit", resolve));
  daemon.kill("SIGTERM");
  await gone;
}

interface Places {
  readonly folder: string;
  readonly port: number;
  readonly sink: number;
  readonly workers: number;
}

function configOf({ folder, port, sink, workers }: Places): string {
  return `
hostname = "mx.rook.example"
data_dir = "${folder}/data"
postmaster = "bo@rook.example"
workers = ${workers}
[[listen]]
address = "127.0.0.1:${port}"
tls = "none"
[clients]
connections_per_minute = 1000000
[[domain]]
name = "rook.example"
recipients = "any"
[[route]]
recipients = ["*"]
deliver = { smtp = "127.0.0.1:${sink}" }
[retry]
first = "1 s"
[log]
target = "${folder}/log"
`;
}
