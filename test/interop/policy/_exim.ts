import { EXIM, EXIM_USER, type RunningExim, startExim } from "../../support/exim.ts";

export interface PolicyEximOptions {
  readonly hostname: string;
  /** Listens there. */
  readonly address: string;
  readonly port: number;
  readonly tls: { readonly chain: string; readonly key: string };
  /** Domains whose mail goes to the folder that `delivered` reads; everything else goes by MX, with DANE where there is any. */
  readonly local: readonly string[];
}

/** Starts an Exim that tries DANE and makes one attempt a message. */
export async function startPolicyExim(options: PolicyEximOptions): Promise<RunningExim> {
  return await startExim({ ...options, configuration: (directory) => configuration(directory, options) });
}

function configuration(directory: string, { hostname, address, port, local }: PolicyEximOptions): string {
  return `
primary_hostname = ${hostname}
spool_directory = ${directory}/spool
log_file_path = ${directory}/log/%s
local_interfaces = ${address}
daemon_smtp_ports = ${port}
exim_path = ${EXIM}
acl_smtp_rcpt = accept
tls_advertise_hosts = *
tls_certificate = ${directory}/tls.pem
tls_privatekey = ${directory}/tls.pem
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
  user = ${EXIM_USER}
out:
  driver = smtp
  dnssec_request_domains = *
  hosts_try_dane = *
begin retry
* * F,1h,1h
`;
}
