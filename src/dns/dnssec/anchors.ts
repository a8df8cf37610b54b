import type { Bytes } from "../../base/mod.ts";
import { ancestorName } from "../wire/hierarchy.ts";
import type { Name } from "../wire/name.ts";
import { ROOT } from "../wire/name.ts";
import type { Ds } from "../wire/rdata-dnssec.ts";
import type { Voucher } from "./delegation-signer.ts";

/** The points where trust starts, by the key of their name. */
export type TrustAnchors = ReadonlyMap<string, Voucher>;

export interface Anchor {
  readonly zone: Name;
  readonly ds?: Ds;
  /** Rdata of a DNSKEY that is trusted as it is. */
  readonly key?: Bytes;
}

/** Anchors of one zone stand beside each other: any of them may match. */
export function trustAnchors(anchors: readonly Anchor[]): TrustAnchors {
  const index = new Map<string, { zone: Name; ds: Ds[]; keys: Bytes[] }>();
  for (const { zone, ds, key } of anchors) {
    const voucher = index.get(zone.key) ?? { zone, ds: [], keys: [] };
    index.set(zone.key, voucher);
    if (ds !== undefined) voucher.ds.push(ds);
    if (key !== undefined) voucher.keys.push(key);
  }
  return index;
}

/** The anchor at the name or closest above it. */
export function closestAnchor(name: Name, anchors: TrustAnchors): Voucher | undefined {
  for (let zone = name; ; zone = ancestorName(zone)) {
    const anchor = anchors.get(zone.key);
    if (anchor !== undefined) return anchor;
    if (zone.labels.length === 0) return undefined;
  }
}

function rootDs(keyTag: number, digest: string): Anchor {
  return {
    zone: ROOT,
    ds: { keyTag, algorithm: 8, digestType: 2, digest: new Uint8Array(Buffer.from(digest, "hex")) },
  };
}

/** The root's key signing keys of 2017 and 2024, as IANA publishes them in root-anchors.xml. */
export const ROOT_ANCHORS: TrustAnchors = trustAnchors([
  rootDs(20326, "e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d"),
  rootDs(38696, "683d2d0acb8c9b712a1948b27f741219298d0a450d612c483af444a4c0fb2b16"),
]);
