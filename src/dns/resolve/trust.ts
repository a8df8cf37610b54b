import type { Instant } from "../../base/mod.ts";
import { unreachable } from "../../base/mod.ts";
import { closestAnchor } from "../dnssec/anchors.ts";
import type { Voucher } from "../dnssec/delegation-signer.ts";
import { checkKeys, usableDs } from "../dnssec/delegation-signer.ts";
import { isDenialType } from "../dnssec/evidence.ts";
import { recordSets, setKey, subjectOf } from "../dnssec/rrset.ts";
import { ancestorName, isBelow, isWithin, lastLabels, sameName } from "../wire/hierarchy.ts";
import type { Message } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { absoluteText } from "../wire/name.ts";
import { decodeDnskey } from "../wire/rdata-dnssec.ts";
import { TYPE } from "../wire/types.ts";
import type { Cut } from "./cut.ts";
import { judgeCut } from "./cut.ts";
import type { ProofNode } from "./types.ts";
import type { KnownZone, Secure, Walk, WalkContext, ZoneTrust } from "./walk.ts";
import { failure, failureAbove } from "./walk.ts";

/**
 * Whether the keys of `zone` can be trusted, from the anchor down. `zone` is known as the signer of something; when no
 * zone is there, that something is bogus.
 */
// RFC 4035 §5
export function* zoneTrust(zone: Name, context: WalkContext): Walk<ZoneTrust> {
  const anchor = closestAnchor(zone, context.anchors);
  if (anchor === undefined) return unanchored(zone);
  const known = knownAt(zone, anchor.zone, context);
  if (known !== undefined && (known.kind === "insecure" || sameName(known.zone, zone))) return known;
  if (sameName(anchor.zone, zone)) return yield* anchoredKeys(anchor, context);
  const answer = yield { name: zone, type: TYPE.DS, ahead: [{ name: zone, type: TYPE.DNSKEY }] };
  if (!answer.ok) return failure("unavailable", answer.error.detail, delegation(zone));
  const signer = signerAbove(zone, anchor.zone, answer.value);
  const above =
    signer === undefined ? yield* zoneAround(ancestorName(zone), context) : yield* zoneTrust(signer, context);
  if (above.kind === "insecure") return above;
  if (above.kind === "failure") return failureAbove(above, delegation(zone));
  const cut = judgeCut(zone, answer.value, { zone: above, context });
  const below = yield* followCut(zone, cut, { above, context });
  return below ?? failure("bogus", `${absoluteText(zone)} signs, but is no zone`, delegation(zone));
}

/** The deepest zone that `name` lies in, found label by label from above; the way for names that nobody signed for. */
export function* zoneAround(name: Name, context: WalkContext): Walk<ZoneTrust> {
  const anchor = closestAnchor(name, context.anchors);
  if (anchor === undefined) return unanchored(name);
  let zone: ZoneTrust = knownAt(name, anchor.zone, context) ?? (yield* anchoredKeys(anchor, context));
  if (zone.kind !== "secure") return zone;
  for (let labels = zone.zone.labels.length + 1; labels <= name.labels.length; labels++) {
    const candidate = lastLabels(name, labels);
    const answer = yield { name: candidate, type: TYPE.DS };
    if (!answer.ok) return failure("unavailable", answer.error.detail, delegation(candidate));
    const cut = judgeCut(candidate, answer.value, { zone, context });
    const below: ZoneTrust | undefined = yield* followCut(candidate, cut, { above: zone, context });
    if (below === undefined) continue;
    if (below.kind !== "secure") return below;
    zone = below;
  }
  return zone;
}

/** The zone below a cut; undefined when there is no cut. */
function* followCut(
  zone: Name,
  cut: Cut,
  { above, context }: { readonly above: Secure; readonly context: WalkContext },
): Walk<ZoneTrust | undefined> {
  switch (cut.kind) {
    case "none":
      return undefined;
    case "failure":
      return failure(cut.cause, cut.detail, { ...delegation(zone), children: [above.proof] });
    case "insecure":
      return remember(
        insecure(zone, { expires: Math.min(cut.expires, above.expires), detail: cut.detail }, above.proof),
        context,
      );
    case "child": {
      const node = { ...delegation(zone), verdict: "secure" as const, detail: cut.detail, children: [above.proof] };
      const expires = Math.min(cut.expires, above.expires);
      if (usableDs(cut.ds, context.policy).length === 0) {
        const detail = "no DS record has an algorithm and a digest that count today";
        return remember(insecure(zone, { expires, detail }, above.proof), context);
      }
      return yield* fetchKeys({ zone, ds: cut.ds }, { node, expires, context });
    }
    default:
      return unreachable(cut);
  }
}

