import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LabMessage } from "../run/message.ts";
import type { Cell } from "../world/cell.ts";
import { programPath, runProgram } from "./program.ts";
import type { Driver, Fate, Mta, Setup } from "./types.ts";

/** Debian's Exim; its transport tells the columns apart by the domain. */
export const EXIM: Driver = {
  programs: ["exim4"],
  policies: ["P0", "P1", "P2", "P3", "P5t", "P5f", "P5c", "P6"],
  configuration:
    "hosts_avoid_tls (P0), the defaults (P1), hosts_require_tls (P2), manualroute with tls_verify_hosts and tls_verify_cert_hostnames (P3), hosts_try_dane (P6); it has no MTA-STS, so that P5t, P5f and P5c are its P1",
  start,
  fateOf,
};

async function start({ hostname, roots }: Setup): Promise<Mta> {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-lab-exim-"));
  await chmod(folder, 0o755);
  for (const name of ["spool", "log"]) await mkdir(join(folder, name));
  await runProgram("chown", ["Debian-exim:Debian-exim", join(folder, "spool"), join(folder, "log")]);
  await writeFile(join(folder, "ca.pem"), roots);
  const file = join(folder, "exim.conf");
  await writeFile(file, configuration(folder, hostname), { mode: 0o644 });
  const [, version = "?"] = /Exim version (\S+)/.exec(await runProgram("exim4", ["-bV"])) ?? [];
  return {
    version: `Exim ${version}`,
    take: async ({ from, to, content }) => await take(file, { from, to, content }),
    again: async () => void (await runProgram("exim4", ["-C", file, "-qff"])),
    log: async () => await readFile(join(folder, "log", "main"), "utf8").catch(() => ""),
    [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true, force: true }),
  };
}

/** Resolves when the first attempt is over. */
async function take(file: string, { from, to, content }: Pick<LabMessage, "from" | "to" | "content">): Promise<void> {
  const args = ["-C", file, "-odi", "-oi", "-f", from, to];
  const child = spawn(programPath("exim4") ?? "exim4", args, { stdio: ["pipe", "ignore", "ignore"] });
  child.stdin.on("error", () => undefined).end(content.replaceAll("\r\n", "\n"));
  await once(child, "exit");
}

function fateOf(log: string, { plan }: Cell, { to }: LabMessage): Fate | undefined {
  const lines = log
    .split("\n")
    .filter((line) => (line.includes(` ${to} `) || line.includes(` ${to}:`)) && VERDICT.test(line));
  const last = lines.at(-1);
  const word = VERDICT.exec(last ?? "")?.[1];
  if (last === undefined || word === undefined) return undefined;
  const state = word === "=>" ? "delivered" : word === "**" ? "failed" : "deferred";
  const proof = /\bCV=(\w+)/.exec(last)?.[1];
  // Outside P3 a certificate is looked at and nothing follows from it.
  const authenticated = state === "delivered" && (proof === "dane" || (proof === "yes" && plan.base === "P3"));
  const [, reason = ""] = /(?:==|\*\*) [^:]*: (.*)$/.exec(last) ?? [];
  return { state, authenticated, reason: state === "delivered" ? "delivered" : reason, attempts: lines.length };
}

function configuration(folder: string, hostname: string): string {
  const when = (columns: string): string => `\${if match{$domain}{\\N-(${columns})\\.test$\\N}{*}{}}`;
  return `
primary_hostname = ${hostname}
spool_directory = ${folder}/spool
log_file_path = ${folder}/log/%s
exim_path = ${programPath("exim4") ?? "/usr/sbin/exim4"}
dns_dnssec_ok = 1
disable_ipv6 = true
keep_environment =
never_users =
trusted_users = root
qualify_domain = ${hostname}
log_selector = +tls_certificate_verified
ignore_bounce_errors_after = 1h
tls_advertise_hosts =
local_interfaces = 127.0.0.1
begin routers
fixed:
  driver = manualroute
  domains = ^.*-p3\\\\.test\\$
  route_list = * mx.$domain
  transport = out
bydns:
  driver = dnslookup
  dnssec_request_domains = *
  ignore_target_hosts = 0.0.0.0 : 127.0.0.0/8
  transport = out
begin transports
out:
  driver = smtp
  dnssec_request_domains = *
  connect_timeout = 4s
  command_timeout = 4s
  data_timeout = 4s
  final_timeout = 4s
  hosts_avoid_tls = ${when("p0")}
  hosts_require_tls = ${when("p2|p3")}
  hosts_try_dane = ${when("p6")}
  tls_verify_hosts = ${when("p3")}
  tls_verify_cert_hostnames = *
  tls_verify_certificates = ${folder}/ca.pem
begin retry
* * F,1d,1h
`;
}

/** Delivered, put off, or failed. */
const VERDICT = / (=>|==|\*\*) /;
