import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { newCa } from "../lab/certificates.ts";
import { startHopseal } from "../test/support/hopseal.ts";
import { startPostfix } from "../test/support/postfix.ts";
import { send, startSink } from "./load/run.ts";

export interface RelayResult {
  readonly name: "relay" | "relay, TLS 1.3 on both hops";
  /** Messages per second from the first connection until the sink has the last. */
  readonly hopseal: readonly number[];
  readonly postfix: readonly number[];
  readonly ratio: number;
  readonly bound: number;
  readonly good: boolean;
}

/** Accept, store durably, and send on: 20 connections, 4 KiB; `smtp-source -d` and `smtp-sink` on both sides alike. */
export async function relay(): Promise<RelayResult> {
  await using sink = await startCountingSink();
  const { hopseal, postfix } = await startBoth(sink.port, undefined);
  await using _hopseal = hopseal;
  await using _postfix = postfix;
  const figures = await rounds(
    async (port, messages) => {
      const arrived = sink.more(messages);
      const began = performance.now();
      await promisify(execFile)("smtp-source", [...SOURCE, "-m", String(messages), `inet:127.0.0.1:${port}`]);
      await arrived;
      return performance.now() - began;
    },
    { hopseal: hopseal.ports[0] ?? 0, postfix: postfix.port },
  );
  return judged("relay", figures, PLAIN_BOUND);
}

/** The same with TLS 1.3 on both hops; source and sink are ours, since smtp-source speaks no TLS. */
export async function relayTls(): Promise<RelayResult> {
  const ca = await newCa("Bench");
  const leaf = await ca.issue(["localhost", "127.0.0.1"]);
  const tls = { chain: leaf.chain, key: leaf.key };
  using sink = await startSink({ cert: tls.chain, key: tls.key });
  const { hopseal, postfix } = await startBoth(sink.port, tls);
  await using _hopseal = hopseal;
  await using _postfix = postfix;
  const figures = await rounds(
    async (port, messages) => {
      const arrived = sink.more(messages);
      const began = performance.now();
      await send({ port, tls: true, connections: 20, messages, size: 4096 });
      await arrived;
      return performance.now() - began;
    },
    { hopseal: hopseal.ports[0] ?? 0, postfix: postfix.port },
  );
  return judged("relay, TLS 1.3 on both hops", figures, TLS_BOUND);
}

type Both = Readonly<Record<"hopseal" | "postfix", number>>;

async function startBoth(
  sinkPort: number,
  tls: { readonly chain: string; readonly key: string } | undefined,
): Promise<{ hopseal: Awaited<ReturnType<typeof startHopseal>>; postfix: Awaited<ReturnType<typeof startPostfix>> }> {
  const postfix = await startPostfix({
    ...(tls === undefined ? {} : { tls }),
    relayTo: { host: "127.0.0.1", port: sinkPort },
    settings: {
      smtpd_client_connection_rate_limit: "0",
      // What Postfix is quickest with.
      smtp_connection_cache_destinations: `[127.0.0.1]:${sinkPort}`,
      ...(tls === undefined ? {} : { smtp_tls_security_level: "encrypt", smtp_tls_mandatory_protocols: ">=TLSv1.3" }),
    },
  });
  const hopseal = await startHopseal({
    config: hopsealConfig(sinkPort, tls !== undefined),
    quiet: true,
    ...(tls === undefined ? {} : { files: { "chain.pem": tls.chain, "key.pem": tls.key } }),
  });
  return { hopseal, postfix };
}

async function rounds(
  round: (port: number, messages: number) => Promise<number>,
  ports: Both,
): Promise<{ readonly hopseal: number[]; readonly postfix: number[] }> {
  const figures = { hopseal: [] as number[], postfix: [] as number[] };
  const measure = async (who: keyof Both): Promise<void> => {
    const took = await round(ports[who], MESSAGES[who]);
    figures[who].push(Math.round((MESSAGES[who] * 1000) / took));
  };
  await round(ports.hopseal, WARM_UP);
  await round(ports.postfix, WARM_UP);
  for (let at = 0; at < ROUNDS; at++) {
    await measure("postfix");
    await measure("hopseal");
    process.stderr.write(`round ${at + 1}: Hopseal ${figures.hopseal.at(-1)}/s, Postfix ${figures.postfix.at(-1)}/s\n`);
  }
  return figures;
}

function judged(
  name: RelayResult["name"],
  figures: { readonly hopseal: number[]; readonly postfix: number[] },
  bound: number,
): RelayResult {
  const ratio = Number((median(figures.hopseal) / median(figures.postfix)).toFixed(2));
  return { name, ...figures, ratio, bound, good: ratio >= bound };
}

/** Postfix's own sink, which prints a running count. */
async function startCountingSink(): Promise<{ port: number; more(count: number): Promise<void> } & AsyncDisposable> {
  const port = 20_000 + (process.pid % 10_000);
  const child = spawn("smtp-sink", ["-c", "-u", "nobody", `inet:127.0.0.1:${port}`, "1000"]);
  await once(child, "spawn");
  let messages = 0;
  let check: () => void = () => undefined;
  child.stdout.setEncoding("latin1").on("data", (text: string) => {
    const counts = /.*mesg=(\d+)\s/s.exec(text);
    if (counts === null) return;
    messages = Number(counts[1]);
    check();
  });
  return {
    port,
    more(count) {
      const goal = messages + count;
      return new Promise((resolve) => {
        check = () => {
          if (messages >= goal) resolve();
        };
      });
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await once(child, "exit");
    },
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function hopsealConfig(sinkPort: number, tls: boolean): string {
  return `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "sink@rook.example"
[[listen]]
address = "127.0.0.1:0"
${tls ? 'tls = "starttls"' : 'tls = "none"'}
${tls ? '[[certificate]]\nchain = "{folder}/chain.pem"\nkey = "{folder}/key.pem"' : ""}
[[domain]]
name = "rook.example"
recipients = "any"
[[route]]
recipients = ["*"]
deliver = { smtp = "127.0.0.1:${sinkPort}", tls = "${tls ? "encrypt" : "may"}" }
[outbound]
per_destination = 20
[log]
target = "{folder}/log"
level = "info"
[limits]
transactions = 100000
`;
}

const SOURCE = ["-d", "-s", "20", "-l", "4096", "-f", "bench@pine.example", "-t", "sink@rook.example"];
const ROUNDS = 5;
const WARM_UP = 1000;
const MESSAGES: Both = { hopseal: 8000, postfix: 3000 };
/** What must be reached; the goals are 5 and 3. */
const PLAIN_BOUND = 3;
const TLS_BOUND = 2;
