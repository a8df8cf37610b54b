import type { Instant } from "../../base/mod.ts";
import { unreachable } from "../../base/mod.ts";
import type { Security } from "../answer.ts";
import type { Denial } from "../dnssec/denial.ts";
import type { Evidence } from "../dnssec/evidence.ts";
import { collectEvidence, isDenialType, proveNameError, proveNodata } from "../dnssec/evidence.ts";
import type { RecordSet } from "../dnssec/rrset.ts";
import { recordSets, subjectOf } from "../dnssec/rrset.ts";
import { isWithin } from "../wire/hierarchy.ts";
import type { Message } from "../wire/message.ts";
import { RCODE } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { absoluteText } from "../wire/name.ts";
import { decodeSoa } from "../wire/rdata.ts";
import { TYPE } from "../wire/types.ts";
import { zoneAround, zoneTrust } from "./trust.ts";
import type { ProofNode } from "./types.ts";
import { authorityName, mayDecide, signersOf } from "./validate.ts";
import type { Failure, Secure, Walk, WalkContext } from "./walk.ts";
import { failure, failureAbove } from "./walk.ts";

/** How far an absence can be trusted, and which it is. */
export type NegativeStanding =
  | {
      readonly kind: "nodata" | "nxdomain";
      readonly security: Security;
      readonly expires: Instant;
      readonly proof: ProofNode;
    }
  | Failure;

interface Asked {
  readonly name: Name;
  readonly type: number;
}

/** Judges an answer that has no records for the last name of its chain. */
// RFC 4035 §5.4
export function* judgeNegative(asked: Asked, message: Message, context: WalkContext): Walk<NegativeStanding> {
  const about = { kind: "denial" as const, subject: subjectOf(asked.name, asked.type) };
  const sets = [...recordSets(message.authority).values()];
  const denials = sets.filter((set) => isDenialType(set.type));
  let fault: Failure | undefined;
  for (const signer of signersOf(denials, { ...asked, context })) {
    const trust = yield* zoneTrust(signer, context);
    if (trust.kind === "insecure") continue;
    const standing =
      trust.kind === "failure" ? failureAbove(trust, about) : judgeBy(trust, asked, { message, sets, context });
    if (standing.kind === "failure") fault ??= standing;
    else if (mayDecide(signer, standing, { ...asked, context })) return standing;
  }
  // A denial that came with an alias may be of a zone above an unsigned one.
  const around = yield* zoneAround(authorityName(asked.name, asked.type), context);
  if (around.kind === "insecure") return unproved(asked, { message, sets, zone: around, context });
  if (fault !== undefined) return fault;
  if (around.kind === "failure") return failureAbove(around, about);
  const why = `nothing signed denies ${about.subject}, and ${absoluteText(around.zone)} is signed`;
  return failure("bogus", why, { ...about, children: [around.proof] });
}

function judgeBy(
  trust: Secure,
  asked: Asked,
  { message, sets, context }: { message: Message; sets: readonly RecordSet[]; context: WalkContext },
): NegativeStanding {
  const about = { kind: "denial" as const, subject: subjectOf(asked.name, asked.type), children: [trust.proof] };
  const check = { zone: trust.zone, keys: trust.keys, now: context.now, budget: context.budget };
  const evidence = collectEvidence(sets, check);
  const found = prove(asked, evidence, message.rcode === RCODE.NXDOMAIN);
  const expires = Math.min(evidence.expires ?? context.now, negativeEnd(asked.name, sets, context.now));
  switch (found.denial.kind) {
    case "secure": {
      const detail = found.kind === "nxdomain" ? "the name is proved absent" : "the type is proved absent";
      const proof: ProofNode = { ...about, verdict: "secure", detail };
      return { kind: found.kind, security: "secure", expires, proof };
    }
    case "insecure": {
      const proof: ProofNode = { ...about, verdict: "insecure", detail: found.denial.detail };
      return { kind: found.kind, security: "insecure", expires, proof };
    }
    case "refused":
      return failure("bogus", `${about.subject}: ${found.denial.detail}`, about);
    case "not-proved": {
      const why = `the denial records of ${absoluteText(trust.zone)} do not deny ${about.subject}`;
      return failure("bogus", [why, ...evidence.faults].join("; "), about);
    }
    default:
      return unreachable(found.denial);
  }
}

/** Tries what the response code claims first, then the other: an absence is true whichever code came with it. */
function prove(
  { name, type }: Asked,
  evidence: Evidence,
  nameError: boolean,
): { readonly kind: "nodata" | "nxdomain"; readonly denial: Denial } {
  const nxdomain = { kind: "nxdomain" as const, denial: () => proveNameError(name, evidence) };
  const nodata = { kind: "nodata" as const, denial: () => proveNodata(name, type, evidence) };
  const [first, second] = nameError ? [nxdomain, nodata] : [nodata, nxdomain];
  const denial = first.denial();
  if (denial.kind === "secure" || denial.kind === "refused") return { kind: first.kind, denial };
  const other = second.denial();
  return other.kind === "secure" ? { kind: second.kind, denial: other } : { kind: first.kind, denial };
}

function unproved(
  asked: Asked,
  from: {
    readonly message: Message;
    readonly sets: readonly RecordSet[];
    readonly zone: { readonly expires: Instant; readonly proof: ProofNode };
    readonly context: WalkContext;
  },
): NegativeStanding {
  const { message, sets, zone, context } = from;
  const proof: ProofNode = {
    kind: "denial",
    subject: subjectOf(asked.name, asked.type),
    verdict: "insecure",
    detail: "lies in an unsigned zone",
    children: [zone.proof],
  };
  const kind = message.rcode === RCODE.NXDOMAIN ? "nxdomain" : "nodata";
  const expires = Math.min(negativeEnd(asked.name, sets, context.now), zone.expires);
  return { kind, security: "insecure", expires, proof };
}

/** When an absence is to be forgotten: the SOA record says, and without one it is not kept at all. */
// RFC 2308 §5
function negativeEnd(name: Name, sets: readonly RecordSet[], now: Instant): Instant {
  const soa = sets.find((set) => set.type === TYPE.SOA && isWithin(name, set.owner));
  const [record] = soa?.records ?? [];
  const minimum = record === undefined ? undefined : decodeSoa(record.rdata)?.minimum;
  if (soa === undefined || minimum === undefined) return now;
  return now + Math.min(soa.ttl, minimum, MOST_NEGATIVE_SECONDS) * 1000;
}

/** RFC 2308 §5 found one to three hours to work well. */
const MOST_NEGATIVE_SECONDS = 10_800;
