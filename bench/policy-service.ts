import { fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { startHopseal } from "../test/support/hopseal.ts";
import { freePort } from "../test/support/port.ts";
import { type Effort, judge, type Result } from "./figures.ts";

/**
 * Clients that ask as Postfix does: each waits for its reply before it asks again. Beside us a server in Node that
 * answers from a map and does nothing else.
 */
export async function policyLookups(effort: Effort): Promise<readonly Result[]> {
  // Addresses need no DNS.
  const keys = Array.from({ length: NAMES }, (_, at) => `[192.0.2.${at + 1}]`);
  const port = await freePort();
  await using _hopseal = await startHopseal({ config: configuration(port), quiet: true });
  using map = await startMap(keys);
  const [ours, theirs]: [number[], number[]] = [[], []];
  await measure(port, keys, WARM_UP);
  await measure(map.port, keys, WARM_UP);
  for (let round = 0; round < ROUNDS[effort]; round++) {
    theirs.push(await measure(map.port, keys, LOOKUPS));
    ours.push(await measure(port, keys, LOOKUPS));
  }
  const peer = { name: "a bare map", figures: theirs };
  return [
    judge({ name: "warm TLS policy look-ups", unit: "look-ups/s", ours, peer, bound: RATIO_BOUND }),
    judge({ name: "warm TLS policy look-ups, alone", unit: "look-ups/s", ours, bound: BOUND }),
  ];
}

async function startMap(keys: readonly string[]): Promise<Disposable & { readonly port: number }> {
  const child = fork(new URL("load/socketmap.ts", import.meta.url), [JSON.stringify(keys.map((key) => [key, "may"]))]);
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return { port, [Symbol.dispose]: () => child.disconnect() };
}

/** Look-ups per second. */
async function measure(port: number, keys: readonly string[], count: number): Promise<number> {
  const each = Math.ceil(count / CONNECTIONS);
  const began = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, at) => ask(port, keys, { from: at, count: each })));
  return Math.round((each * CONNECTIONS * 1000) / (performance.now() - began));
}

function ask(
  port: number,
  keys: readonly string[],
  { from, count }: { readonly from: number; readonly count: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    let left = count;
    const next = (): void => {
      const request = `policy ${keys[(from + left) % keys.length]}`;
      socket.write(`${request.length}:${request},`);
    };
    socket.on("connect", next);
    socket.on("error", reject);
    socket.on("data", (chunk: Buffer) => {
      if (chunk.toString("latin1") !== "6:OK may,")
        return void socket.destroy(new Error(`Not "may": ${String(chunk)}`));
      if (--left > 0) return next();
      socket.destroy();
      resolve();
    });
  });
}

function configuration(port: number): string {
  return `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "postmaster@rook.example"
[log]
target = "{folder}/log"
[dns]
dnssec = "off"
servers = ["127.0.0.1:1"]
[policy_service]
address = "127.0.0.1:${port}"
`;
}

const NAMES = 200;
const CONNECTIONS = 20;
const WARM_UP = 20_000;
const LOOKUPS = 20_000;
const ROUNDS = { short: 7, whole: 15 } as const;
/** Look-ups per second on a core of 2026; many times what any Postfix sends. */
const BOUND = 10_000;
const RATIO_BOUND = 0.5;
