import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type RunningHopseal, startHopseal } from "../test/support/hopseal.ts";
import { type RunningPostfix, startPostfix } from "../test/support/postfix.ts";

export interface AcceptResult {
  readonly name: "durable accept";
  /** Messages per second, one figure a round. */
  readonly hopseal: readonly number[];
  readonly postfix: readonly number[];
  /** Ratio of the medians. */
  readonly ratio: number;
  readonly bound: number;
  readonly good: boolean;
}

/**
 * Messages accepted and on disk per second, beside Postfix in one run: 20 connections that stay open, 4 KiB each. Both
 * then throw the mail away through their own queue, so both do a message's whole life.
 */
export async function accept(): Promise<AcceptResult> {
  await using postfix = await startPostfix({
    settings: {
      default_transport: "discard:",
      relay_transport: "discard:",
      mydestination: "",
      smtpd_client_connection_rate_limit: "0",
    },
  });
  await using hopseal = await startHopseal({ config: CONFIG, quiet: true });
  const figures = { hopseal: [] as number[], postfix: [] as number[] };
  await round(hopseal, 5000);
  await round(postfix, 500);
  for (let at = 0; at < ROUNDS; at++) {
    figures.postfix.push(await round(postfix, POSTFIX_MESSAGES));
    figures.hopseal.push(await round(hopseal, HOPSEAL_MESSAGES));
    process.stderr.write(`round ${at + 1}: Hopseal ${figures.hopseal.at(-1)}/s, Postfix ${figures.postfix.at(-1)}/s\n`);
  }
  const ratio = Number((median(figures.hopseal) / median(figures.postfix)).toFixed(2));
  return { name: "durable accept", ...figures, ratio, bound: BOUND, good: ratio >= BOUND };
}

async function round(target: RunningHopseal | RunningPostfix, count: number): Promise<number> {
  const port = "ports" in target ? target.ports[0] : target.port;
  const began = performance.now();
  await promisify(execFile)(
    "smtp-source",
    [
      "-d",
      "-s",
      "20",
      "-l",
      "4096",
      "-m",
      String(count),
      "-f",
      "bench@pine.example",
      "-t",
      "sink@rook.example",
      `inet:127.0.0.1:${port}`,
    ],
    { env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` } },
  );
  return Math.round((count * 1000) / (performance.now() - began));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const ROUNDS = 5;
const POSTFIX_MESSAGES = 3000;
const HOPSEAL_MESSAGES = 20_000;
/** What must be reached; the goal is 8. */
const BOUND = 5;

const CONFIG = `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "sink@rook.example"
[[listen]]
address = "127.0.0.1:0"
tls = "none"
[[domain]]
name = "rook.example"
recipients = "any"
[[route]]
recipients = ["*"]
deliver = "discard"
[log]
target = "{folder}/log"
level = "info"
[limits]
transactions = 100000
`;
