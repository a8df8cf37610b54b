import { isLoopback } from "../delivery/mod.ts";
import { matchesPattern, parseNamePattern } from "../policy/mod.ts";
import { matchesAny } from "../tls/mod.ts";
import { type CheckIssue, type CheckWorld, error, warning } from "./issue.ts";
import type { Config, DomainConfig } from "./types.ts";

/** What our domains publish: policies that nobody could fetch, names that are none, addresses for reports. */
export function checkPublished(config: Config, world: CheckWorld): CheckIssue[] {
  return [
    ...checkHttps(config, world),
    ...config.certificate.flatMap(({ next_key }, at) =>
      next_key === undefined || world.exists(next_key)
        ? []
        : [error(["certificate", at, "next_key"], `There is no file ${next_key}`)],
    ),
    ...config.domain.flatMap((entry, at) => [...checkHosting(config, entry, at), ...checkReports(entry, at)]),
  ];
}

function checkHttps(config: Config, world: CheckWorld): CheckIssue[] {
  const { https } = config;
  if (https === undefined) return [];
  const issues: CheckIssue[] = [];
  const { host, port } = https.address;
  const rival = config.listen.findIndex(({ address }) => address.host === host && address.port === port);
  if (rival >= 0 && port !== 0) {
    issues.push(error(["https", "address"], `${host}:${port} is already taken by listen.${rival}`));
  }
  if (config.domain.every(({ mta_sts }) => mta_sts === undefined)) {
    issues.push(warning(["https"], "No [[domain]] has a [domain.mta_sts], so there is nothing to serve"));
  }
  if (https.tls === "implicit") return [...issues, ...checkPolicyHosts(config, world)];
  // Whoever reaches it chooses by the Host header alone.
  if (!isLoopback(host)) {
    issues.push(error(["https", "tls"], 'tls = "none" is for a reverse proxy: address must be of this machine alone'));
  }
  return issues;
}

/** RFC 8461 §3.3: the policy host proves itself as mta-sts.DOMAIN. */
function checkPolicyHosts(config: Config, world: CheckWorld): CheckIssue[] {
  if (config.certificate.length === 0) return [error(["https"], 'tls = "implicit" needs a [[certificate]]')];
  const names = config.certificate.map(({ chain }) => world.certificateNames?.(chain));
  // A certificate that cannot be read is a fault of its own, told of when it is loaded.
  if (names.includes(undefined)) return [];
  const dns = names.flatMap((list) => list ?? []);
  return config.domain.flatMap(({ name, mta_sts }, at) =>
    mta_sts === undefined || matchesAny({ dns, ip: [] }, [`mta-sts.${name}`])
      ? []
      : [error(["domain", at, "mta_sts"], `No [[certificate]] is for mta-sts.${name}, so nobody accepts the policy`)],
  );
}

function checkHosting({ hostname }: Config, { name, mta_sts }: DomainConfig, at: number): CheckIssue[] {
  if (mta_sts === undefined) return [];
  const path = ["domain", at, "mta_sts"];
  const issues: CheckIssue[] = [];
  const patterns = (mta_sts.mx ?? [hostname]).flatMap((text, item) => {
    const pattern = parseNamePattern(text);
    if (pattern.ok) return [pattern.value];
    issues.push(error([...path, "mx", item], pattern.error));
    return [];
  });
  if (issues.length === 0 && mta_sts.mode !== "none" && !patterns.some((one) => matchesPattern(one, hostname))) {
    issues.push(warning([...path, "mx"], `No name here stands for this machine, ${hostname}`));
  }
  if (mta_sts.mode === "enforce" && mta_sts.max_age < DAY) {
    issues.push(
      warning([...path, "max_age"], `Senders forget within a day that ${name} is protected; RFC 8461 means weeks`),
    );
  }
  return issues;
}

function checkReports({ tls_rpt }: DomainConfig, at: number): CheckIssue[] {
  const list = tls_rpt === undefined || typeof tls_rpt === "string" ? undefined : tls_rpt;
  return [tls_rpt ?? []].flat().flatMap((uri, item) => {
    const path = ["domain", at, "tls_rpt", ...(list === undefined ? [] : [item])];
    if (!REPORT_URI.test(uri)) {
      return [
        error(path, `${JSON.stringify(uri)} is no mailto: or https: address; "," "!" ";" are written %2C %21 %3B`),
      ];
    }
    return [];
  });
}

const DAY = 86_400_000;
/** RFC 8460 §3 */
const REPORT_URI =
  /^(?:mailto:[^\x00-\x20,!;@\x7f-\uffff]+@[^\x00-\x20,!;@\x7f-\uffff]+|https:\/\/[^\x00-\x20,!;\x7f-\uffff]+)$/;
