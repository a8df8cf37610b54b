import { type Domain, isLiteral, parseDomain, parseMailbox } from "../mail/mod.ts";
import { holdsStrangers } from "./network.ts";
import type { Config, ConfigIssue } from "./types.ts";

/** An issue with its path, before its line is known. */
export type CheckIssue = Pick<ConfigIssue, "severity" | "message"> & { readonly path: readonly (string | number)[] };

export interface CheckWorld {
  exists(path: string): boolean;
}

/** What the schema alone cannot see: keys that contradict each other, and settings that open a relay. */
export function checkConfig(config: Config, world: CheckWorld): CheckIssue[] {
  return [
    ...checkListeners(config),
    ...checkCertificates(config, world),
    ...checkRelay(config),
    ...checkDomains(config, world),
    ...checkPostmaster(config),
    ...checkRoutes(config),
    ...checkTlsPolicies(config),
    ...checkRoots(config, world),
    ...checkDns(config, world),
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

function checkDomains(config: Config, world: CheckWorld): CheckIssue[] {
  const seen = new Set<Domain>();
  return config.domain.flatMap((entry, at) => {
    const issues: CheckIssue[] = [];
    if (seen.has(entry.name)) issues.push(error(["domain", at, "name"], `${entry.name} is named twice`));
    seen.add(entry.name);
    if (entry.recipients === "file" && entry.recipients_file === undefined) {
      issues.push(error(["domain", at, "recipients"], 'recipients = "file" needs recipients_file'));
    }
    if (entry.recipients_file !== undefined && !world.exists(entry.recipients_file)) {
      issues.push(error(["domain", at, "recipients_file"], `There is no file ${entry.recipients_file}`));
    }
    if (entry.recipients === "maildir" && maildirRoute(config, entry.name) === undefined) {
      issues.push(
        error(["domain", at, "recipients"], `recipients = "maildir" needs a [[route]] of ${entry.name} to a maildir`),
      );
    }
    return [...issues, ...checkAliases(config, at)];
  });
}

function checkAliases(config: Config, at: number): CheckIssue[] {
  const entry = config.domain[at];
  return Object.entries(entry?.aliases ?? {}).flatMap(([name, targets]) =>
    [targets].flat().flatMap((target) => {
      const text = target.includes("@") ? target : `${target}@${entry?.name}`;
      const parsed = parseMailbox(text, { utf8: true });
      return parsed.ok ? [] : [error(["domain", at, "aliases", name], parsed.error.detail)];
    }),
  );
}

// RFC 5321 §4.5.1: mail to postmaster must always arrive somewhere.
function checkPostmaster(config: Config): CheckIssue[] {
  const { localPart, domain } = config.postmaster;
  if (isLiteral(domain)) return [];
  const ours = config.domain.find((entry) => entry.name === domain);
  if (ours === undefined || typeof ours.recipients === "string") return [];
  const known = [...ours.recipients, ...Object.keys(ours.aliases)].some(
    (name) => name.toLowerCase() === localPart.toLowerCase(),
  );
  return known
    ? []
    : [error(["postmaster"], `${localPart}@${domain} is neither a recipient nor an alias of ${domain}`)];
}

function checkRoutes(config: Config): CheckIssue[] {
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
    if (
      typeof entry.deliver === "object" &&
      "maildir" in entry.deliver &&
      !entry.deliver.maildir.includes("{localpart}")
    ) {
      issues.push(warning(["route", at, "deliver"], "The maildir has no {localpart}: all recipients share one"));
    }
    return issues;
  });
}

function checkTlsPolicies(config: Config): CheckIssue[] {
  return config.tls_policy.flatMap((entry, at) => {
    const issues: CheckIssue[] = [];
    if (entry.override === true && entry.until === undefined) {
      issues.push(error(["tls_policy", at, "override"], "An override must expire; give until = YYYY-MM-DD"));
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
      if (!parseDomain(name.startsWith("*.") ? name.slice(2) : name).ok) {
        issues.push(error(["tls_policy", at, "mx", item], `${JSON.stringify(name)} is no host name`));
      }
    }
    if (!validPattern(entry.destination) || entry.destination.includes("@")) {
      issues.push(
        error(["tls_policy", at, "destination"], `${JSON.stringify(entry.destination)} is no domain or ".suffix"`),
      );
    }
    return issues;
  });
}

function checkRoots(config: Config, world: CheckWorld): CheckIssue[] {
  const { roots } = config.outbound;
  if (roots === "system" || roots === "bundled" || world.exists(roots)) return [];
  return [error(["outbound", "roots"], `There is no file ${roots}; write "system", "bundled" or a PEM file`)];
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

/** The maildir template that mail for `name` goes to, if its route is one. */
export function maildirRoute(config: Config, name: Domain): string | undefined {
  const route = config.route.find(({ recipients }) =>
    recipients.some(
      (pattern) => pattern === name || pattern === "*" || (pattern.startsWith(".") && name.endsWith(pattern)),
    ),
  );
  return typeof route?.deliver === "object" && "maildir" in route.deliver ? route.deliver.maildir : undefined;
}

function validPattern(pattern: string): boolean {
  if (pattern === "*") return true;
  if (pattern.includes("@")) return parseMailbox(pattern, { utf8: true }).ok;
  return parseDomain(pattern.startsWith(".") ? pattern.slice(1) : pattern, { utf8: true }).ok;
}

function error(path: CheckIssue["path"], message: string): CheckIssue {
  return { severity: "error", path, message };
}

function warning(path: CheckIssue["path"], message: string): CheckIssue {
  return { severity: "warning", path, message };
}
