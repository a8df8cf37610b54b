import { isIP } from "node:net";
import { type Route, routeFor } from "../delivery/mod.ts";
import { type Domain, isLiteral, parseDomain, parseMailbox } from "../mail/mod.ts";
import { parseNamePattern } from "../policy/mod.ts";
import { checkClients } from "./check_clients.ts";
import { checkDomains } from "./check_domains.ts";
import { checkMetrics } from "./check_metrics.ts";
import { checkPolicy } from "./check_policy.ts";
import { checkPolicyLists } from "./check_policy_list.ts";
import { checkPublished } from "./check_published.ts";
import { checkPolicyService } from "./check_policy_service.ts";
import { checkTarget } from "./check_routes.ts";
import { type CheckIssue, type CheckWorld, error, warning } from "./issue.ts";
import { holdsStrangers } from "./network.ts";
import { recipientName } from "./recipients.ts";
import type { Config } from "./types.ts";

/** What the schema alone cannot see: keys that contradict each other, and settings that open a relay. */
export function checkConfig(config: Config, world: CheckWorld): CheckIssue[] {
  return [
    ...checkDataDir(config),
    ...checkListeners(config),
    ...checkCertificates(config, world),
    ...checkRelay(config),
    ...checkClients(config, world),
    ...checkDomains(config, world, (name) => goesToMaildirs(config, name)),
    ...checkPostmaster(config),
    ...checkRoutes(config, world),
    ...checkTlsPolicies(config, world),
    ...checkOutbound(config, world),
    ...checkDns(config, world),
    ...checkPolicy(config, world),
    ...checkPublished(config, world),
    ...checkPolicyLists(config, world),
    ...checkPolicyService(config),
    ...checkMetrics(config),
  ];
}

function checkDataDir(config: Config): CheckIssue[] {
  const length = Buffer.byteLength(`${config.data_dir}/control.sock`);
  if (length <= LONGEST_SOCKET_PATH) return [];
  return [
    error(["data_dir"], `Choose a shorter path: the control socket in it may have ${LONGEST_SOCKET_PATH} octets`),
  ];
}

function checkListeners(config: Config): CheckIssue[] {
  const issues: CheckIssue[] = [];
  if (config.listen.length === 0)
    issues.push(warning(["listen"], "There is no [[listen]]: nothing can come in over SMTP"));
  const seen = new Map<string, number>();
  for (const [at, listen] of config.listen.entries()) {
    const address = `${listen.address.host}:${listen.address.port}`;
    const first = seen.get(address);
    if (first !== undefined && listen.address.port !== 0) {
      issues.push(error(["listen", at, "address"], `${address} is already taken by listen.${first}`));
    }
    seen.set(address, at);
    const tls = listen.tls ?? (listen.role === "submissions" ? "implicit" : "starttls");
    if (tls !== "none" && config.certificate.length === 0) {
      const path = listen.tls === undefined ? ["listen", at] : ["listen", at, "tls"];
      issues.push(
        listen.tls === undefined && tls === "starttls"
          ? warning(path, "There is no [[certificate]], so STARTTLS will not be offered here")
          : error(path, `tls = "${tls}" needs a [[certificate]]`),
      );
    }
    // RFC 8314 §3.3: submissions is implicit TLS by definition.
    if (listen.role === "submissions" && tls !== "implicit") {
      issues.push(error(["listen", at, "tls"], 'role "submissions" is implicit TLS (RFC 8314 §3.3)'));
    }
  }
  return issues;
}

function checkCertificates(config: Config, world: CheckWorld): CheckIssue[] {
  return config.certificate.flatMap((entry, at) =>
    (["chain", "key"] as const)
      .filter((part) => !world.exists(entry[part]))
      .map((part) => error(["certificate", at, part], `There is no file ${entry[part]}`)),
  );
}

/** `[relay] networks` is the only thing that lets a client send anywhere, so that is where an open relay would come from. */
function checkRelay(config: Config): CheckIssue[] {
  return config.relay.networks.flatMap((network, at) =>
    holdsStrangers(network)
      ? [
          warning(
            ["relay", "networks", at],
            `${network.address}/${network.prefix} holds strangers: whoever is in it may send anywhere (open relay)`,
          ),
        ]
      : [],
  );
}

