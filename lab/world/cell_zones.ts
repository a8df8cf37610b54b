import { createHash } from "node:crypto";
import type { Instant } from "../../src/base/mod.ts";
import type { Attack, HostSpec, TlsaSpec, WorldChange } from "../types.ts";
import type { Chain } from "./authority.ts";
import type { CellPlan } from "./cell.ts";
import type { ZonePlan } from "./dns_tree.ts";
import type { CellNames } from "./names.ts";

/** The mail hosts of a cell. */
export function hostsOf(change: WorldChange): Readonly<Record<string, HostSpec>> {
  const own = mxOf(change).map((name) => [name, { owner: "victim" }] as const);
  return { ...Object.fromEntries(own), ...change.hosts };
}

/** Names of the victim's MX hosts. */
export function mxOf({ mx = ["mx.T"] }: WorldChange): readonly string[] {
  return mx;
}

export interface ZoneDates {
  /** Milliseconds. */
  readonly start: Instant;
  /** Seconds since 1970. */
  readonly dates: { readonly inception: number; readonly expiration: number };
}

interface ZoneParts {
  readonly plan: CellPlan;
  readonly names: CellNames;
  readonly chains: ReadonlyMap<string, Chain>;
}

/** The zones of a cell: what an honest world publishes, but for what the row changes. */
export function zonesOf({ plan, names, chains }: ZoneParts, { dates, start }: ZoneDates): readonly ZonePlan[] {
  const change = plan.attack.world ?? {};
  const { T, E, P } = names.domains;
  const added = (change.add ?? []).map(names.spell);
  const published = [
    ...honest(plan),
    ...(change.tlsa ?? (plan.base === "P6" ? mxOf(change).map(ownTlsa) : [])).map((spec) => tlsaLine(spec, chains)),
    ...Object.keys(hostsOf(change)).map((host) => `${host} A @${host}`),
  ].map(names.spell);
  const removed = (change.remove ?? []).map(names.spell);
  const kept = published.filter((line) => !removed.some((one) => line.startsWith(`${one} `)));
  const records = [...kept, ...added];
  const of = (domain: string): readonly string[] =>
    records.filter((line) => {
      const [owner = ""] = line.split(" ");
      return owner === domain || owner.endsWith(`.${domain}`);
    });
  const { signing = {}, signed = plan.base === "P6", signedOthers = false } = change;
  const moved = (by: number | undefined, otherwise: number): number =>
    by === undefined ? otherwise : Math.floor((start + by) / 1000);
  const own = {
    inception: moved(signing.inception, dates.inception),
    expiration: moved(signing.expiration, dates.expiration),
  };
  return [
    { name: T, signed, records: of(T), dates: own, signing },
    ...[E, P].map((name) => ({ name, signed: signedOthers, records: of(name) })),
  ];
}

function honest({ policy, base, attack }: CellPlan): readonly string[] {
  const sts = attack.world?.sts;
  const txt = sts?.txt === undefined ? ["v=STSv1; id=1;"] : (sts.txt ?? []);
  return [
    ...mxOf(attack.world ?? {}).map((name, at) => `T MX ${(at + 1) * 10} ${name}`),
    ...(policy === "P0" ? [] : [`_smtp._tls.T TXT "v=TLSRPTv1; rua=mailto:tls@T"`]),
    ...(hasSts(base, attack) ? [...txt.map((one) => `_mta-sts.T TXT "${one}"`), "mta-sts.T A 127.0.0.1"] : []),
    ...(attack.world?.stsOfE === undefined ? [] : ['_mta-sts.E TXT "v=STSv1; id=1;"', "mta-sts.E A 127.0.0.1"]),
  ];
}

/** The victim publishes MTA-STS in its columns, and where a row says so. */
function hasSts(base: CellPlan["base"], { world }: Attack): boolean {
  return base.startsWith("P5") || world?.sts !== undefined;
}

/** The text of the victim's MTA-STS policy; undefined when it has none. */
export function stsText({ base, attack }: CellPlan, { spell }: CellNames): string | undefined {
  if (!hasSts(base, attack)) return undefined;
  const { mode = base === "P5t" ? "testing" : "enforce", maxAge = 604_800, text } = attack.world?.sts ?? {};
  return text === undefined ? policyText(mode, patternsOf(attack.world ?? {}).map(spell), maxAge) : spell(text);
}

/** What a sender in P5c has met before: an honest policy. */
export function storedText({ attack }: CellPlan, { spell }: CellNames): string {
  const { world = {} } = attack;
  return policyText("enforce", (world.sts?.stored ?? mxOf(world)).map(spell), world.sts?.maxAge ?? 604_800);
}

/** That of the attacker's own domain. */
export function stsTextOfE({ attack }: CellPlan, { spell }: CellNames): string | undefined {
  const hosts = attack.world?.stsOfE;
  return hosts && policyText("enforce", hosts.map(spell), 604_800);
}

/** What the victim's policies allow as names of its hosts. */
export function patternsOf(change: WorldChange): readonly string[] {
  return change.sts?.mx ?? mxOf(change);
}

function policyText(mode: string, mx: readonly string[], maxAge: number): string {
  const lines = ["version: STSv1", `mode: ${mode}`, ...mx.map((one) => `mx: ${one}`), `max_age: ${maxAge}`];
  return `${lines.join("\r\n")}\r\n`;
}

function ownTlsa(host: string): TlsaSpec {
  return { at: `_25._tcp.${host}`, numbers: "3 1 1", of: host };
}

function tlsaLine({ at, numbers, of, nth = 0, data }: TlsaSpec, chains: ReadonlyMap<string, Chain>): string {
  if (data !== undefined) return `${at} TLSA ${numbers} ${data}`;
  const certificate = chains.get(of ?? "mx.T")?.whole[nth];
  if (certificate === undefined) throw new Error(`No certificate number ${nth} at ${of}`);
  const [, selector, matching] = numbers.split(" ");
  const octets = selector === "0" ? certificate.der : certificate.spki;
  if (matching === "0") return `${at} TLSA ${numbers} ${Buffer.from(octets).toString("hex")}`;
  const digest = createHash(matching === "2" ? "sha512" : "sha256")
    .update(octets)
    .digest("hex");
  return `${at} TLSA ${numbers} ${digest}`;
}
