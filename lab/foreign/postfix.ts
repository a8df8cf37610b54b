import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unreachable } from "../../src/base/mod.ts";
import { submit } from "../run/submit.ts";
import type { LabMessage } from "../run/message.ts";
import type { Cell } from "../world/cell.ts";
import { runProgram } from "./program.ts";
import type { Driver, Fate, Mta, Setup } from "./types.ts";

/** Debian's Postfix, with one line of a policy table for each cell. */
export const POSTFIX: Driver = {
  programs: ["postfix", "postconf", "postqueue"],
  policies: ["P0", "P1", "P2", "P3", "P4", "P5t", "P5c", "P6"],
  configuration:
    "smtp_tls_policy_maps: none (P0), may (P1), encrypt (P2), secure match=MX (P3), dane (P6); what a plugin for lists and MTA-STS would answer with the policy known beforehand: secure match=PATTERNS servername=hostname (P4, P5c), may (P5t)",
  start,
  fateOf,
};

async function start(setup: Setup): Promise<Mta> {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-lab-postfix-"));
  const etc = join(folder, "etc");
  // Postfix's own users must pass through it.
  await chmod(folder, 0o755);
  for (const name of ["etc", "queue", "data"]) await mkdir(join(folder, name));
  const user = await idOf("postfix");
  await chown(join(folder, "data"), user, user);
  await writeFile(join(etc, "ca.pem"), setup.roots);
  await writeFile(join(etc, "policy"), setup.cells.map(policyLine).join(""));
  await writeFile(join(etc, "main.cf"), mainCf(folder, setup.hostname));
  await writeFile(join(etc, "master.cf"), MASTER_CF);
  const version = (await runProgram("postconf", ["-d", "-h", "mail_version"])).trim();
  await runProgram("postfix", ["-c", etc, "start"]);
  const log = async (): Promise<string> => await readFile(join(folder, "maillog"), "utf8").catch(() => "");
  await greets(log);
  return {
    version: `Postfix ${version}`,
    async take(message) {
      const refused = await submit(PORT, message, {});
      if (refused !== undefined) throw new Error(`Postfix did not take a message: ${refused.text}`);
    },
    again: async () => void (await runProgram("postqueue", ["-c", etc, "-f"])),
    log,
    async [Symbol.asyncDispose]() {
      await runProgram("postfix", ["-c", etc, "stop"]).catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function policyLine({ plan, names }: Cell): string {
  const { T } = names.domains;
  const host = names.spell("mx.T");
  // A plugin writes "*.x" as ".x".
  const patterns = (plan.attack.world?.sts?.mx ?? ["mx.T"]).map((one) => names.spell(one).replace(/^\*\./, "."));
  const known = `secure match=${patterns.join(":")} servername=hostname`;
  switch (plan.base) {
    case "P0":
      return `${T} none\n`;
    case "P2":
      return `${T} encrypt\n`;
    case "P3":
      return `${T} secure match=${host}\n`;
    case "P4":
      return `${T} secure match=${host} servername=hostname\n`;
    case "P5c":
    case "P5f":
      return `${T} ${known}\n`;
    case "P6":
      return `${T} dane\n`;
    case "P1":
    case "P5t":
    case "P8":
    case "P9":
      return `${T} may\n`;
    default:
      return unreachable(plan.base);
  }
}

/** What the log says of the recipient; a connection's line about TLS names the host and not the message. */
function fateOf(log: string, { names }: Cell, { to }: LabMessage): Fate | undefined {
  const lines = log.split("\n");
  const tries = lines.filter((line) => line.includes(`to=<${to}>`) && STATUS.test(line));
  const last = STATUS.exec(tries.at(-1) ?? "");
  if (last === null) return undefined;
  const domains = Object.values(names.domains);
  const tls = lines.findLast((line) => TLS.test(line) && domains.some((name) => line.includes(`.${name}[`)));
  const [, word, reason = ""] = last;
  const state = word === "sent" ? "delivered" : word === "bounced" ? "failed" : "deferred";
  return {
    state,
    authenticated: state === "delivered" && tls?.includes("Verified TLS") === true,
    reason,
    attempts: tries.length,
  };
}

async function idOf(user: string): Promise<number> {
  const line = (await readFile("/etc/passwd", "utf8")).split("\n").find((one) => one.startsWith(`${user}:`));
  const id = Number(line?.split(":")[2]);
  if (!Number.isInteger(id)) throw new Error(`There is no user ${user}`);
  return id;
}

/** Another program's progress can only be polled. */
async function greets(log: () => Promise<string>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const greeted = await new Promise<boolean>((resolve) => {
      const socket = connect(PORT, "127.0.0.1");
      socket.once("data", () => resolve(true)).once("error", () => resolve(false));
      socket.once("data", () => socket.end("QUIT\r\n"));
    });
    if (greeted) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Postfix does not greet: ${await log()}`);
}

function mainCf(folder: string, hostname: string): string {
  const settings: Readonly<Record<string, string>> = {
    compatibility_level: "3.6",
    myhostname: hostname,
    queue_directory: join(folder, "queue"),
    data_directory: join(folder, "data"),
    maillog_file: join(folder, "maillog"),
    maillog_file_prefixes: folder,
    inet_interfaces: "127.0.0.1",
    inet_protocols: "ipv4",
    mynetworks: "127.0.0.0/8",
    mydestination: "",
    alias_maps: "",
    local_recipient_maps: "",
    smtpd_relay_restrictions: "permit_mynetworks, reject",
    smtp_host_lookup: "dns",
    smtp_dns_support_level: "dnssec",
    smtp_tls_CAfile: join(folder, "etc", "ca.pem"),
    smtp_tls_policy_maps: `texthash:${join(folder, "etc", "policy")}`,
    smtp_tls_security_level: "may",
    smtp_tls_loglevel: "1",
    smtp_connection_cache_on_demand: "no",
    // After a failed handshake, clear text is tried only for mail that waited so long.
    minimal_backoff_time: "1s",
    queue_run_delay: "1h",
    notify_classes: "",
    in_flow_delay: "0",
    default_process_limit: "20",
    ...Object.fromEntries(WAITS.map((name) => [name, WAIT])),
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join("");
}

const MASTER_CF = `127.0.0.1:2525 inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 3600 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
const PORT = 2525;
/** A black hole costs so long at most. */
const WAIT = "4s";
const WAITS: readonly string[] = [
  "smtp_connect_timeout",
  "smtp_helo_timeout",
  "smtp_starttls_timeout",
  "smtp_mail_timeout",
  "smtp_rcpt_timeout",
  "smtp_data_init_timeout",
  "smtp_data_done_timeout",
  "smtp_quit_timeout",
];
const STATUS = / status=(sent|deferred|bounced) \((.*)\)$/;
const TLS = /: (?:Verified|Trusted|Untrusted|Anonymous) TLS connection established to /;
