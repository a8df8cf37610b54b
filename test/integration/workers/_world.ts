import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { utf8 } from "../../../src/base/mod.ts";
import type { DaemonStatus } from "../../../src/daemon/mod.ts";
import { askDaemon } from "../../../src/daemon/control_client.ts";
import type { ClientSession } from "../../../src/smtp/client/mod.ts";
import type { Status } from "../../../src/status/mod.ts";
import { connectPlain, MAY, outgoing } from "../../support/client.ts";
import type { RunningHopseal } from "../../support/hopseal.ts";
import type { Sink } from "../../support/sink.ts";

export function config(workers: number, port: number, more = ""): string {
  return `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "bo@rook.example"
workers = ${workers}
${more}
[[listen]]
address = "127.0.0.1:0"
tls = "none"
[relay]
networks = ["127.0.0.0/8"]
[clients]
connections_per_minute = 100000
[[domain]]
name = "rook.example"
recipients = "any"
[[route]]
recipients = ["*"]
deliver = { smtp = "127.0.0.1:${port}" }
[retry]
first = "1 s"
`;
}

export async function connect(hopseal: RunningHopseal): Promise<ClientSession> {
  const session = await connectPlain(hopseal.ports[0] ?? 0);
  assert.ok(!("kind" in session), JSON.stringify(session));
  return session;
}

/** Sends one message over a session; undefined when the connection was lost before the reply. */
export async function put(session: ClientSession, name: string, octets = 200): Promise<Status | undefined> {
  const filler = "x"
    .repeat(70)
    .concat("\r\n")
    .repeat(Math.ceil(octets / 72));
  const content = utf8(`Subject: ${name}\r\n\r\n${filler}`);
  const sent = await session.send(outgoing({ content, to: ["bo@rook.example"], from: "ada@pine.example" }), MAY);
  const status = "kind" in sent ? undefined : sent.recipients[0];
  return status?.cause === "connection-lost" ? undefined : status;
}

/** One message for each name, each over a connection of its own. */
export async function putAll(hopseal: RunningHopseal, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const session = await connect(hopseal);
    assert.equal((await put(session, name))?.code, 250);
    await session.quit();
  }
}

export async function ask<T>(hopseal: RunningHopseal, path: string): Promise<T> {
  const [plain = "", query = ""] = path.split("?");
  const answer = await askDaemon(join(hopseal.folder, "data", "control.sock"), {
    method: "GET",
    path: plain,
    query: new URLSearchParams(query),
  });
  assert.ok(answer.ok, JSON.stringify(answer));
  return answer.value as T;
}

export type Workers = NonNullable<DaemonStatus["workers"]>;

/** Looks until the workers are as they should be. */
export async function workersUntil(hopseal: RunningHopseal, fits: (workers: Workers) => boolean): Promise<Workers> {
  for (;;) {
    const { workers } = await ask<DaemonStatus>(hopseal, "status");
    if (workers !== undefined && fits(workers)) return workers;
    await pause(20);
  }
}

export async function workers(hopseal: RunningHopseal): Promise<Workers> {
  return await workersUntil(hopseal, () => true);
}

export function pidOf(all: Workers, number: number): number {
  const pid = all.find((one) => one.number === number)?.pid;
  assert.ok(pid !== undefined, `worker ${number} does not run`);
  return pid;
}

/** How often each subject has arrived. */
export function arrived(sink: Pick<Sink, "caught">): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { content } of sink.caught) {
    const name = /^Subject: (\S+)\r$/m.exec(content.toString("latin1"))?.[1] ?? "?";
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** Resolves when every one of them has arrived. */
export async function allArrived(sink: Sink, names: Iterable<string>): Promise<void> {
  const missing = (): string[] => [...names].filter((name) => !arrived(sink).has(name));
  while (missing().length > 0) await Promise.race([sink.next(), pause(50)]);
}

/** The queue is empty, as the daemon itself says. */
export async function emptied(hopseal: RunningHopseal): Promise<void> {
  while ((await ask<DaemonStatus>(hopseal, "status")).queue.units > 0) await pause(20);
}

export function names(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}${at}`);
}
