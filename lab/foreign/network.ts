import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { TOP } from "../world/dns_tree.ts";
import { SENDER_HOST, type World } from "../world/world.ts";
import { programPath } from "./program.ts";

/**
 * Inside namespaces of its own: loopback is up, every address of the lab is this machine, port 25 at each leads to whoever
 * the lab has there, and the system asks a validating resolver at 127.0.0.1, whose AD bit it believes. Nothing leads outside.
 */
export async function openNetwork(world: World, folder: string): Promise<AsyncDisposable> {
  await using undo = new AsyncDisposableStack();
  const ip = programPath("ip") ?? "ip";
  execFileSync(ip, ["link", "set", "lo", "up"]);
  execFileSync(ip, ["route", "add", "local", "10.0.0.0/8", "dev", "lo"]);
  await writeFile(join(folder, "resolv.conf"), "nameserver 127.0.0.1\noptions edns0 trust-ad\n");
  execFileSync("mount", ["--bind", join(folder, "resolv.conf"), "/etc/resolv.conf"]);
  await writeFile(join(folder, "hosts"), `127.0.0.1 localhost ${SENDER_HOST}\n`);
  execFileSync("mount", ["--bind", join(folder, "hosts"), "/etc/hosts"]);
  undo.use(await openGate(world));
  undo.use(await startUnbound(world, folder));
  const kept = undo.move();
  return { [Symbol.asyncDispose]: async () => await kept.disposeAsync() };
}

/** Port 25 of every address there is. */
async function openGate(world: World): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const gone = new AbortController();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    void through(world, socket, gone.signal);
  });
  server.listen(25, "0.0.0.0");
  await once(server, "listening");
  return {
    async [Symbol.asyncDispose]() {
      gone.abort();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function through(world: World, socket: Socket, signal: AbortSignal): Promise<void> {
  const address = socket.localAddress ?? "";
  try {
    const host = await world.dial({ host: address, address, port: 25, mode: "starttls" }, signal);
    host.on("error", () => undefined);
    host.on("close", () => (host.errored === null ? socket.destroySoon() : socket.resetAndDestroy()));
    socket.on("close", () => void host.destroy());
    socket.pipe(host).pipe(socket);
  } catch {
    socket.resetAndDestroy();
  }
}

/** Debian's unbound before the lab's DNS: what is wrong gets no further than there. */
async function startUnbound(world: World, folder: string): Promise<AsyncDisposable> {
  await writeFile(join(folder, "anchors"), world.anchors);
  await writeFile(join(folder, "unbound.conf"), unboundConf(world, folder));
  const path = programPath("unbound") ?? "unbound";
  const child = spawn(path, ["-d", "-c", join(folder, "unbound.conf")], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said = (said + text.toString()).slice(-2000);
  });
  const ended = once(child, "exit");
  for (let tries = 0; !(await listens(53)); tries++) {
    if (tries > 200 || child.exitCode !== null) throw new Error(`unbound does not answer: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function listens(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** The lab's signatures are valid at the lab's time. */
function unboundConf({ dnsPort }: World, folder: string): string {
  return `
server:
  directory: "${folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  interface: 127.0.0.1
  port: 53
  do-ip6: no
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow
  local-zone: "${TOP}." nodefault
  trust-anchor-file: "${folder}/anchors"
  val-override-date: "20260303080000"
  module-config: "validator iterator"
  val-sig-skew-min: 0
  val-sig-skew-max: 0
  qname-minimisation: no
  aggressive-nsec: no
  infra-keep-probing: yes
  unknown-server-time-limit: 6000
  outbound-msg-retry: 6
  num-queries-per-thread: 4096
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@${dnsPort}
`;
}
