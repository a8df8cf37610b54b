import { newCa } from "../lab/certificates.ts";
import { parseConfig } from "../src/config/mod.ts";
import { startHopseal } from "../test/support/hopseal.ts";
import { startPostfix } from "../test/support/postfix.ts";
import { type Effort, judge, type Result } from "./figures.ts";
import { type Load, sendBySmtpSource, sendByTls, type Sink, startSmtpSink, startTlsSink } from "./load/run.ts";

/**
 * Accept, store durably, and send on, from the first connection until the sink has the last message of 4 KiB: with one
 * and two workers, over 20 and 100 connections; `smtp-source -d` and `smtp-sink` on both sides alike.
 */
export async function relay(effort: Effort): Promise<readonly Result[]> {
  await using sink = await startSmtpSink();
  const setups = (hasWorkers() ? [1, 2] : [undefined]).map((workers) => ({ workers }));
  return await measure(effort, { sink, send: sendBySmtpSource, connections: [20, 100], setups, bound: PLAIN_BOUND });
}

/** The same with TLS 1.3 on both hops over 20 connections; source and sink are ours. */
export async function relayTls(effort: Effort): Promise<readonly Result[]> {
  const ca = await newCa("Bench");
  const tls = await ca.issue(["localhost", "127.0.0.1"]);
  await using sink = await startTlsSink({ cert: tls.chain, key: tls.key });
  const setups = [{ workers: undefined, tls }];
  return await measure(effort, { sink, send: sendByTls, connections: [20], setups, bound: TLS_BOUND });
}

interface Plan {
  readonly sink: Sink;
  send(load: Load): Promise<void>;
  readonly connections: readonly number[];
  readonly setups: readonly Setup[];
  readonly bound: number;
}

interface Setup {
  /** As the configuration says; its default when undefined. */
  readonly workers: number | undefined;
  readonly tls?: { readonly chain: string; readonly key: string };
}

/** All in turns within each round, so that other work on the machine strikes all alike. */
async function measure(effort: Effort, { sink, send, connections, setups, bound }: Plan): Promise<readonly Result[]> {
  await using postfix = await startRelayingPostfix(sink.port, setups[0]?.tls);
  await using all = new AsyncDisposableStack();
  const { rounds, messages } = EFFORT[effort];
  const speed = async (port: number, over: number, count: number): Promise<number> => {
    const arrived = sink.more(count);
    const began = performance.now();
    await send({ port, connections: over, messages: count, size: 4096 });
    await arrived;
    return Math.round((count * 1000) / (performance.now() - began));
  };
  const rows: { setup: Setup; over: number; port: number; ours: number[] }[] = [];
  for (const setup of setups) {
    const hopseal = all.use(await startRelayingHopseal(sink.port, setup));
    const port = hopseal.ports[0] ?? 0;
    await speed(port, 20, WARM_UP);
    for (const over of connections) rows.push({ setup, over, port, ours: [] });
  }
  await speed(postfix.port, 20, WARM_UP);
  const theirs = new Map<number, number[]>(connections.map((over) => [over, []]));
  for (let at = 0; at < rounds; at++) {
    for (const [over, figures] of theirs) figures.push(await speed(postfix.port, over, messages.postfix));
    for (const { over, port, ours } of rows) ours.push(await speed(port, over, messages.hopseal));
    const told = rows.map(({ setup, over, ours }) => `${nameOf(setup, over)} ${ours.at(-1)}/s`).join(", ");
    process.stderr.write(`round ${at + 1}: ${told}, Postfix ${JSON.stringify([...theirs])}\n`);
  }
  return rows.map(({ setup, over, ours }) => {
    const peer = { name: "Postfix", figures: theirs.get(over) ?? [] };
    return judge({ name: nameOf(setup, over), unit: "messages/s", ours, peer, bound });
  });
}

function nameOf({ workers, tls }: Setup, connections: number): string {
  const how = workers === undefined ? "" : `, ${workers} ${workers === 1 ? "worker" : "workers"}`;
  return `relay${tls === undefined ? "" : ", TLS 1.3 on both hops"}${how}, ${connections} connections`;
}

async function startRelayingPostfix(
  sinkPort: number,
  tls: Setup["tls"],
): Promise<Awaited<ReturnType<typeof startPostfix>>> {
  return await startPostfix({
    ...(tls === undefined ? {} : { tls }),
    relayTo: { host: "127.0.0.1", port: sinkPort },
    settings: {
      smtpd_client_connection_rate_limit: "0",
      smtpd_client_connection_count_limit: "0",
      // A hundred clients at once, and what Postfix is quickest with.
      default_process_limit: "200",
      smtp_connection_cache_destinations: `[127.0.0.1]:${sinkPort}`,
      ...(tls === undefined ? {} : { smtp_tls_security_level: "encrypt", smtp_tls_mandatory_protocols: ">=TLSv1.3" }),
    },
  });
}

async function startRelayingHopseal(
  sinkPort: number,
  { workers, tls }: Setup,
): Promise<Awaited<ReturnType<typeof startHopseal>>> {
  return await startHopseal({
    config: configuration(sinkPort, { workers, ...(tls === undefined ? {} : { tls }) }),
    quiet: true,
    ...(tls === undefined ? {} : { files: { "chain.pem": tls.chain, "key.pem": tls.key } }),
  });
}

function configuration(sinkPort: number, { workers, tls }: Setup): string {
  return `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "sink@rook.example"
${workers === undefined ? "" : `workers = ${workers}`}
[[listen]]
address = "127.0.0.1:0"
tls = "${tls === undefined ? "none" : "starttls"}"
${tls === undefined ? "" : '[[certificate]]\nchain = "{folder}/chain.pem"\nkey = "{folder}/key.pem"'}
[[domain]]
name = "rook.example"
recipients = "any"
[[route]]
recipients = ["*"]
deliver = { smtp = "127.0.0.1:${sinkPort}", tls = "${tls === undefined ? "may" : "encrypt"}" }
[outbound]
per_destination = 20
[log]
target = "{folder}/log"
level = "info"
[limits]
transactions = 100000
[clients]
connections_per_client = 1000
connections_per_minute = 1000000
`;
}

/** Whether this Hopseal can be told how many workers it has. */
function hasWorkers(): boolean {
  return parseConfig(configuration(25, { workers: 2 }).replaceAll("{folder}", "/tmp"), "bench.toml").ok;
}

const EFFORT = {
  short: { rounds: 3, messages: { hopseal: 5000, postfix: 1500 } },
  whole: { rounds: 5, messages: { hopseal: 8000, postfix: 3000 } },
} as const;
const WARM_UP = 1000;
/** What must be reached; the goals are 5 and 3. */
const PLAIN_BOUND = 3;
const TLS_BOUND = 2;
