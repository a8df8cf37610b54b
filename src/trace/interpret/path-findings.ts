import type { Instant } from "../../base/mod.ts";
import type { Draft } from "./findings.ts";
import { bareName, type Ours } from "./ours.ts";
import type { Finding, Mark } from "./types.ts";

export interface PathFacts {
  readonly hops: readonly Draft[];
  readonly marks: readonly Mark[];
  readonly ours: Ours;
  readonly now: Instant | undefined;
}

/** What does not fit in the path as a whole. */
export function pathFindings(facts: PathFacts): Finding[] {
  return [
    ...tooMany(facts),
    ...future(facts),
    ...duplicateIds(facts),
    ...loops(facts),
    ...forgedNames(facts),
    ...forgedResults(facts),
  ];
}

function tooMany({ hops }: PathFacts): Finding[] {
  // RFC 5321 §6.3
  if (hops.length <= MOST_HOPS) return [];
  return [{ code: "TOO_MANY", level: "warn", index: 0, detail: `${hops.length} Received fields: a loop, or padding` }];
}

function future({ hops, now }: PathFacts): Finding[] {
  if (now === undefined) return [];
  return hops
    .filter((hop) => hop.time.instant !== undefined && hop.time.instant > now + FUTURE_TOLERATED)
    .map((hop) => ({ code: "FUTURE_DATE", level: "warn", index: hop.index, detail: "dated in the future" }));
}

function duplicateIds({ hops }: PathFacts): Finding[] {
  const seen = new Map<string, number>();
  const found: Finding[] = [];
  for (const hop of hops) {
    // Exchange writes its version where others write an id.
    if (hop.id === undefined || hop.software === "exchange") continue;
    const key = `${hop.id}\n${hostOf(hop) ?? ""}`;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, hop.index);
    else
      found.push({
        code: "DUPLICATE_ID",
        level: "warn",
        index: hop.index,
        detail: `the id ${hop.id} is that of hop ${first}`,
      });
  }
  return found;
}

/**
 * A host that the message entered again for the same recipient, or for the third time. Hand-overs inside the machine do
 * not leave a host.
 */
function loops({ hops }: PathFacts): Finding[] {
  const visits = new Map<string, { count: number; recipients: Set<string> }>();
  const found: Finding[] = [];
  let previous: string | undefined;
  for (const hop of [...hops].reverse()) {
    const host = hostOf(hop);
    if (host === undefined || hop.tls.state === "local") continue;
    if (host !== previous) {
      const visit = visits.get(host) ?? { count: 0, recipients: new Set() };
      visits.set(host, visit);
      visit.count++;
      const recipient = hop.for?.length === 1 ? hop.for[0]?.toLowerCase() : undefined;
      const again = recipient !== undefined && visit.recipients.has(recipient);
      if (recipient !== undefined) visit.recipients.add(recipient);
      if (again || visit.count > 2)
        found.push({
          code: "LOOP",
          level: "warn",
          index: hop.index,
          detail: `the message came to ${host} ${visit.count} times${again ? ` for ${recipient}` : ""}`,
        });
    }
    previous = host;
  }
  return found;
}

function forgedNames({ hops, ours }: PathFacts): Finding[] {
  return hops
    .filter((hop) => hop.trust === "claimed" && (ours.hasName(hop.by?.name) || ours.hasIp(hop.by?.ip)))
    .map((hop) => ({
      code: "FORGED_OUR_NAME",
      level: "warn",
      index: hop.index,
      detail: `claims to be written by ${hop.by?.name ?? hop.by?.ip}, one of ours, but came from outside: forged, or the message was here before`,
    }));
}

/** RFC 8601 §5: results under our name that came from outside should have been removed. */
function forgedResults({ hops, marks, ours }: PathFacts): Finding[] {
  return marks
    .filter((mark) => mark.field === "authentication-results" && mark.trust === "claimed" && ours.hasName(mark.domain))
    .map((mark) => ({
      code: "FORGED_OUR_RESULTS",
      level: "warn",
      index: mark.addedBy ?? Math.max(0, hops.length - 1),
      detail: `Authentication-Results under our name ${mark.domain} came from outside`,
    }));
}

function hostOf(hop: Draft): string | undefined {
  return hop.by?.name === undefined ? hop.by?.ip : bareName(hop.by.name);
}

const MOST_HOPS = 100;
const FUTURE_TOLERATED = 10 * 60_000;
