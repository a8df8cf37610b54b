import { type CheckIssue, type CheckWorld, error, warning } from "./issue.ts";
import { holdsStrangers } from "./network.ts";
import type { Config } from "./types.ts";

/** `[clients]`, `[limits]`, `[[dnsbl]]` and `proxy_from`: bounds that shut people out, files that are not there, and trust in strangers. */
export function checkClients(config: Config, world: CheckWorld): CheckIssue[] {
  return [
    ...checkBounds(config),
    ...checkTimes(config),
    ...checkLists(config, world),
    ...checkDnsbls(config),
    ...checkProxies(config),
  ];
}

function checkBounds({ clients, relay }: Config): CheckIssue[] {
  const { connections, reserved, ipv6_prefix } = clients;
  const issues: CheckIssue[] = [];
  if (reserved >= connections) {
    issues.push(error(["clients", "reserved"], "All connections are kept for relay networks; nobody else can connect"));
  } else if (relay.networks.length > 0 && reserved === 0) {
    issues.push(warning(["clients", "reserved"], "Strangers can use up all connections, and keep your own mail out"));
  }
  if (ipv6_prefix > 64) {
    issues.push(warning(["clients", "ipv6_prefix"], "One machine can have all addresses of a /64, and counts as many"));
  }
  return issues;
}

function checkTimes({ limits }: Config): CheckIssue[] {
  // RFC 5321 §4.5.3.2.7
  if (limits.command_time >= 5 * 60_000) return [];
  const what = "RFC 5321 §4.5.3.2.7 gives a client 5 minutes; slow but honest ones are cut off";
  return [warning(["limits", "command_time"], what)];
}

function checkLists({ clients }: Config, world: CheckWorld): CheckIssue[] {
  return (["allow_files", "deny_files"] as const).flatMap((key) =>
    clients[key].flatMap((path, at) =>
      world.exists(path) ? [] : [error(["clients", key, at], `There is no file ${path}`)],
    ),
  );
}

function checkDnsbls({ clients, dnsbl }: Config): CheckIssue[] {
  const issues: CheckIssue[] = [];
  const seen = new Map<string, number>();
  for (const [at, { zone }] of dnsbl.entries()) {
    const first = seen.get(zone);
    if (first !== undefined) issues.push(error(["dnsbl", at, "zone"], `${zone} is asked by dnsbl.${first} already`));
    seen.set(zone, first ?? at);
  }
  const most = dnsbl.reduce((sum, { action, score }) => (action === "refuse" ? sum + score : sum), 0);
  if (most > 0 && most < clients.dnsbl_score) {
    issues.push(warning(["clients", "dnsbl_score"], `All lists together score ${most}; nobody is refused`));
  }
  return issues;
}

/** Whoever may send a PROXY header may say that he is anybody, also a client of `[relay] networks`. */
function checkProxies({ listen }: Config): CheckIssue[] {
  return listen.flatMap(({ proxy_from }, at) =>
    proxy_from.flatMap((network, item) => {
      if (!holdsStrangers(network)) return [];
      const what = `${network.address}/${network.prefix} holds strangers: each may claim any address, one of [relay] networks too`;
      return [warning(["listen", at, "proxy_from", item], what)];
    }),
  );
}
