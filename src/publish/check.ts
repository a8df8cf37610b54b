import type { Instant } from "../base/mod.ts";
import type { Answer } from "../dns/mod.ts";
import { unknownOf } from "./answers.ts";
import { checkCertificates } from "./check_certificates.ts";
import { checkDane } from "./check_dane.ts";
import { checkMx, checkSigned } from "./check_mx.ts";
import { checkSts } from "./check_sts.ts";
import { checkTlsRpt } from "./check_tlsrpt.ts";
import type { Finding, Severity, Unknown } from "./finding.ts";
import type { Seen } from "./look.ts";
import type { Publication } from "./types.ts";

export interface CheckOptions {
  readonly now: Instant;
  /** Why DNSSEC cannot be judged here; what depends on it is then left out. */
  readonly dnssecOff?: string;
}

export interface Checked {
  /** The worst first. */
  readonly findings: readonly Finding[];
  /** What could not be found out. */
  readonly unknown: readonly Unknown[];
}

/** Compares what is published about a domain of ours with what should be. */
export function checkPublication(publication: Publication, seen: Seen, options: CheckOptions): Checked {
  const { now, dnssecOff } = options;
  const findings = [
    ...checkMx(publication, seen),
    ...(dnssecOff === undefined ? [...checkSigned(publication, seen), ...checkDane(publication, seen, now)] : []),
    ...checkSts(publication, seen),
    ...checkCertificates(publication, seen, now),
    ...checkTlsRpt(publication, seen),
  ];
  const unproved = dnssecOff === undefined ? [] : [{ record: "DNSSEC and TLSA", detail: dnssecOff }];
  return {
    findings: findings.sort((left, right) => RANK[left.severity] - RANK[right.severity]),
    unknown: [...unproved, ...unknown(publication, seen)],
  };
}

function unknown({ domain }: Publication, seen: Seen): readonly Unknown[] {
  const asked: readonly (readonly [string, readonly Answer<unknown>[]])[] = [
    [`${domain} MX`, [seen.mx]],
    ...seen.hosts.flatMap(({ name, addresses, tlsa, named }) =>
      named
        ? [
            [`${name} A/AAAA`, addresses] as const,
            ...tlsa.map(({ owner, answer }) => [`${owner} TLSA`, [answer]] as const),
          ]
        : [],
    ),
    [`_mta-sts.${domain} TXT`, [seen.sts]],
    [`mta-sts.${domain} A/AAAA`, seen.policyHost],
    [`_smtp._tls.${domain} TXT`, [seen.tlsRpt]],
  ];
  return [...asked.flatMap(([record, answers]) => unknownOf(record, answers)), ...passedOver(domain, seen)];
}

/** What stands among many is not right for not having been looked at. */
function passedOver(domain: string, { mx, hosts }: Seen): readonly Unknown[] {
  const looked = new Set(hosts.map(({ name }) => name));
  const named = mx.kind === "data" ? mx.records.map(({ exchange }) => exchange.toLowerCase()) : [];
  const left = [...new Set(named)].filter((name) => name !== "" && !looked.has(name));
  return left.length === 0
    ? []
    : [{ record: `${domain} MX`, detail: `${left.length} of its hosts were not looked at` }];
}

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, advice: 2 };
