import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface ChainEximOptions {
  readonly hostname: string;
  /** The port of its SMTP; a free one unless given. */
  readonly port?: number;
  /** PEM text; offers STARTTLS, and a second port with TLS from the start. */
  readonly tls?: { readonly chain: string; readonly key: string };
  /** Domains whose mail goes, for any recipient, to the folder that `messages` reads. */
  readonly domains?: readonly string[];
  /** Everything else goes to that port of this machine; without it, nowhere. */
  readonly relayTo?: number;
  /** Further main settings; they win. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Further options of the transport that relays. */
  readonly relay?: Readonly<Record<string, string>>;
  /** Statements of the RCPT ACL, before everything is accepted. */
  readonly rcpt?: readonly string[];
  /** An address that is accepted and then cannot be delivered. */
  readonly unreachable?: string;
}

export interface ChainExim extends AsyncDisposable {
  readonly port: number;
  /** Only with `tls`. */
  readonly implicitPort?: number;
  readonly directory: string;
  /** Delivered messages as Exim wrote them, in no order. */
  messages(): Promise<readonly Buffer[]>;
  /** Resolves when `count` messages were delivered; rejects with the log after `limit` milliseconds. */
  delivered(count: number, limit?: number): Promise<readonly Buffer[]>;
  log(): Promise<string>;
}

/** Starts a whole Exim of its own on loopback, one that retries each second; needs root, as Exim does to become its own user. */
export async function startChainExim(options: ChainEximOptions): Promise<ChainExim> {
  const directory = await mkdtemp(join(tmpdir(), "hopseal-chain-exim-"));
  const port = options.port ?? (await freePort());
  const implicitPort = options.tls === undefined ? undefined : await freePort();
  await layOut(directory, configuration(directory, options, { port, ...(implicitPort && { implicitPort }) }), options);
  const child = spawn(program(), ["-C", join(directory, "exim.conf"), "-bdf", "-q1s", "-oP", join(directory, "pid")], {
    stdio: ["ignore", "ignore", "pipe"],
    // Its deliveries end with it.
    detached: true,
  });
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said += text.toString("utf8")));
  const log = async (): Promise<string> =>
    said + (await readFile(join(directory, "log", "main"), "utf8").catch(() => ""));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, "exit");
      if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
      await gone;
    }
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  const messages = async (): Promise<readonly Buffer[]> => {
    const names = await readdir(join(directory, "mail", "new")).catch(() => []);
    return Promise.all(names.map((name) => readFile(join(directory, "mail", "new", name))));
  };
  try {
    await answers(port, () => child.exitCode);
  } catch (error) {
    const text = await log();
    await stop();
    throw new Error(text, { cause: error });
  }
  return {
    port,
    ...(implicitPort === undefined ? {} : { implicitPort }),
    directory,
    messages,
    async delivered(count, limit = 20_000) {
      const end = performance.now() + limit;
      for (;;) {
        const found = await messages();
        if (found.length >= count) return found;
        if (performance.now() > end) throw new Error(`${found.length} of ${count} messages came:\n${await log()}`);
        await pause();
      }
    },
    log,
    [Symbol.asyncDispose]: stop,
  };
}

async function layOut(directory: string, text: string, { tls }: ChainEximOptions): Promise<void> {
  await chmod(directory, 0o755);
  for (const folder of ["spool", "log", "mail"]) await mkdir(join(directory, folder));
  if (tls !== undefined) await writeFile(join(directory, "tls.pem"), `${tls.key}\n${tls.chain}`, { mode: 0o600 });
  await writeFile(join(directory, "exim.conf"), text, { mode: 0o644 });
  const owned = ["spool", "log", "mail", ...(tls === undefined ? [] : ["tls.pem"])];
  const child = spawn("chown", [`${USER}:${USER}`, ...owned.map((name) => join(directory, name))], { stdio: "ignore" });
  const [status] = (await once(child, "exit")) as [number | null];
  if (status !== 0) throw new Error(`chown to ${USER} ended with ${status}`);
}

