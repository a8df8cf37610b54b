import { execFile } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { messagesIn, untilGreeted, untilStored } from "./other-program.ts";
import { freePort } from "./port.ts";

export interface PostfixOptions {
  /** Everything Postfix writes lies below it; a temporary folder unless given. */
  readonly directory?: string;
  /** The port of its smtpd; a free one unless given. */
  readonly port?: number;
  readonly hostname?: string;
  /** PEM text; offers STARTTLS, and a second port with TLS from the start. */
  readonly tls?: { readonly chain: string; readonly key: string };
  /** Domains whose mail goes, for any recipient, to the folder that `messages` reads. */
  readonly mydestination?: readonly string[];
  /** Everything else goes there; without it, nothing else is accepted for relay except from loopback by MX. */
  readonly relayTo?: { readonly host: string; readonly port: number };
  /** Further lines of main.cf; they win. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface RunningPostfix extends AsyncDisposable {
  readonly port: number;
  /** Only with `tls`. */
  readonly implicitPort?: number;
  readonly directory: string;
  /** Delivered messages as Postfix wrote them, in no order. */
  messages(): Promise<readonly Buffer[]>;
  /** Resolves when `count` messages were delivered; rejects with the log after `limit` milliseconds. */
  delivered(count: number, limit?: number): Promise<readonly Buffer[]>;
  log(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a whole Postfix of its own on loopback; needs root, as Postfix does. */
export async function startPostfix(options: PostfixOptions = {}): Promise<RunningPostfix> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "hopseal-postfix-")));
  const port = options.port ?? (await freePort());
  const implicitPort = options.tls === undefined ? undefined : await freePort();
  await layOut(directory, options, { port, ...(implicitPort === undefined ? {} : { implicitPort }) });
  await postfix(directory, "start");
  const maildir = join(directory, "mail", "all", "new");
  const log = (): Promise<string> => readFile(join(directory, "maillog"), "utf8").catch(() => "");
  const messages = (): Promise<readonly Buffer[]> => messagesIn(maildir);
  const stop = async (): Promise<void> => {
    await postfix(directory, "stop").catch(() => undefined);
    if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
  };
  try {
    await untilGreeted({ name: "Postfix", port });
  } catch (error) {
    const said = await log();
    await stop();
    throw new Error(said, { cause: error });
  }
  return {
    port,
    ...(implicitPort === undefined ? {} : { implicitPort }),
    directory,
    messages,
    delivered: (count, limit) => untilStored(count, messages, { log, limit }),
    log,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function layOut(
  directory: string,
  options: PostfixOptions,
  ports: { readonly port: number; readonly implicitPort?: number },
): Promise<void> {
  // The folder of a test may be closed to others; Postfix's own users must pass through it.
  await chmod(directory, 0o755);
  for (const folder of ["etc", "queue", "data", "mail"]) await mkdir(join(directory, folder), { recursive: true });
  await promisify(execFile)("chown", ["postfix", join(directory, "data")]);
  await chown(join(directory, "mail"), NOBODY, NOBODY);
  if (options.tls !== undefined) {
    await writeFile(join(directory, "etc", "tls.pem"), `${options.tls.key}\n${options.tls.chain}`, { mode: 0o600 });
  }
  await writeFile(join(directory, "etc", "main.cf"), mainCf(directory, options));
  await writeFile(join(directory, "etc", "master.cf"), masterCf(ports));
}

function mainCf(directory: string, options: PostfixOptions): string {
  const domains = (options.mydestination ?? []).join(" ");
  const settings: Record<string, string> = {
    compatibility_level: "3.6",
    myhostname: options.hostname ?? "postfix.rook.example",
    queue_directory: join(directory, "queue"),
    data_directory: join(directory, "data"),
    maillog_file: join(directory, "maillog"),
    maillog_file_prefixes: directory,
    inet_interfaces: "loopback-only",
    inet_protocols: "ipv4",
    mynetworks: "127.0.0.0/8",
    mydestination: "",
    alias_maps: "",
    local_recipient_maps: "",
    virtual_mailbox_domains: domains,
    virtual_mailbox_base: join(directory, "mail"),
    virtual_mailbox_maps: "static:all/",
    virtual_uid_maps: `static:${NOBODY}`,
    virtual_gid_maps: `static:${NOBODY}`,
    relayhost: options.relayTo === undefined ? "" : `[${options.relayTo.host}]:${options.relayTo.port}`,
    smtp_host_lookup: "native",
    smtputf8_enable: "yes",
    ...(options.tls === undefined
      ? {}
      : { smtpd_tls_security_level: "may", smtpd_tls_chain_files: join(directory, "etc", "tls.pem") }),
    smtpd_tls_loglevel: "1",
    smtp_tls_loglevel: "1",
    ...options.settings,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join("");
}

function masterCf({ port, implicitPort }: { readonly port: number; readonly implicitPort?: number }): string {
  const lines = [
    `127.0.0.1:${port} inet n - n - - smtpd`,
    "pickup unix n - n 60 1 pickup",
    "cleanup unix n - n - 0 cleanup",
    "qmgr unix n - n 300 1 qmgr",
    "tlsmgr unix - - n 1000? 1 tlsmgr",
    "rewrite unix - - n - - trivial-rewrite",
    "bounce unix - - n - 0 bounce",
    "defer unix - - n - 0 bounce",
    "trace unix - - n - 0 bounce",
    "verify unix - - n - 1 verify",
    "flush unix n - n 1000? 0 flush",
    "proxymap unix - - n - - proxymap",
    "smtp unix - - n - - smtp",
    "relay unix - - n - - smtp",
    "showq unix n - n - - showq",
    "error unix - - n - - error",
    "retry unix - - n - - error",
    "discard unix - - n - - discard",
    "virtual unix - n n - - virtual",
    "lmtp unix - - n - - lmtp",
    "anvil unix - - n - 1 anvil",
    "scache unix - - n - 1 scache",
    "postlog unix-dgram n - n - 1 postlogd",
  ];
  if (implicitPort !== undefined) {
    lines.push(`127.0.0.1:${implicitPort} inet n - n - - smtpd`, "  -o smtpd_tls_wrappermode=yes");
  }
  return `${lines.join("\n")}\n`;
}

async function postfix(directory: string, verb: "start" | "stop"): Promise<void> {
  const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
  // The daemon keeps what it inherits open, so nothing of ours is passed on.
  await new Promise<void>((resolve, reject) => {
    const child = execFile("postfix", ["-c", join(directory, "etc"), verb], { env: { ...process.env, PATH: path } });
    let said = "";
    child.stderr?.on("data", (text: string) => {
      said += text;
    });
    child.on("error", reject);
    child.on("exit", (code) => {
      child.stdout?.destroy();
      child.stderr?.destroy();
      if (code === 0) resolve();
      else reject(new Error(`postfix ${verb} ended with ${code}: ${said}`));
    });
  });
}

const NOBODY = 65534;
