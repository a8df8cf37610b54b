import type { Instant } from "../../base/mod.ts";
import { collectEvidence, proveNoDs } from "../dnssec/evidence.ts";
import type { RecordSet } from "../dnssec/rrset.ts";
import { recordSets, setKey, subjectOf } from "../dnssec/rrset.ts";
import { checkSet } from "../dnssec/signature.ts";
import { ancestorName } from "../wire/hierarchy.ts";
import type { Message } from "../wire/message.ts";
import { RCODE, rcodeName } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import type { Ds } from "../wire/rdata-dnssec.ts";
import { decodeDs } from "../wire/rdata-dnssec.ts";
import { TYPE } from "../wire/types.ts";
import type { Secure, WalkContext } from "./walk.ts";

/** What the zone above says about a zone cut at a name. */
export type Cut =
  | { readonly kind: "child"; readonly ds: readonly Ds[]; readonly expires: Instant; readonly detail: string }
  | { readonly kind: "insecure"; readonly expires: Instant; readonly detail: string }
  | { readonly kind: "none" }
  | { readonly kind: "failure"; readonly cause: "bogus" | "unavailable"; readonly detail: string };

/** Judges the answer to a DS question for `name` by the keys of the zone above. */
// RFC 4035 §5.2
export function judgeCut(name: Name, message: Message, above: { zone: Secure; context: WalkContext }): Cut {
  const subject = subjectOf(name, TYPE.DS);
  if (message.rcode !== RCODE.NOERROR && message.rcode !== RCODE.NXDOMAIN) {
    return { kind: "failure", cause: "unavailable", detail: `${subject}: the answer is ${rcodeName(message.rcode)}` };
  }
  const { zone, context } = above;
  const check = { zone: zone.zone, keys: zone.keys, now: context.now, budget: context.budget };
  const answer = recordSets(message.answer);
  const set = answer.get(setKey(name, TYPE.DS));
  if (set !== undefined) {
    const verdict = checkSet(set, check);
    if (verdict.kind === "bogus") return { kind: "failure", cause: "bogus", detail: verdict.detail };
    // A wildcard cannot be delegated (RFC 4592 §4.2).
    if (verdict.wildcard !== undefined) return bogus(`${subject} comes from a wildcard`);
    const ds = set.records.flatMap(({ rdata }) => decodeDs(rdata) ?? []);
    return { kind: "child", ds, expires: verdict.expires, detail: verdict.detail };
  }
  const alias = aliasAt(name, answer);
  if (alias !== undefined && checkSet(alias, check).kind === "valid") return { kind: "none" };
  const evidence = collectEvidence(recordSets(message.authority).values(), check);
  const denial = proveNoDs(name, evidence);
  if (denial === "no-cut") return { kind: "none" };
  if (denial === "insecure-cut") {
    const expires = evidence.expires ?? context.now;
    return { kind: "insecure", expires, detail: "the zone above proves that there is no DS record" };
  }
  if (denial === "not-proved")
    return bogus([`nothing proves that ${subject} is absent`, ...evidence.faults].join("; "));
  return bogus(`${subject}: ${denial.refused}`);
}

/** A CNAME at the name, or a DNAME above it: then the name is no zone of its own. */
function aliasAt(name: Name, answer: ReadonlyMap<string, RecordSet>): RecordSet | undefined {
  const alias = answer.get(setKey(name, TYPE.CNAME));
  if (alias !== undefined && alias.signatures.length > 0) return alias;
  for (let above = name; above.labels.length > 0; above = ancestorName(above)) {
    const dname = answer.get(setKey(ancestorName(above), TYPE.DNAME));
    if (dname !== undefined) return dname;
  }
  return undefined;
}

function bogus(detail: string): Cut {
  return { kind: "failure", cause: "bogus", detail };
}
