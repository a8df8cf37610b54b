import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { newCa } from "../../lab/certificates.ts";
import { type RunningHopseal, startHopseal } from "../support/hopseal.ts";
import type { Done, Errand } from "./helper.ts";

/** A daemon that throws its mail away; ports: in clear, and in TLS from the first octet. */
export async function startDaemon(workers: number): Promise<RunningHopseal> {
  const { chain, key } = await (await newCa()).issue(["mx.rook.example"]);
  const config = CONFIG.replace("{workers}", String(workers));
  return await startHopseal({ config, files: { "chain.pem": chain, "key.pem": key }, quiet: true });
}

/** Helper processes that hold connections, or send, until disposed. */
export interface Crowd extends Disposable {
  readonly done: number;
  readonly failed: readonly string[];
}

export async function crowd(errand: Omit<Errand, "from">, processes: number): Promise<Crowd> {
  const children: ChildProcess[] = [];
  const answers = Array.from({ length: processes }, async (_, at): Promise<Done> => {
    const child = fork(HELPER, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    children.push(child);
    const count = Math.floor(errand.count / processes) + (at < errand.count % processes ? 1 : 0);
    // Each process has addresses of its own, so that no address runs out of ports.
    const from = Array.from({ length: 4 }, (_none, which) => `127.0.1.${at * 4 + which + 1}`);
    const answer = new Promise<Done>((resolve, reject) => {
      child.once("message", (done: Done) => resolve(done)).once("exit", () => reject(new Error("a helper ended")));
    });
    child.send({ ...errand, count, from } satisfies Errand);
    return await answer;
  });
  const done = await Promise.all(answers);
  return {
    done: done.reduce((sum, one) => sum + one.done, 0),
    failed: done.flatMap(({ failed }) => failed),
    [Symbol.dispose]() {
      for (const child of children) child.kill("SIGKILL");
    },
  };
}

const HELPER = fileURLToPath(new URL("./helper.ts", import.meta.url));
const CONFIG = `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "sink@rook.example"
workers = {workers}
message_size = "60 MB"
[[listen]]
address = "127.0.0.1:0"
[[listen]]
address = "127.0.0.1:0"
role = "submissions"
[[certificate]]
chain = "{folder}/chain.pem"
key = "{folder}/key.pem"
[clients]
connections = 20000
connections_per_client = 20000
connections_per_minute = 1000000
[relay]
networks = ["127.0.0.0/8"]
[[domain]]
name = "rook.example"
recipients = "any"
[[route]]
recipients = ["*"]
deliver = "discard"
[dns]
dnssec = "off"
[log]
level = "info"
target = "{folder}/log"
`;
