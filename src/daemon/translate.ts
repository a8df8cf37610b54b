import { networkInterfaces } from "node:os";
import type { Config, RouteTarget as RouteTargetConfig } from "../config/mod.ts";
import type { Route, RouteTarget } from "../delivery/mod.ts";
import { type LocalPolicies, type LocalPolicy, localPolicies, parseNamePattern } from "../policy/mod.ts";

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

function targetOf(deliver: RouteTargetConfig): RouteTarget {
  if (deliver === "discard" || deliver === "mx") return { kind: deliver };
  if ("lmtp" in deliver) throw new Error("LMTP is not built yet");
  if ("maildir" in deliver) return { kind: "maildir", path: deliver.maildir };
  const { host, port } = deliver.smtp;
  // RFC 8314 §3.3: port 465 speaks TLS from the first octet.
  const implicit = deliver.implicit ?? port === SUBMISSIONS_PORT;
  const tls = deliver.tls === undefined ? {} : { tls: deliver.tls };
  return { kind: "smtp", host, port, mode: implicit ? "implicit" : "starttls", ...tls };
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
