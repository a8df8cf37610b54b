import { fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { startHopseal } from "../test/support/hopseal.ts";

export interface PolicyServiceResult {
  readonly name: "warm TLS policy look-ups";
  /** Look-ups per second, one figure a round. */
  readonly hopseal: readonly number[];
  /** The same client, and a server in Node that answers from a map and does nothing else. */
  readonly map: readonly number[];
  /** Ratio of the medians. */
  readonly ratio: number;
  readonly ratioBound: number;
  /** Look-ups per second. */
  readonly bound: number;
  readonly good: boolean;
}

/** Clients that ask as Postfix does: each waits for its reply before it asks again. */
export async function policyLookups(): Promise<PolicyServiceResult> {
  // Addresses need no DNS.
  const keys = Array.from({ length: NAMES }, (_, at) => `[192.0.2.${at + 1}]`);
  await using _hopseal = await startHopseal({ config: CONFIG, quiet: true });
  using map = await startMap(keys);

  const figures: { hopseal: number[]; map: number[] } = { hopseal: [], map: [] };
  await measure(SERVICE, keys, WARM_UP);
  await measure(map.port, keys, WARM_UP);
  for (let round = 0; round < ROUNDS; round++) {
    figures.map.push(await measure(map.port, keys, LOOKUPS));
    figures.hopseal.push(await measure(SERVICE, keys, LOOKUPS));
  }
  const speed = median(figures.hopseal);
  const ratio = Number((speed / median(figures.map)).toFixed(2));
  const good = ratio >= RATIO_BOUND && speed >= BOUND;
  return { name: "warm TLS policy look-ups", ...figures, ratio, ratioBound: RATIO_BOUND, bound: BOUND, good };
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

function median(figures: readonly number[]): number {
  return [...figures].sort((left, right) => left - right)[Math.floor(figures.length / 2)] ?? 0;
}

const SERVICE = 8461;
const CONFIG = `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "postmaster@rook.example"
[log]
target = "{folder}/log"
[dns]
dnssec = "off"
servers = ["127.0.0.1:1"]
[policy_service]
address = "127.0.0.1:${SERVICE}"
`;
const NAMES = 200;
const CONNECTIONS = 20;
const WARM_UP = 20_000;
const LOOKUPS = 20_000;
const ROUNDS = 15;
/** Look-ups per second on a core of 2026; many times what any Postfix sends. */
const BOUND = 10_000;
const RATIO_BOUND = 0.5;
