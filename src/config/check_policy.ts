import { type CheckIssue, type CheckWorld, error, warning } from "./issue.ts";
import type { Config } from "./types.ts";

/** `[policy]`: files that are not there, keys that change nothing, and settings that leave a standard. */
export function checkPolicy(config: Config, world: CheckWorld): CheckIssue[] {
  return [...checkRoots(config, world), ...idleKeys(config), ...departures(config), ...checkProofs(config)];
}

function checkRoots({ policy }: Config, world: CheckWorld): CheckIssue[] {
  const { mta_sts, mta_sts_roots: roots } = policy;
  if (mta_sts === "off" || roots === "system" || roots === "bundled" || world.exists(roots)) return [];
  return [error(["policy", "mta_sts_roots"], `There is no file ${roots}; write "system", "bundled" or a PEM file`)];
}

function idleKeys({ policy, dns }: Config): CheckIssue[] {
  const issues: CheckIssue[] = [];
  if (policy.dane !== "off" && dns.dnssec === "off") {
    issues.push(warning(["dns", "dnssec"], 'DANE needs DNSSEC: with dnssec = "off" no TLSA record counts'));
  }
  if (policy.dane === "off" && policy.dane_insecure_mx) {
    issues.push(warning(["policy", "dane_insecure_mx"], 'This changes nothing while dane = "off"'));
  }
  if (policy.mta_sts === "off" && policy.mta_sts_strict) {
    issues.push(warning(["policy", "mta_sts_strict"], 'This changes nothing while mta_sts = "off"'));
  }
  return issues;
}

function departures({ policy }: Config): CheckIssue[] {
  const issues: CheckIssue[] = [];
  if (policy.discover) {
    issues.push(warning(["policy", "discover"], "Nothing of what destinations publish is enforced, only logged"));
  }
  if (policy.requiretls === "encrypt" || policy.requiretls === "opportunistic") {
    issues.push(warning(["policy", "requiretls"], 'Only "enforce" and "off" conform to RFC 8689 §4.2.1'));
  }
  if (policy.tls_required_no !== "all") {
    issues.push(warning(["policy", "tls_required_no"], 'Only "all" conforms to RFC 8689 §4.1'));
  }
  return issues;
}

/** `by` and `pin` of `[[tls_policy]]`. */
function checkProofs({ tls_policy, policy, dns }: Config): CheckIssue[] {
  const dane = policy.dane !== "off" && dns.dnssec !== "off";
  return tls_policy.flatMap(({ by, pin, level, destination }, at) => {
    const issues: CheckIssue[] = [];
    for (const [key, value] of [
      ["by", by],
      ["pin", pin],
    ] as const) {
      if (value !== undefined && level !== "secure") {
        issues.push(error(["tls_policy", at, key], `This says how a host proves itself; it needs level = "secure"`));
      }
    }
    if (by !== undefined && pin !== undefined) {
      issues.push(error(["tls_policy", at, "pin"], "Pinned keys replace by = [...]; give one of the two"));
    }
    if (by?.includes("dane") === true && by.length === 1 && !dane) {
      issues.push(warning(["tls_policy", at, "by"], `DANE is off here, so mail to ${destination} waits`));
    }
    return issues;
  });
}
