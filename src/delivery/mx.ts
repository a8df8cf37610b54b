import { shuffled } from "../base/mod.ts";
import type { Answer, Mx, Security } from "../dns/mod.ts";
import { type Domain, parseIpv4 } from "../mail/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import type { PlanOptions } from "./plan.ts";

/** A host that may take mail for a destination. */
export interface Candidate {
  readonly name: string;
  readonly preference: number;
  readonly learnt: "mx" | "implicit-mx";
  readonly mxSecurity: Security;
}

export type Candidates =
  | {
      readonly kind: "candidates";
      readonly hosts: readonly Candidate[];
      /** Where the aliases of the domain led, if it has any (RFC 7672 §2.2.1). */
      readonly expanded?: string;
    }
  | {
      readonly kind: "fail" | "retry";
      readonly status: Status;
      /** How far the MX answer may be believed that makes it fail; absent where it is not DNS that says so. */
      readonly security?: Security;
    };

/** The hosts that DNS names for a domain, best first, equal ones shuffled (RFC 5321 §5.1, RFC 7505). */
export async function findCandidates(domain: Domain, options: PlanOptions): Promise<Candidates> {
  const query = options.signal === undefined ? {} : { signal: options.signal };
  const answer = await options.resolver.query(domain, "MX", query);
  const candidates = candidatesOf(answer, domain, options);
  const expanded = answer.chain.at(-1)?.target;
  return candidates.kind !== "candidates" || expanded === undefined ? candidates : { ...candidates, expanded };
}

function candidatesOf(answer: Answer<Mx>, domain: Domain, options: PlanOptions): Candidates {
  if (answer.kind === "failure") {
    // RFC 5321 §5.1: a temporary error is no absence.
    return { kind: "retry", status: statusOf("dns-failure", `The MX look-up for ${domain} failed: ${answer.detail}`) };
  }
  const { security } = answer;
  if (answer.kind !== "data") {
    if (answer.kind === "nxdomain") {
      return { kind: "fail", status: statusOf("unknown-domain", `The domain ${domain} does not exist`), security };
    }
    // RFC 5321 §5.1: only without any MX record is the domain its own host.
    const own: Candidate = { name: domain, preference: 0, learnt: "implicit-mx", mxSecurity: security };
    return withoutSelf([own], domain, options);
  }
  if (isNullMx(answer.records)) {
    return { kind: "fail", status: statusOf("null-mx", `The domain ${domain} accepts no mail`), security };
  }
  const hosts = usable(answer.records).map(
    ({ exchange, preference }): Candidate => ({
      name: exchange,
      preference,
      learnt: "mx",
      mxSecurity: security,
    }),
  );
  if (hosts.length === 0) {
    return { kind: "fail", status: statusOf("no-route", `No MX record of ${domain} names a usable host`), security };
  }
  return withoutSelf(shuffledByPreference(hosts, options), domain, options);
}

/**
 * Nothing but the root, which is no host name and cannot be mistaken for one: the domain says that it takes no mail,
 * whatever preference it wrote. Beside other records the root is passed over.
 */
function isNullMx(records: readonly Mx[]): boolean {
  // RFC 7505 §3
  return records.length > 0 && records.every(({ exchange }) => exchange === "");
}

/** Without the root, IP addresses and repetitions; each name once, at its best preference. */
function usable(records: readonly Mx[]): readonly Mx[] {
  const best = new Map<string, Mx>();
  for (const record of records) {
    const exchange = record.exchange.toLowerCase();
    if (exchange === "" || parseIpv4(exchange) !== undefined || exchange.includes(":")) continue;
    const known = best.get(exchange);
    if (known === undefined || record.preference < known.preference) best.set(exchange, { ...record, exchange });
  }
  return [...best.values()];
}

function shuffledByPreference(hosts: readonly Candidate[], options: PlanOptions): readonly Candidate[] {
  // RFC 5321 §5.1: equal preferences in random order; the sort is stable.
  return shuffled(hosts, options.random)
    .sort((left, right) => left.preference - right.preference)
    .slice(0, MOST_HOSTS);
}

/** RFC 5321 §5.1: we ourselves and everything that is not better than us is no way forward. */
function withoutSelf(hosts: readonly Candidate[], domain: Domain, options: PlanOptions): Candidates {
  const own = hosts.filter((host) => options.self.names.some((name) => name.toLowerCase() === host.name));
  return beforeSelf(hosts, own, domain);
}

/** Drops the hosts from our own preference on; with none left the message is in a loop. */
export function beforeSelf(hosts: readonly Candidate[], own: readonly Candidate[], domain: Domain): Candidates {
  const limit = Math.min(...own.map((host) => host.preference));
  const better = hosts.filter((host) => host.preference < limit);
  if (better.length > 0) return { kind: "candidates", hosts: better };
  return { kind: "fail", status: statusOf("mail-loop", `The best mail host for ${domain} is this one`) };
}

/** More MX records than these are not looked at. */
const MOST_HOSTS = 20;
