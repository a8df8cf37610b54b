import type { Instant } from "../../base/mod.ts";
import { unreachable } from "../../base/mod.ts";
import type { Security } from "../answer.ts";
import { closestAnchor } from "../dnssec/anchors.ts";
import { collectEvidence, proveWildcard } from "../dnssec/evidence.ts";
import type { RecordSet } from "../dnssec/rrset.ts";
import { subjectOf } from "../dnssec/rrset.ts";
import { checkSet } from "../dnssec/signature.ts";
import { ancestorName, isBelow, isWithin } from "../wire/hierarchy.ts";
import type { Name } from "../wire/name.ts";
import { absoluteText } from "../wire/name.ts";
import { TYPE } from "../wire/types.ts";
import { zoneAround, zoneTrust } from "./trust.ts";
import type { ProofNode } from "./types.ts";
import type { Failure, Secure, Walk, WalkContext } from "./walk.ts";
import { failure, failureAbove } from "./walk.ts";

/** How far a record set or a denial can be trusted. */
export type Standing =
  | { readonly kind: "judged"; readonly security: Security; readonly expires: Instant; readonly proof: ProofNode }
  | Failure;

type Sets = ReadonlyMap<string, RecordSet>;

/** Validates one record set; `authority` holds the denial that records from a wildcard need. */
// RFC 4035 §5.3
export function* judgeSet(set: RecordSet, authority: Sets, context: WalkContext): Walk<Standing> {
  const about = { kind: "records" as const, subject: subjectOf(set.owner, set.type) };
  let fault: Failure | undefined;
  for (const signer of signersOf([set], { name: set.owner, type: set.type, context })) {
    const trust = yield* zoneTrust(signer, context);
    // Unsigned here; whether that holds for the name as well is for the closest anchor to say, below.
    if (trust.kind === "insecure") continue;
    const standing =
      trust.kind === "failure" ? failureAbove(trust, about) : judgeBy(trust, set, { authority, context });
    if (standing.kind === "judged" && mayDecide(signer, standing, { name: set.owner, type: set.type, context }))
      return standing;
    if (standing.kind === "failure") fault ??= standing;
  }
  const around = yield* zoneAround(authorityName(set.owner, set.type), context);
  if (around.kind === "insecure") return unsigned(set, around, context);
  if (fault !== undefined) return fault;
  if (around.kind === "failure") return failureAbove(around, about);
  const why = set.signatures.length === 0 ? "has no signature" : "is signed by no zone that may sign it";
  return failure("bogus", `${about.subject} ${why}, and ${absoluteText(around.zone)} is signed`, {
    ...about,
    children: [around.proof],
  });
}

function judgeBy(
  trust: Secure,
  set: RecordSet,
  { authority, context }: { readonly authority: Sets; readonly context: WalkContext },
): Standing {
  const about = { kind: "records" as const, subject: subjectOf(set.owner, set.type), children: [trust.proof] };
  const check = { zone: trust.zone, keys: trust.keys, now: context.now, budget: context.budget };
  const verdict = checkSet(set, check);
  if (verdict.kind === "bogus") return failure("bogus", verdict.detail, about);
  const { expires, detail } = verdict;
  const proof: ProofNode = { ...about, verdict: "secure", detail };
  if (verdict.wildcard === undefined) return { kind: "judged", security: "secure", expires, proof };
  // RFC 4592 §4.4: what a DNAME at a wildcard means is not defined
  if (set.type === TYPE.DNAME) return failure("bogus", `${about.subject} comes from a wildcard`, about);
  const evidence = collectEvidence(authority.values(), check);
  const denial = proveWildcard(set.owner, verdict.wildcard, evidence);
  const least = Math.min(expires, evidence.expires ?? expires);
  switch (denial.kind) {
    case "secure": {
      const why = `${detail}, from the wildcard below ${absoluteText(verdict.wildcard)}`;
      return { kind: "judged", security: "secure", expires: least, proof: { ...proof, detail: why } };
    }
    case "insecure": {
      const why = `${detail}, from a wildcard: ${denial.detail}`;
      return {
        kind: "judged",
        security: "insecure",
        expires: least,
        proof: { ...proof, verdict: "insecure", detail: why },
      };
    }
    case "refused":
      return failure("bogus", denial.detail, about);
    case "not-proved": {
      const why = `${about.subject} comes from a wildcard, and nothing proves that no closer name exists`;
      return failure("bogus", [why, ...evidence.faults].join("; "), about);
    }
    default:
      return unreachable(denial);
  }
}

interface About {
  readonly name: Name;
  readonly type: number;
  readonly context: WalkContext;
}

/** A zone above the closest anchor may vouch for something, but not call it unsigned. */
// RFC 6840 §5.10
export function mayDecide(signer: Name, result: { readonly security: Security }, about: About): boolean {
  if (result.security === "secure") return true;
  const anchor = closestAnchor(authorityName(about.name, about.type), about.context.anchors);
  return anchor !== undefined && isWithin(signer, anchor.zone);
}

/**
 * The zones that claim to have signed `sets`, deepest first: at or above `name`, above it for DS, and below some
 * anchor. Any anchor's word is taken for secure (RFC 6840 §5.10). More than three are noise.
 */
export function signersOf(sets: Iterable<RecordSet>, about: About): readonly Name[] {
  const { name, type, context } = about;
  const signers = new Map<string, Name>();
  for (const set of sets) {
    for (const { signer } of set.signatures) {
      const above = type === TYPE.DS && name.labels.length > 0 ? isBelow(name, signer) : isWithin(name, signer);
      if (above && closestAnchor(signer, context.anchors) !== undefined) signers.set(signer.key, signer);
    }
  }
  return [...signers.values()].sort((left, right) => right.labels.length - left.labels.length).slice(0, MOST_SIGNERS);
}

/** Where to look for the zone that answers for a name and type: DS belongs to the zone above. */
// RFC 4035 §3.1.4.1
export function authorityName(name: Name, type: number): Name {
  return type === TYPE.DS ? ancestorName(name) : name;
}

function unsigned(
  set: RecordSet,
  zone: { readonly expires: Instant; readonly proof: ProofNode },
  { now }: WalkContext,
): Standing {
  const expires = Math.min(now + set.ttl * 1000, zone.expires);
  const proof: ProofNode = {
    kind: "records",
    subject: subjectOf(set.owner, set.type),
    verdict: "insecure",
    detail: "lies in an unsigned zone",
    children: [zone.proof],
  };
  return { kind: "judged", security: "insecure", expires, proof };
}

const MOST_SIGNERS = 3;
