import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface EximOptions {
  readonly hostname: string;
  /** Listens there. */
  readonly address: string;
  readonly port: number;
  readonly tls: { readonly chain: string; readonly key: string };
  /** Domains whose mail goes to the folder that `delivered` reads; everything else goes by MX, with DANE where there is any. */
  readonly local: readonly string[];
}

export interface RunningExim extends AsyncDisposable {
  /** Resolves when `count` messages were delivered; rejects with the log when they do not come. */
  delivered(count: number): Promise<readonly Buffer[]>;
  /** Hands in one message and makes one attempt; what the main log says of the recipient. */
  send(from: string, to: string): Promise<string>;
  log(): Promise<string>;
}

/** Starts an Exim of its own; needs root, as Exim does. */
export async function startExim(options: EximOptions): Promise<RunningExim> {
  const directory = await mkdtemp(join(tmpdir(), "hopseal-exim-"));
  await chmod(directory, 0o755);
  const [user, group] = await eximUser();
  for (const folder of ["spool", "log", "mail"]) {
    await mkdir(join(directory, folder));
    await chown(join(directory, folder), user, group);
  }
  await writeFile(join(directory, "tls.pem"), options.tls.chain, { mode: 0o644 });
  await writeFile(join(directory, "tls.key"), options.tls.key, { mode: 0o640 });
  await chown(join(directory, "tls.key"), 0, group);
  const file = join(directory, "exim.conf");
  await writeFile(file, configuration(directory, options), { mode: 0o644 });
  const child = spawn("exim4", ["-C", file, "-bdf"], { stdio: ["ignore", "ignore", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (text: Buffer) => {
    complaints += text.toString();
  });
  const ended = once(child, "close");
  const log = async (): Promise<string> => await readFile(join(directory, "log", "main"), "utf8").catch(() => "");
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await greets(options, () => (child.exitCode === null ? undefined : complaints));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    async delivered(count) {
      const box = join(directory, "mail", "new");
      for (let tries = 0; tries < TRIES; tries++) {
        const names = await readdir(box).catch(() => []);
        if (names.length >= count) return await Promise.all(names.map(async (name) => await readFile(join(box, name))));
        await pause();
      }
      throw new Error(`Not ${count} messages came:\n${await log()}`);
    },
    async send(from, to) {
      await submit(file, from, to);
      return (await log()).split("\n").findLast((line) => line.includes(to) && VERDICT.test(line)) ?? "";
    },
    log,
    [Symbol.asyncDispose]: stop,
  };
}

function configuration(directory: string, { hostname, address, port, local }: EximOptions): string {
  return `
primary_hostname = ${hostname}
spool_directory = ${directory}/spool
log_file_path = ${directory}/log/%s
pid_file_path = ${directory}/pid
local_interfaces = ${address}
daemon_smtp_ports = ${port}
exim_path = /usr/local/sbin/exim4
acl_smtp_rcpt = accept
tls_advertise_hosts = *
tls_certificate = ${directory}/tls.pem
tls_privatekey = ${directory}/tls.key
dns_dnssec_ok = 1
keep_environment =
log_selector = +tls_certificate_verified +tls_sni
never_users =
begin routers
local:
  driver = accept
  domains = ${local.join(" : ")}
  transport = box
remote:
  driver = dnslookup
  dnssec_request_domains = *
  self = send
  transport = out
begin transports
box:
  driver = appendfile
  maildir_format
  directory = ${directory}/mail
  user = Debian-exim
out:
  driver = smtp
  dnssec_request_domains = *
  hosts_try_dane = *
begin retry
* * F,1h,1h
`;
}

async function submit(file: string, from: string, to: string): Promise<void> {
  const child = spawn("exim4", ["-C", file, "-odi", "-f", from, to], { stdio: ["pipe", "ignore", "inherit"] });
  child.stdin.end("Subject: by Exim\n\nThe canary sings\n");
  await once(child, "close");
}

async function eximUser(): Promise<readonly [uid: number, gid: number]> {
  const line = (await readFile("/etc/passwd", "utf8")).split("\n").find((one) => one.startsWith("Debian-exim:"));
  const [, , uid, gid] = line?.split(":") ?? [];
  if (uid === undefined || gid === undefined) throw new Error("There is no user Debian-exim");
  return [Number(uid), Number(gid)];
}

async function greets({ address, port }: EximOptions, over: () => string | undefined): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const complaint = over();
    if (complaint !== undefined) throw new Error(`Exim ended: ${complaint}`);
    const greeted = await new Promise<boolean>((resolve) => {
      const socket = connect(port, address);
      socket.once("data", () => resolve(true)).once("error", () => resolve(false));
      socket.once("data", () => socket.end("QUIT\r\n"));
    });
    if (greeted) return;
    await pause();
  }
  throw new Error("Exim did not greet");
}

/** Another program's progress can only be polled. */
async function pause(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, 50);
  });
}

const TRIES = 200;

/** Delivered, put off, or failed. */
const VERDICT = /(?:=>|==|\*\*) /;
