import type { Setting } from "./explain.ts";
import type { Config } from "./types.ts";

/** `[clients]` and `[[dnsbl]]`. */
export function clientSettings({ clients, dnsbl }: Config): readonly Setting[] {
  const { messages_per_minute, recipients_per_minute } = clients;
  const lists = clients.allow.length + clients.deny.length + clients.allow_files.length + clients.deny_files.length;
  return [
    {
      key: "clients.connections",
      value: String(clients.connections),
      means: `At a time, the last ${clients.reserved} of them for relay networks alone`,
    },
    {
      key: "clients.connections_per_client",
      value: String(clients.connections_per_client),
      means: `At a time, and ${clients.connections_per_minute} new ones a minute; a client is an IPv4 /${clients.ipv4_prefix} or an IPv6 /${clients.ipv6_prefix}`,
    },
    ...(messages_per_minute === undefined
      ? []
      : [setting("clients.messages_per_minute", messages_per_minute, "Of one client")]),
    ...(recipients_per_minute === undefined
      ? []
      : [setting("clients.recipients_per_minute", recipients_per_minute, "Of one client")]),
    ...(lists === 0
      ? []
      : [
          {
            key: "clients.allow, clients.deny",
            value: JSON.stringify([
              ...clients.allow.map(({ address, prefix }) => `allow ${address}/${prefix}`),
              ...clients.deny.map(({ address, prefix }) => `deny ${address}/${prefix}`),
              ...clients.allow_files.map((path) => `allow ${path}`),
              ...clients.deny_files.map((path) => `deny ${path}`),
            ]),
            means: "The narrowest network that holds a client decides",
          },
        ]),
    ...dnsbl.map(({ zone, action, score }, at) => ({
      key: `dnsbl.${at}`,
      value: JSON.stringify(zone),
      means: `${ACTIONS[action]}${action === "refuse" ? `, by ${score} of ${clients.dnsbl_score}` : ""}`,
    })),
  ];
}

function setting(key: string, value: number, means: string): Setting {
  return { key, value: String(value), means };
}

const ACTIONS = {
  refuse: "Clients on it are refused",
  log: "Clients on it are logged",
  allow: "Clients on it are refused by no other list",
} as const;
