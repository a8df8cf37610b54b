import type { KeyObject } from "node:crypto";
import { generateKeyPairSync, sign as signOctets } from "node:crypto";
import { concat } from "../../src/base/mod.ts";
import { canonicalRdatas, ownerLabels, signedData } from "../../src/dns/dnssec/canonical.ts";
import { standardAlgorithms } from "../../src/dns/dnssec/algorithms.ts";
import { keyTag } from "../../src/dns/dnssec/keys.ts";
import { nsec3Hash } from "../../src/dns/dnssec/nsec3-hash.ts";
import type { RecordSet } from "../../src/dns/dnssec/rrset.ts";
import { recordSets, setKey } from "../../src/dns/dnssec/rrset.ts";
import { octets16, octets32 } from "../../src/dns/wire/encode.ts";
import { ancestorName, compareNames, isBelow, isWithin, sameName, wildcardOf } from "../../src/dns/wire/hierarchy.ts";
import type { RawRecord } from "../../src/dns/wire/message.ts";
import type { Name } from "../../src/dns/wire/name.ts";
import { canonicalWire, nameOf, nameWire } from "../../src/dns/wire/name.ts";
import type { Ds, Rrsig } from "../../src/dns/wire/rdata-dnssec.ts";
import { base32HexOctets, bitmapOctets } from "../../src/dns/wire/text-fields.ts";
import { parseRecord } from "../../src/dns/wire/text-parse.ts";
import { base32Hex } from "../../src/dns/wire/text-present.ts";
import { CLASS_IN, TYPE } from "../../src/dns/wire/types.ts";

/** A key pair of a zone, in DNSSEC's form. */
export interface SigningKey {
  readonly algorithm: number;
  readonly rdata: Uint8Array;
  readonly tag: number;
  readonly sign: (data: Uint8Array) => Uint8Array;
}

export interface ZoneOptions {
  readonly name: string;
  /** Zone file lines with absolute names; the SOA record comes by itself. */
  readonly records: readonly string[];
  /** None: the zone is unsigned. */
  readonly keys?: readonly SigningKey[];
  readonly denial?: "nsec" | "nsec3" | "nsec3-opt-out";
  readonly iterations?: number;
  /** Delegations: the child's name, and its DS records when it is signed. */
  readonly children?: readonly { readonly name: string; readonly ds?: readonly Ds[] }[];
  readonly inception?: number;
  readonly expiration?: number;
}

/** A whole zone with all its signatures, by set. */
export interface Zone {
  readonly name: Name;
  readonly sets: ReadonlyMap<string, RecordSet>;
  readonly names: readonly Name[];
  readonly ds: readonly Ds[];
  readonly signatures: (set: RecordSet) => readonly RawRecord[];
  /** What an authoritative server puts in the authority section to deny `name`, or a closer match than the wildcard. */
  readonly denial: (name: Name) => readonly RawRecord[];
  readonly cuts: readonly Name[];
}

export function makeKey(algorithm: number, flags = 257): SigningKey {
  const { publicOctets, privateKey, hash } = GENERATORS[algorithm]?.() ?? raise(algorithm);
  const rdata = concat([octets16(flags), Uint8Array.of(3, algorithm), publicOctets]);
  return {
    algorithm,
    rdata,
    tag: keyTag(rdata),
    sign: (data) => new Uint8Array(signOctets(hash, data, { key: privateKey, dsaEncoding: "ieee-p1363" })),
  };
}

export function makeDs(zone: string, key: SigningKey, digestType = 2): Ds {
  const digest = standardAlgorithms.digest(digestType) ?? raise(digestType);
  const input = concat([canonicalWire(nameOf(zone)), key.rdata]);
  return { keyTag: key.tag, algorithm: key.algorithm, digestType, digest: digest(input) };
}