// RFC 5321 §4.5.1: mail to postmaster must always arrive somewhere.
function checkPostmaster(config: Config): CheckIssue[] {
  const { localPart, domain } = config.postmaster;
  if (isLiteral(domain)) return [];
  const ours = config.domain.find((entry) => entry.name === domain);
  if (ours === undefined || typeof ours.recipients === "string") return [];
  const known = [...ours.recipients, ...Object.keys(ours.aliases)].some(
    (name) => recipientName(name, ours.name).toLowerCase() === localPart.toLowerCase(),
  );
  return known
    ? []
    : [error(["postmaster"], `${localPart}@${domain} is neither a recipient nor an alias of ${domain}`)];
}

function checkRoutes(config: Config, world: CheckWorld): CheckIssue[] {
  return config.route.flatMap((entry, at) => {
    const issues = entry.recipients.flatMap((pattern, item) =>
      validPattern(pattern)
        ? []
        : [
            error(
              ["route", at, "recipients", item],
              `${JSON.stringify(pattern)} is no domain, ".suffix", address or "*"`,
            ),
          ],
    );
    issues.push(...checkTarget(entry.deliver, at, world));
    return issues;
  });
}

function checkTlsPolicies(config: Config, world: CheckWorld): CheckIssue[] {
  return config.tls_policy.flatMap((entry, at) => {
    const issues: CheckIssue[] = [];
    if (entry.override === true && entry.until === undefined) {
      issues.push(error(["tls_policy", at, "override"], "An override must expire; give until = YYYY-MM-DD"));
    }
    if (entry.until !== undefined && new Date(entry.until).getTime() < world.now()) {
      issues.push(warning(["tls_policy", at, "until"], "This override has expired: it changes nothing any more"));
    }
    if (entry.until !== undefined && Number.isNaN(new Date(entry.until).getTime())) {
      issues.push(error(["tls_policy", at, "until"], `${JSON.stringify(entry.until)} is no date; write YYYY-MM-DD`));
    }
    if (entry.level === "secure" && entry.mx === undefined && !isFixedNextHop(config, entry.destination)) {
      issues.push(
        warning(
          ["tls_policy", at],
          `Without mx = [...], mail to ${entry.destination} waits while its MX answer is insecure`,
        ),
      );
    }
    for (const [item, name] of (entry.mx ?? []).entries()) {
      const pattern = parseNamePattern(name);
      if (!pattern.ok) issues.push(error(["tls_policy", at, "mx", item], pattern.error));
    }
    if (!validPattern(entry.destination) || entry.destination.includes("@")) {
      issues.push(
        error(["tls_policy", at, "destination"], `${JSON.stringify(entry.destination)} is no domain or ".suffix"`),
      );
    }
    return issues;
  });
}

function checkOutbound(config: Config, world: CheckWorld): CheckIssue[] {
  const { roots, source } = config.outbound;
  const issues = source.flatMap((address, at) =>
    isIP(address) === 0 ? [error(["outbound", "source", at], `${JSON.stringify(address)} is no IP address`)] : [],
  );
  if (roots !== "system" && roots !== "bundled" && !world.exists(roots)) {
    issues.push(error(["outbound", "roots"], `There is no file ${roots}; write "system", "bundled" or a PEM file`));
  }
  const { first, expire_after } = config.retry;
  if (expire_after < first) issues.push(error(["retry", "expire_after"], "Mail would expire before the first retry"));
  return issues;
}

function checkDns(config: Config, world: CheckWorld): CheckIssue[] {
  const { trust_anchors } = config.dns;
  if (trust_anchors === "builtin" || world.exists(trust_anchors)) return [];
  return [error(["dns", "trust_anchors"], `There is no file ${trust_anchors}`)];
}

function isFixedNextHop(config: Config, destination: string): boolean {
  return config.route.some(
    ({ deliver, recipients }) =>
      typeof deliver === "object" &&
      "smtp" in deliver &&
      (deliver.smtp.host === destination || recipients.includes(destination)),
  );
}

/** Whether delivery would put mail for a domain into maildirs, leaving aside routes of single addresses. */
function goesToMaildirs(config: Config, name: Domain): boolean {
  const routes = config.route.map(
    ({ recipients, deliver }): Route => ({
      recipients,
      target: typeof deliver === "object" && "maildir" in deliver ? { kind: "maildir", path: deliver.maildir } : OTHER,
    }),
  );
  return routeFor(routes, { localPart: "", domain: name }).kind === "maildir";
}

function validPattern(pattern: string): boolean {
  if (pattern === "*") return true;
  if (pattern.includes("@")) return parseMailbox(pattern, { utf8: true }).ok;
  return parseDomain(pattern.startsWith(".") ? pattern.slice(1) : pattern, { utf8: true }).ok;
}

/** What every system takes, without the final NUL. */
const LONGEST_SOCKET_PATH = 103;
const OTHER: Route["target"] = { kind: "discard" };
