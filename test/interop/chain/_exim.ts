import { join } from "node:path";
import { EXIM, EXIM_USER, type RunningExim, startExim } from "../../support/exim.ts";
import { freePort } from "../../support/port.ts";

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

export interface ChainExim extends RunningExim {
  readonly port: number;
  /** Only with `tls`. */
  readonly implicitPort?: number;
}

/** Starts an Exim on loopback that retries each second. */
export async function startChainExim(options: ChainEximOptions): Promise<ChainExim> {
  const port = options.port ?? (await freePort());
  const ports = { port, ...(options.tls === undefined ? {} : { implicitPort: await freePort() }) };
  const exim = await startExim({
    address: "127.0.0.1",
    port,
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    runs: ["-q1s"],
    configuration: (directory) => configuration(directory, options, ports),
  });
  return { ...exim, ...ports };
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
      user: EXIM_USER,
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
    exim_path: EXIM,
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
