import type { Because, ReversePath, TlsDemand } from "../../mail/mod.ts";
import type { Wish } from "../wish.ts";

/** What the message itself asks for. */
export function messageWishes(demand: TlsDemand): readonly Wish[] {
  if (demand.level === "may") return [];
  const source: Because["source"] = demand.propagate ? "requiretls" : "submitter";
  const rule = demand.propagate ? { rule: "RFC 8689 §4.2.1" } : {};
  const because = demand.because.length > 0 ? demand.because : [{ source, says: SAYS[source], ...rule }];
  return [{ policy: { source, domain: "" }, level: demand.level, because }];
}

/**
 * The demand as it binds this delivery. A notice, which has a null reverse-path, is not held back by REQUIRETLS: it
 * could not be returned (RFC 8689 §4.2.1, §5).
 */
export function bindingDemand(demand: TlsDemand, reversePath: ReversePath): TlsDemand {
  if (!demand.propagate || reversePath.kind !== "null") return demand;
  const because: Because = {
    source: "requiretls",
    says: "a notice is not held back by REQUIRETLS",
    rule: "RFC 8689 §5",
  };
  return { level: "may", propagate: false, because: [...demand.because, because] };
}

const SAYS = { requiretls: "the message requires TLS on every hop", submitter: "the submitter asked for it" } as const;
