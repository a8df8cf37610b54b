import type { TlsResult } from "../policy/mod.ts";
import { parseTallyKey } from "./key.ts";
import { isSeenKey } from "./seen.ts";
import type { Tally } from "./tally.ts";
import type { FailureDetail, PolicySummary, ReportedPolicy, TallyRecord } from "./types.ts";

/** What one day's tallies say of one policy domain. */
export interface DaySummary {
  readonly day: string;
  readonly domain: string;
  /** One for each policy that was in force on that day. */
  readonly policies: readonly PolicySummary[];
}

/**
 * Adds up what a store counted, by day and policy domain, in that order. `unread` counts tallies that this version cannot
 * read; they are left out. Failures of the policy host stand among the details and in no total: they are no sessions.
 */
export function summarise(tallies: readonly (Tally & { readonly count: number })[]): {
  readonly days: readonly DaySummary[];
  readonly unread: number;
} {
  const days = new Map<string, Day>();
  let unread = 0;
  for (const { day, key, count } of tallies) {
    // No session of a report: what hosts showed is counted beside it.
    if (isSeenKey(key)) continue;
    const record = parseTallyKey(key);
    if (!record.ok) {
      unread += count;
      continue;
    }
    const { domain } = record.value.policy;
    const place = `${day} ${domain}`;
    let at = days.get(place);
    if (at === undefined) days.set(place, (at = { day, domain, policies: new Map() }));
    add(at, record.value, count);
  }
  const sorted = [...days].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, day]) => day);
  return {
    days: sorted.map(({ day, domain, policies }) => ({ day, domain, policies: [...policies.values()].map(summaryOf) })),
    unread,
  };
}

interface Day {
  readonly day: string;
  readonly domain: string;
  readonly policies: Map<string, Policy>;
}

interface Policy {
  readonly policy: ReportedPolicy;
  good: number;
  bad: number;
  readonly failures: Map<string, Failure>;
}

interface Failure {
  readonly record: TallyRecord;
  readonly result: TlsResult;
  count: number;
}

function add(day: Day, record: TallyRecord, count: number): void {
  const key = JSON.stringify(record.policy);
  let policy = day.policies.get(key);
  if (policy === undefined) {
    day.policies.set(key, (policy = { policy: record.policy, good: 0, bad: 0, failures: new Map() }));
  }
  if (record.result === "success") {
    policy.good += count;
    return;
  }
  if (record.host !== undefined) policy.bad += count;
  const { result, host, ip, from, reason } = record;
  const place = JSON.stringify([result, host, ip, from, reason]);
  const known = policy.failures.get(place);
  if (known === undefined) policy.failures.set(place, { record, result, count });
  else known.count += count;
}

function summaryOf({ policy, good, bad, failures }: Policy): PolicySummary {
  return {
    policy: {
      "policy-type": policy.type,
      "policy-string": policy.strings,
      "policy-domain": policy.domain,
      // RFC 8460 §4.4: an array, whatever its example shows.
      ...(policy.type === "sts" ? { "mx-host": policy.mx } : {}),
    },
    summary: { "total-successful-session-count": good, "total-failure-session-count": bad },
    "failure-details": [...failures.values()].map(detailOf),
  };
}

function detailOf({ record, result, count }: Failure): FailureDetail {
  const { host, ip, from, reason } = record;
  return {
    "result-type": result,
    ...(from === undefined ? {} : { "sending-mta-ip": from }),
    ...(host === undefined ? {} : { "receiving-mx-hostname": host }),
    ...(ip === undefined ? {} : { "receiving-ip": ip }),
    "failed-session-count": count,
    ...(reason === undefined ? {} : { "failure-reason-code": reason }),
  };
}
