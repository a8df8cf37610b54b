import type { Because, ReversePath, TlsDemand } from "../../mail/mod.ts";
import { type Level, PLAIN, strongest } from "../level.ts";
import { takingOf } from "../precedence.ts";
import { securePeer } from "../secure.ts";
import type { Taking, TlsFacts } from "../types.ts";
import type { Wish } from "../wish.ts";

/** What the message itself asks for. */
export function messageWishes(facts: TlsFacts, demand: TlsDemand): readonly Wish[] {
  const asked = gradedDemand(demand, takingOf(facts).requireTls);
  if (asked.level === "may") return [];
  const source = demand.propagate ? "requiretls" : "submitter";
  const rule = demand.propagate ? { rule: "RFC 8689 §4.2.1" } : {};
  const given = demand.because.length > 0 ? demand.because : [{ source, says: SAYS[source], ...rule } as const];
  const { level, by, mxAuthentic } = asked;
  const expectation =
    level === "secure"
      ? securePeer(facts, {
          source,
          ...(by === undefined ? {} : { by }),
          ...(mxAuthentic === undefined ? {} : { mxAuthentic }),
        })
      : PLAIN[level];
  return [{ policy: { source, domain: facts.destination }, level, expectation, because: given }];
}

/** What a demand comes to where REQUIRETLS is taken by this grade. */
function gradedDemand(demand: TlsDemand, grade: Taking["requireTls"]): TlsDemand {
  if (!demand.propagate) return demand;
  // RFC 8689 §4.2.1: an authenticated host, known by an authenticated MX answer.
  if (grade === "enforce") return { ...demand, level: "secure", mxAuthentic: demand.mxAuthentic ?? "dnssec-or-sts" };
  const own = ownDemand(demand);
  return { ...own, level: grade === "encrypt" ? strongest(own.level, "encrypt") : own.level };
}

/** That REQUIRETLS is taken as less than it is. */
export function gradeRemarks(facts: TlsFacts, demand: TlsDemand): readonly Because[] {
  const grade = takingOf(facts).requireTls;
  if (!demand.propagate || grade === "enforce") return [];
  return [{ source: "local", says: GRADED[grade] }];
}

/**
 * The demand as it binds this delivery. A notice, which has a null reverse-path, is not held back by REQUIRETLS: it
 * could not be returned (RFC 8689 §4.2.1, §5). What its submitter asked for beside stays.
 */
export function bindingDemand(demand: TlsDemand, reversePath: ReversePath): TlsDemand {
  if (!demand.propagate || reversePath.kind !== "null") return demand;
  const because: Because = {
    source: "requiretls",
    says: "a notice is not held back by REQUIRETLS",
    rule: "RFC 8689 §5",
  };
  return { ...ownDemand(demand), because: [...demand.because, because] };
}

/** What is asked for beside REQUIRETLS, which by itself gives no mechanism and never insists on DNSSEC. */
function ownDemand({ level, by, mxAuthentic, because }: TlsDemand): TlsDemand {
  const dnssec = mxAuthentic === "dnssec";
  const own: Level = dnssec || by !== undefined || because.some(({ source }) => source === "submitter") ? level : "may";
  return {
    level: own,
    ...(by === undefined ? {} : { by }),
    ...(dnssec ? { mxAuthentic } : {}),
    propagate: false,
    because,
  };
}

const SAYS = { requiretls: "the message requires TLS on every hop", submitter: "the submitter asked for it" } as const;
const GRADED = {
  encrypt: "REQUIRETLS is taken here as a demand for encryption only",
  opportunistic: "REQUIRETLS is taken here for what can be had",
} as const;