function* anchoredKeys(anchor: Voucher, context: WalkContext): Walk<ZoneTrust> {
  const { zone, ds, keys = [] } = anchor;
  const count = ds.length + keys.length;
  const node: ProofNode = {
    kind: "anchor",
    subject: absoluteText(zone),
    verdict: "secure",
    detail: `configured trust anchor with ${count} ${count === 1 ? "key" : "keys"}`,
    children: [],
  };
  const supported = keys.some((rdata) => context.policy.signature(decodeDnskey(rdata)?.algorithm ?? 0) !== undefined);
  if (!supported && usableDs(ds, context.policy).length === 0) {
    const detail = "no trust anchor has an algorithm and a digest that count today";
    return insecure(zone, { expires: Number.POSITIVE_INFINITY, detail }, node);
  }
  return yield* fetchKeys(anchor, { node, expires: Number.POSITIVE_INFINITY, context });
}

function* fetchKeys(
  voucher: Voucher,
  from: { readonly node: ProofNode; readonly expires: Instant; readonly context: WalkContext },
): Walk<ZoneTrust> {
  const { node, context } = from;
  const about = { kind: "keys" as const, subject: subjectOf(voucher.zone, TYPE.DNSKEY), children: [node] };
  const answer = yield { name: voucher.zone, type: TYPE.DNSKEY };
  if (!answer.ok) return failure("unavailable", answer.error.detail, about);
  const set = recordSets(answer.value.answer).get(setKey(voucher.zone, TYPE.DNSKEY));
  if (set === undefined) return failure("bogus", `the zone ${absoluteText(voucher.zone)} shows no keys`, about);
  const verdict = checkKeys(set, voucher, context);
  if (verdict.kind === "bogus") return failure("bogus", verdict.detail, about);
  return remember(
    {
      kind: "secure",
      zone: voucher.zone,
      keys: verdict.keys,
      expires: Math.min(verdict.expires, from.expires),
      proof: { ...about, verdict: "secure", detail: verdict.detail },
    },
    context,
  );
}

/** The closest zone above `zone` that signed the DS answer, be it the records or their denial. */
function signerAbove(zone: Name, anchor: Name, message: Message): Name | undefined {
  const sets = [...recordSets(message.answer).values(), ...recordSets(message.authority).values()];
  let deepest: Name | undefined;
  for (const set of sets) {
    const tells = isDenialType(set.type) || (set.type === TYPE.DS && sameName(set.owner, zone));
    if (!tells) continue;
    for (const { signer } of set.signatures) {
      if (!isBelow(zone, signer) || !isWithin(signer, anchor)) continue;
      if (deepest === undefined || signer.labels.length > deepest.labels.length) deepest = signer;
    }
  }
  return deepest;
}

/** The deepest zone known at or above `name`, but not above `anchor`. */
function knownAt(name: Name, anchor: Name, { zones }: WalkContext): KnownZone | undefined {
  for (let zone = name; isWithin(zone, anchor); zone = ancestorName(zone)) {
    const known = zones.get(zone.key);
    if (known !== undefined) return known;
    if (zone.labels.length === 0) return undefined;
  }
  return undefined;
}

function remember(zone: KnownZone, { zones }: WalkContext): KnownZone {
  zones.set(zone.zone.key, zone, zone.expires);
  return zone;
}

function insecure(zone: Name, { expires, detail }: { expires: Instant; detail: string }, above: ProofNode): KnownZone {
  const proof = { ...delegation(zone), verdict: "insecure" as const, detail, children: [above] };
  return { kind: "insecure", zone, expires, proof };
}

// RFC 4033 §5: no anchor covers the name
function unanchored(zone: Name): KnownZone {
  const detail = "no trust anchor at the name or above it";
  const proof = {
    kind: "anchor" as const,
    subject: absoluteText(zone),
    verdict: "insecure" as const,
    detail,
    children: [],
  };
  return { kind: "insecure", zone, expires: Number.POSITIVE_INFINITY, proof };
}

function delegation(zone: Name): { readonly kind: "delegation"; readonly subject: string } {
  return { kind: "delegation", subject: subjectOf(zone, TYPE.DS) };
}
