import { startHopseal } from "../test/support/hopseal.ts";
import { startPostfix } from "../test/support/postfix.ts";
import { type Effort, judge, type Result } from "./figures.ts";
import { sendBySmtpSource } from "./load/run.ts";

/**
 * Messages accepted and on disk per second, beside Postfix in one run: 20 connections that stay open, 4 KiB each. Both
 * then throw the mail away through their own queue, so both do a message's whole life.
 */
export async function accept(effort: Effort): Promise<Result> {
  await using postfix = await startPostfix({
    settings: {
      default_transport: "discard:",
      relay_transport: "discard:",
      mydestination: "",
      smtpd_client_connection_rate_limit: "0",
      smtpd_client_connection_count_limit: "0",
    },
  });
  await using hopseal = await startHopseal({ config: CONFIG, quiet: true });
  const [ours, theirs]: [number[], number[]] = [[], []];
  const port = hopseal.ports[0] ?? 0;
  const { rounds, messages } = EFFORT[effort];
  await round(port, 5000);
  await round(postfix.port, 500);
  for (let at = 0; at < rounds; at++) {
    theirs.push(await round(postfix.port, messages.postfix));
    ours.push(await round(port, messages.hopseal));
    process.stderr.write(`round ${at + 1}: Hopseal ${ours.at(-1)}/s, Postfix ${theirs.at(-1)}/s\n`);
  }
  const peer = { name: "Postfix", figures: theirs };
  return judge({ name: "durable accept, 20 connections", unit: "messages/s", ours, peer, bound: BOUND });
}

async function round(port: number, messages: number): Promise<number> {
  const began = performance.now();
  await sendBySmtpSource({ port, messages, connections: 20, size: 4096 });
  return Math.round((messages * 1000) / (performance.now() - began));
}

const EFFORT = {
  short: { rounds: 3, messages: { hopseal: 10_000, postfix: 2000 } },
  whole: { rounds: 5, messages: { hopseal: 20_000, postfix: 3000 } },
} as const;
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
[clients]
connections_per_client = 1000
connections_per_minute = 1000000
`;
