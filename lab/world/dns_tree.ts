import type { SigningSpec } from "../types.ts";
import { delegationOf, newZoneKey, type ZoneKey } from "./dns_sign.ts";
import { readRecord } from "./dns_text.ts";
import { type DnsReply, DNS_TYPES, RCODE, type WireRecord } from "./dns_wire.ts";
import { type Zone, zoneOf } from "./dns_zone.ts";

/** A zone below "test", which is signed as the root is. */
export interface ZonePlan {
  readonly name: string;
  /** In the text that `readRecord` reads. */
  readonly records: readonly string[];
  readonly signed: boolean;
  /** Seconds since 1970; default the lab's. */
  readonly dates?: { readonly inception: number; readonly expiration: number };
  readonly signing?: Pick<SigningSpec, "ds" | "colliding" | "rounds">;
}

/** All zones of the lab: what a recursive resolver would come to know of them. */
export interface DnsTree {
  /** DS of the root, as a trust anchor file has it. */
  readonly anchors: string;
  lookup(name: string, type: number): DnsReply;
}

export function growTree(
  plans: readonly ZonePlan[],
  dates: { readonly inception: number; readonly expiration: number },
): DnsTree {
  const keys = new Map<string, ZoneKey>();
  for (const plan of plans) if (plan.signed) keys.set(plan.name, newZoneKey(plan.name, plan.dates ?? dates));
  const top = newZoneKey(TOP, dates);
  const root = newZoneKey("", dates);
  const zones = new Map<string, Zone>();
  for (const { name, records, signing } of plans)
    zones.set(name, zoneOf(name, records.map(readRecord), keys.get(name), signing));
  const delegations = plans.flatMap((plan) => delegation(plan, keys.get(plan.name)));
  zones.set(TOP, zoneOf(TOP, delegations.map(readRecord), top));
  const own = [`${TOP} NS ns.${TOP}`, `${TOP} DS ${delegationOf(top)}`];
  zones.set("", zoneOf("", own.map(readRecord), root));
  return {
    anchors: `. IN DS ${delegationOf(root)}\n`,
    lookup: (name, type) => lookup(zones, name, type),
  };
}

function delegation({ name, signing: { ds } = {} }: ZonePlan, key: ZoneKey | undefined): readonly string[] {
  const fault = ds === "none" ? undefined : ds;
  const proof = key === undefined || ds === "none" ? [] : [`${name} DS ${delegationOf(key, fault)}`];
  return [`${name} NS ns.${name}`, ...proof];
}

function lookup(zones: ReadonlyMap<string, Zone>, name: string, type: number): DnsReply {
  const answer: WireRecord[] = [];
  for (let owner = name, links = 0; links < MOST_LINKS; links++) {
    const zone = zoneFor(zones, owner, type);
    const alias = type === DNS_TYPES.CNAME ? [] : zone.find(owner, DNS_TYPES.CNAME);
    const found = alias.length > 0 ? alias : zone.find(owner, type);
    answer.push(...found);
    if (found.length === 0) return { ...zone.deny(owner), answer };
    if (alias.length === 0) return { rcode: RCODE.ok, answer, authority: [] };
    owner = targetOf(alias);
  }
  return { rcode: RCODE.servfail, answer: [], authority: [] };
}

/** A zone's DS stands above it (RFC 4035 §3.1.4.1). */
function zoneFor(zones: ReadonlyMap<string, Zone>, owner: string, type: number): Zone {
  const from = type === DNS_TYPES.DS ? above(owner) : owner;
  for (let name = from; ; name = above(name)) {
    const zone = zones.get(name);
    if (zone !== undefined) return zone;
  }
}

function above(name: string): string {
  const dot = name.indexOf(".");
  return dot < 0 ? "" : name.slice(dot + 1);
}

function targetOf(alias: readonly WireRecord[]): string {
  const rdata = Buffer.from(alias[0]?.rdata ?? []);
  const labels: string[] = [];
  for (let at = 0; (rdata[at] ?? 0) > 0; at += (rdata[at] ?? 0) + 1)
    labels.push(rdata.toString("latin1", at + 1, at + 1 + (rdata[at] ?? 0)));
  return labels.join(".");
}

/** Under it lie the domains of all cells. */
export const TOP = "test";
/** More than any client follows; a loop ends here. */
const MOST_LINKS = 24;