export function record(text: string): RawRecord {
  const parsed = parseRecord(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error}`);
  return parsed.value;
}

/** Signs a set; `changes` makes it wrong where a test wants it wrong. */
export function signSet(
  set: RecordSet,
  key: SigningKey,
  by: {
    readonly zone: Name;
    readonly inception?: number;
    readonly expiration?: number;
    readonly changes?: Partial<Rrsig>;
  },
): RawRecord {
  const empty: Rrsig = {
    typeCovered: set.type,
    algorithm: key.algorithm,
    labels: ownerLabels(set.owner),
    originalTtl: set.ttl,
    expiration: by.expiration ?? EXPIRATION,
    inception: by.inception ?? INCEPTION,
    keyTag: key.tag,
    signer: by.zone,
    signature: new Uint8Array(),
    ...by.changes,
  };
  const signature = key.sign(signedData(set, empty, canonicalRdatas(set)));
  const rdata = concat([
    octets16(empty.typeCovered),
    Uint8Array.of(empty.algorithm, empty.labels),
    octets32(empty.originalTtl),
    octets32(empty.expiration),
    octets32(empty.inception),
    octets16(empty.keyTag),
    nameWire(empty.signer),
    signature,
  ]);
  return { owner: set.owner, type: TYPE.RRSIG, class: CLASS_IN, ttl: set.ttl, rdata };
}

export function makeZone(options: ZoneOptions): Zone {
  const name = nameOf(options.name);
  const keys = options.keys ?? [];
  const apex = options.name === "." ? "." : `${options.name}.`;
  const children = options.children ?? [];
  const cuts = children.map((child) => nameOf(child.name));
  const records: RawRecord[] = [
    record(`${apex} 3600 SOA ns.invalid. host.invalid. 1 7200 3600 1209600 600`),
    record(`${apex} 3600 NS ns.invalid.`),
    ...options.records.map(record),
    ...keys.map(({ rdata }) => ({ owner: name, type: TYPE.DNSKEY, class: CLASS_IN, ttl: 3600, rdata })),
  ];
  for (const child of children) {
    records.push(record(`${child.name}. 3600 NS ns.invalid.`));
    for (const ds of child.ds ?? [])
      records.push({ owner: nameOf(child.name), type: TYPE.DS, class: 1, ttl: 3600, rdata: dsRdata(ds) });
  }
  const plain = recordSets(records);
  const names = allNames(
    name,
    [...plain.values()].map((set) => set.owner),
  );
  const all = keys.length === 0 ? plain : withDenial({ name, options, cuts, names }, plain);
  const made = new WeakMap<RecordSet, readonly RawRecord[]>();
  const signatures = (set: RecordSet): readonly RawRecord[] => {
    const known = made.get(set) ?? sign(set);
    made.set(set, known);
    return known;
  };
  const sign = (set: RecordSet): readonly RawRecord[] => {
    const isCut = cuts.some((cut) => sameName(cut, set.owner)) && set.type === TYPE.NS;
    if (isCut || keys.length === 0) return [];
    return keys.map((key) => signSet(set, key, { zone: name, ...validity(options) }));
  };
  return {
    name,
    sets: all,
    names,
    cuts,
    signatures,
    ds: keys.map((key) => makeDs(options.name, key)),
    denial: (denied) => (keys.length === 0 ? [] : denialFor(denied, { name, options, names, all, signatures })),
  };
}

function validity({ inception, expiration }: ZoneOptions): { inception?: number; expiration?: number } {
  return { ...(inception === undefined ? {} : { inception }), ...(expiration === undefined ? {} : { expiration }) };
}

/** The owners and every name between them and the apex, in canonical order. */
function allNames(apex: Name, owners: readonly Name[]): readonly Name[] {
  const found = new Map<string, Name>();
  for (const owner of owners) {
    for (let name = owner; isWithin(name, apex); name = ancestorName(name)) {
      found.set(name.key, name);
      if (name.labels.length === 0) break;
    }
  }
  return [...found.values()].sort(compareNames);
}

interface Making {
  readonly name: Name;
  readonly options: ZoneOptions;
  readonly names: readonly Name[];
}

function withDenial(
  making: Making & { readonly cuts: readonly Name[] },
  plain: ReadonlyMap<string, RecordSet>,
): ReadonlyMap<string, RecordSet> {
  const { name, options, cuts } = making;
  const sets = [...plain.values()];
  const typesAt = (owner: Name): number[] => sets.filter((set) => sameName(set.owner, owner)).map((set) => set.type);
  const authoritative = making.names.filter((owner) => !cuts.some((cut) => isBelow(owner, cut)));
  if ((options.denial ?? "nsec") === "nsec") {
    const owners = authoritative.filter((owner) => typesAt(owner).length > 0);
    const records = owners.map((owner, at) => {
      const next = owners[(at + 1) % owners.length] ?? name;
      const rdata = concat([nameWire(next), bitmapOctets([...typesAt(owner), TYPE.NSEC, TYPE.RRSIG])]);
      return { owner, type: TYPE.NSEC, class: CLASS_IN, ttl: 600, rdata };
    });
    return new Map([...plain, ...recordSets(records)]);
  }
  const optOut = options.denial === "nsec3-opt-out";
  const hashed = authoritative
    .filter((owner) => !optOut || !isUnsignedCut(owner, typesAt(owner)))
    .map((owner) => ({ hash: base32Hex(nsec3Hash(owner, parameters(options))), types: typesAt(owner) }))
    .sort((left, right) => (left.hash < right.hash ? -1 : 1));
  const records = hashed.map(({ hash, types }, at) => {
    const next = base32HexOctets(hashed[(at + 1) % hashed.length]?.hash ?? hash) ?? new Uint8Array();
    const { salt, iterations } = parameters(options);
    const shown = types.length === 0 || isUnsignedCut(name, types) ? types : [...types, TYPE.RRSIG];
    const rdata = concat([
      Uint8Array.of(1, optOut ? 1 : 0),
      octets16(iterations),
      Uint8Array.of(salt.length),
      salt,
      Uint8Array.of(20),
      next,
      bitmapOctets(shown),
    ]);
    return { owner: hashedOwner(hash, name), type: TYPE.NSEC3, class: CLASS_IN, ttl: 600, rdata };
  });
  return new Map([...plain, ...recordSets(records)]);
}

function isUnsignedCut(_owner: Name, types: readonly number[]): boolean {
  return types.includes(TYPE.NS) && !types.includes(TYPE.SOA) && !types.includes(TYPE.DS);
}

function parameters({ iterations = 0 }: ZoneOptions): { readonly iterations: number; readonly salt: Uint8Array } {
  return { iterations, salt: Uint8Array.of(0xab, 0xcd) };
}

function hashedOwner(hash: string, zone: Name): Name {
  const text =
    zone.labels.length === 0 ? hash : `${hash}.${zone.labels.map((label) => Buffer.from(label).toString()).join(".")}`;
  return nameOf(text);
}

function denialFor(
  denied: Name,
  from: Making & { readonly all: ReadonlyMap<string, RecordSet>; readonly signatures: Zone["signatures"] },
): readonly RawRecord[] {
  const { name, options, names, all, signatures } = from;
  let encloser = denied;
  while (!names.some((one) => sameName(one, encloser))) encloser = ancestorName(encloser);
  const wildcard = wildcardOf(encloser) ?? encloser;
  const wanted = new Map<string, RecordSet>();
  const add = (set: RecordSet | undefined): void => void (set && wanted.set(setKey(set.owner, set.type), set));
  if ((options.denial ?? "nsec") === "nsec") {
    const chain = [...all.values()]
      .filter((set) => set.type === TYPE.NSEC)
      .sort((left, right) => compareNames(left.owner, right.owner));
    for (const one of [denied, wildcard])
      add(chain.findLast((set) => compareNames(set.owner, one) <= 0) ?? chain.at(-1));
  } else {
    const chain = [...all.values()]
      .filter((set) => set.type === TYPE.NSEC3)
      .sort((left, right) => (left.owner.key < right.owner.key ? -1 : 1));
    const owners = new Set(chain.map((set) => set.owner.key));
    const hashes = (one: Name): boolean =>
      owners.has(hashedOwner(base32Hex(nsec3Hash(one, parameters(options))), name).key);
    if (!hashes(denied)) while (sameName(encloser, denied) || !hashes(encloser)) encloser = ancestorName(encloser);
    const next =
      denied.labels.length > encloser.labels.length
        ? ancestorName(denied, denied.labels.length - encloser.labels.length - 1)
        : denied;
    for (const one of [denied, encloser, next, wildcard]) {
      const hash = hashedOwner(base32Hex(nsec3Hash(one, parameters(options))), name);
      add(chain.findLast((set) => set.owner.key <= hash.key) ?? chain.at(-1));
    }
  }
  add(all.get(setKey(name, TYPE.SOA)));
  return [...wanted.values()].flatMap((set) => [...set.records, ...signatures(set)]);
}

export function dsRdata(ds: Ds): Uint8Array {
  return concat([octets16(ds.keyTag), Uint8Array.of(ds.algorithm, ds.digestType), ds.digest]);
}

function raise(number: number): never {
  throw new Error(`Cannot make what has number ${number}`);
}

interface Generated {
  readonly publicOctets: Uint8Array;
  readonly privateKey: KeyObject;
  readonly hash: string | null;
}

function rsa(hash: string): Generated {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const { n = "", e = "" } = publicKey.export({ format: "jwk" });
  const exponent = Buffer.from(e, "base64url");
  return {
    publicOctets: concat([Uint8Array.of(exponent.length), exponent, Buffer.from(n, "base64url")]),
    privateKey,
    hash,
  };
}

function ecdsa(namedCurve: string, hash: string): Generated {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve });
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  return { publicOctets: concat([Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]), privateKey, hash };
}

function edwards(curve: "ed25519" | "ed448"): Generated {
  const { publicKey, privateKey } = curve === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ed448");
  const { x = "" } = publicKey.export({ format: "jwk" });
  return { publicOctets: new Uint8Array(Buffer.from(x, "base64url")), privateKey, hash: null };
}

const INCEPTION = Date.UTC(2026, 1, 1) / 1000;
const EXPIRATION = Date.UTC(2026, 4, 1) / 1000;
const GENERATORS: { readonly [algorithm: number]: () => Generated } = {
  5: () => rsa("sha1"),
  8: () => rsa("sha256"),
  10: () => rsa("sha512"),
  13: () => ecdsa("P-256", "sha256"),
  14: () => ecdsa("P-384", "sha384"),
  15: () => edwards("ed25519"),
  16: () => edwards("ed448"),
};