function configuration(
  directory: string,
  options: ChainEximOptions,
  ports: { readonly port: number; readonly implicitPort?: number },
): string {
  const { relayTo } = options;
  const target =
    relayTo === undefined
      ? { driver: "redirect", allow_fail: "true", data: ":fail: nowhere to send that to" }
      : { driver: "manualroute", transport: "relay", route_list: "* 127.0.0.1 byname", self: "send" };
  return [
    ...Object.entries({ ...mainSettings(directory, options, ports), ...options.settings }).map(
      ([name, value]) => `${name} = ${value}`,
    ),
    "begin acl",
    "rcpt:",
    ...(options.rcpt ?? []).map((text) => `  ${text}`),
    "  accept",
    "begin routers",
    ...section("closed", {
      driver: "redirect",
      condition: `\${if eq{$local_part@$domain}{${options.unreachable ?? ""}}}`,
      allow_fail: "true",
      data: ":fail: the mailbox is closed",
    }),
    ...section("ours", { driver: "accept", domains: (options.domains ?? []).join(" : "), transport: "store" }),
    ...section("others", target),
    "begin transports",
    ...section("store", {
      driver: "appendfile",
      directory: join(directory, "mail"),
      maildir_format: "true",
      user: USER,
      return_path_add: "true",
    }),
    ...section("relay", { driver: "smtp", port: `${relayTo ?? 0}`, allow_localhost: "true", ...options.relay }),
    "begin retry",
    "* * F,1h,1s",
    "",
  ].join("\n");
}

function mainSettings(
  directory: string,
  options: ChainEximOptions,
  { port, implicitPort }: { readonly port: number; readonly implicitPort?: number },
): Readonly<Record<string, string>> {
  const file = join(directory, "tls.pem");
  return {
    primary_hostname: options.hostname,
    exim_path: program(),
    spool_directory: join(directory, "spool"),
    log_file_path: join(directory, "log", "%s"),
    log_selector: "+all -arguments -queue_run",
    keep_environment: "",
    // A configuration of our own takes Exim's privileges from its deliveries.
    deliver_drop_privilege: "true",
    never_users: "",
    local_interfaces: "127.0.0.1",
    daemon_smtp_ports: implicitPort === undefined ? `${port}` : `${port} : ${implicitPort}`,
    acl_smtp_rcpt: "rcpt",
    acl_smtp_data: "accept",
    smtp_accept_queue_per_connection: "0",
    smtp_accept_max: "100",
    smtputf8_advertise_hosts: "*",
    dsn_advertise_hosts: "*",
    ...(implicitPort === undefined
      ? { tls_advertise_hosts: "" }
      : {
          tls_advertise_hosts: "*",
          tls_certificate: file,
          tls_privatekey: file,
          tls_on_connect_ports: `${implicitPort}`,
        }),
  };
}

function section(name: string, options: Readonly<Record<string, string>>): readonly string[] {
  return [`${name}:`, ...Object.entries(options).map(([key, value]) => `  ${key} = ${value}`)];
}

/** Exim runs itself anew for deliveries and must know where it lies. */
function program(): string {
  const folder = (process.env["PATH"] ?? "").split(":").find((one) => existsSync(join(one, "exim4")));
  return join(folder ?? "/usr/sbin", "exim4");
}

/** Waits for a greeting on the port. */
async function answers(port: number, ended: () => number | null): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (ended() !== null) throw new Error(`Exim ended with ${ended()}`);
    if (await greets(port)) return;
    await pause();
  }
  throw new Error(`Exim did not greet on port ${port}`);
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const done = (greeted: boolean): void => {
      socket.end("QUIT\r\n");
      socket.destroySoon();
      resolve(greeted);
    };
    socket.once("data", () => done(true));
    socket.once("error", () => done(false));
    socket.once("end", () => done(false));
  });
}

/** A port of 127.0.0.1 that nobody has at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("No free port was found");
  return address.port;
}

/** Another program's progress can only be polled. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 100);
  });
}

/** The user that Debian's Exim is built for. */
const USER = "Debian-exim";
