import { formatMailbox } from "../mail/mod.ts";
import { metricsSettings } from "./explain_metrics.ts";
import { clientSettings } from "./explain_clients.ts";
import { outboundSettings } from "./explain_outbound.ts";
import { policySettings } from "./explain_policy.ts";
import { policyListSettings } from "./explain_policy_list.ts";
import { publishedSettings } from "./explain_published.ts";
import { queueSettings } from "./explain_queue.ts";
import { policyServiceSettings } from "./explain_policy_service.ts";
import type { Config, ListenConfig, RouteConfig, TlsPolicyConfig } from "./types.ts";

export interface Setting {
  readonly key: string;
  /** As it could stand in the file. */
  readonly value: string;
  readonly means: string;
}

/** Every setting in force, in the order of the manual, with what follows from it. */
export function explainConfig(config: Config): Setting[] {
  return [
    { key: "hostname", value: quote(config.hostname), means: "The name in the greeting, in EHLO and in Received" },
    {
      key: "data_dir",
      value: quote(config.data_dir),
      means: "The queue and the control socket live here; only its owner may read it",
    },
    ...(config.user === undefined
      ? []
      : [{ key: "user", value: quote(config.user), means: "Root is given up for this user once the ports are bound" }]),
    {
      key: "postmaster",
      value: quote(formatMailbox(config.postmaster)),
      means: "Takes mail to <Postmaster> and to every postmaster without a mailbox (RFC 5321 §4.5.1)",
    },
    { key: "workers", value: JSON.stringify(config.workers), means: WORKERS },
    {
      key: "message_size",
      value: String(config.message_size),
      means: "Octets; advertised as SIZE, more is refused with 552 5.3.4",
    },
    ...config.listen.map(listenSetting),
    ...publishedSettings(config),
    {
      key: "relay.networks",
      value: JSON.stringify(config.relay.networks.map(({ address, prefix }) => `${address}/${prefix}`)),
      means:
        config.relay.networks.length === 0
          ? "Nobody may send elsewhere without authentication"
          : "Clients in these networks may send anywhere",
    },
    ...clientSettings(config),
    ...config.domain.map((entry, at) => ({
      key: `domain.${at}`,
      value: quote(entry.name),
      means: `Mail is accepted from anybody for ${typeof entry.recipients === "string" ? RECIPIENTS[entry.recipients] : `${entry.recipients.length} named recipients`} and ${Object.keys(entry.aliases).length} aliases`,
    })),
    ...config.route.map(routeSetting),
    { key: "route (default)", value: '"mx"', means: "Everything else goes to the MX hosts of its domain" },
    ...config.tls_policy.map(policySetting),
    {
      key: "tls_policy (default)",
      value: '"may"',
      means: "STARTTLS where it is offered, not authenticated, plaintext otherwise",
    },
    {
      key: "dns.servers",
      value: JSON.stringify(config.dns.servers),
      means: config.dns.servers.length === 0 ? "The system's resolvers" : "These resolvers",
    },
    { key: "dns.dnssec", value: quote(config.dns.dnssec), means: DNSSEC[config.dns.dnssec] },
    ...policySettings(config),
    ...policyListSettings(config),
    ...policyServiceSettings(config),
    ...metricsSettings(config),
    ...outboundSettings(config),
    {
      key: "retry",
      value: `first ${minutes(config.retry.first)}, expire_after ${minutes(config.retry.expire_after)}`,
      means: "The first retry, and when a message is given up and returned",
    },
    ...queueSettings(config),
    {
      key: "log",
      value: `${config.log.level} to ${config.log.target}`,
      means: "One JSON line per event, one final line per delivery attempt",
    },
  ];
}

function listenSetting(listen: ListenConfig, at: number): Setting {
  const { host, port } = listen.address;
  const tls = listen.tls ?? (listen.role === "submissions" ? "implicit" : "starttls");
  return {
    key: `listen.${at}`,
    value: quote(`${host.includes(":") ? `[${host}]` : host}:${port}`),
    means: `${ROLES[listen.role]}; TLS: ${tls}${listen.proxy_from.length === 0 ? "" : "; behind a proxy"}`,
  };
}

function routeSetting(route: RouteConfig, at: number): Setting {
  const { deliver } = route;
  const means =
    typeof deliver === "string"
      ? deliver === "mx"
        ? "To the MX hosts of the domain"
        : "Thrown away"
      : "maildir" in deliver
        ? `Into the maildir ${deliver.maildir}`
        : "lmtp" in deliver
          ? `To the local delivery agent ${deliver.lmtp}`
          : `To the fixed next hop ${deliver.smtp.host}:${deliver.smtp.port}`;
  return { key: `route.${at}`, value: JSON.stringify(route.recipients), means };
}

function policySetting(policy: TlsPolicyConfig, at: number): Setting {
  const names = policy.mx === undefined ? "" : `, host names ${policy.mx.join(", ")}`;
  const until = policy.override === true ? `; weakens other demands until ${String(policy.until)}` : "";
  return {
    key: `tls_policy.${at}`,
    value: quote(policy.destination),
    means: `At least ${LEVELS[policy.level]}${names}${until}`,
  };
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function minutes(span: number): string {
  return `${span / 60_000} min`;
}

const RECIPIENTS = {
  any: "every address",
  maildir: "whoever has a maildir",
  file: "whoever stands in the recipients file",
} as const;
const DNSSEC = {
  validate:
    "Answers are validated here, down from the trust anchor; a server that strips signatures is noticed and reported",
  "trust-ad": "The AD bit of a resolver on this machine is believed",
  off: "Every answer counts as insecure",
} as const;
const ROLES = {
  mx: "Takes mail for our domains from anybody",
  submission: "Takes mail from our users (STARTTLS)",
  submissions: "Takes mail from our users (TLS from the first octet)",
} as const;
const LEVELS = {
  may: "opportunistic TLS",
  encrypt: "TLS, unauthenticated",
  secure: "TLS with a trusted certificate of the right name",
} as const;

const WORKERS =
  "Processes that share the work, each with its own part of the queue; auto is one for each core, up to four";
