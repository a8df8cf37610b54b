import { readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { type Config, networkSet, parseHostPort, type RouteTarget as RouteTargetConfig } from "../config/mod.ts";
import type { FixedHop, LmtpTarget, Route, RouteTarget } from "../delivery/mod.ts";
import { isPublicAddress } from "../policy/io/mod.ts";
import { type LocalPolicies, type LocalPolicy, localPolicies, parseNamePattern, type Pin } from "../policy/mod.ts";

/** `[[route]]` as delivery takes it. */
export function routesOf(config: Config): readonly Route[] {
  return config.route.map(({ recipients, deliver }) => ({ recipients, target: targetOf(deliver) }));
}

/** `[[tls_policy]]` as the policy engine takes it. */
export function policiesOf(config: Config): LocalPolicies {
  return localPolicies(
    config.tls_policy.map(
      (entry): LocalPolicy => ({
        destination: entry.destination,
        level: entry.level,
        ...(entry.mx === undefined ? {} : { mx: entry.mx.flatMap(patternOf) }),
        ...(entry.by === undefined ? {} : { by: entry.by }),
        ...(entry.pin === undefined ? {} : { pins: entry.pin.map(pinOf) }),
        ...(entry.override === true && entry.until !== undefined
          ? { override: { until: new Date(entry.until).getTime() } }
          : {}),
      }),
    ),
  );
}

/** Names and addresses under which an MX record means ourselves (RFC 5321 §5.1). */
export function selfOf(config: Config): { readonly names: readonly string[]; readonly addresses: readonly string[] } {
  const here = config.listen
    .filter(({ address }) => address.port === config.outbound.port)
    .map(({ address }) => address.host);
  const addresses = here.flatMap((host) => (WILDCARDS.has(host) ? interfaceAddresses() : [host]));
  return { names: [config.hostname], addresses: [...new Set(addresses)] };
}

/** Where a host that an MX record names may stand: in public networks, and in those of `[outbound] networks`. */
export function mayDialOf(config: Pick<Config, "outbound">): (address: string) => boolean {
  const permitted = networkSet(config.outbound.networks);
  return (address) => isPublicAddress(address) || permitted(address);
}

function targetOf(deliver: RouteTargetConfig): RouteTarget {
  if (deliver === "discard" || deliver === "mx") return { kind: deliver };
  if ("lmtp" in deliver) return { kind: "lmtp", at: agentOf(deliver.lmtp) };
  if ("maildir" in deliver) return { kind: "maildir", path: deliver.maildir };
  const { host, port } = deliver.smtp;
  // RFC 8314 §3.3: port 465 speaks TLS from the first octet.
  const implicit = deliver.implicit ?? port === SUBMISSIONS_PORT;
  return {
    kind: "smtp",
    host,
    port,
    mode: implicit ? "implicit" : "starttls",
    ...(deliver.tls === undefined ? {} : { tls: deliver.tls }),
    ...credentialsOf(deliver.user, deliver.password_file),
    ...(deliver.convert === true ? { convert: true } : {}),
  };
}

/** The password is read anew for each session, so that a changed one counts at once. */
function credentialsOf(user: string | undefined, file: string | undefined): Pick<FixedHop, "credentials"> {
  if (user === undefined || file === undefined) return {};
  const password = async (): Promise<string> => (await readFile(file, "utf8")).replace(LINE_END, "");
  return { credentials: { user, password } };
}

/** An absolute path is a unix socket. */
function agentOf(text: string): LmtpTarget["at"] {
  if (text.startsWith("/")) return { path: text };
  const parsed = parseHostPort(text, LMTP_PORT);
  if (!parsed.ok) throw new Error(`The local delivery agent ${JSON.stringify(text)} cannot be used: ${parsed.error}`);
  return parsed.value;
}

/** "spki:HEX" or "cert:HEX", which the configuration was checked for. */
function pinOf(text: string): Pin {
  return {
    of: text.toLowerCase().startsWith("spki:") ? "spki" : "certificate",
    sha256: Uint8Array.fromHex(text.slice(5)),
  };
}

function patternOf(text: string): NonNullable<LocalPolicy["mx"]>[number][] {
  const parsed = parseNamePattern(text);
  // The configuration was checked, so this is a fault of the program, and one that must not loosen the policy.
  if (!parsed.ok)
    throw new Error(`The host name ${JSON.stringify(text)} in [[tls_policy]] cannot be used: ${parsed.error}`);
  return [parsed.value];
}

function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
}

const WILDCARDS: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);
const SUBMISSIONS_PORT = 465;
/** RFC 2033 §5 */
const LMTP_PORT = 24;
/** An editor's; spaces may belong to the password. */
const LINE_END = /\r?\n$/;
