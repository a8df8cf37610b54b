import type { Authority, ZonePlan } from "./dns-world.ts";
import { change, drop, flipLast, graft } from "./dns-faults.ts";
import type { KeyPair, SignedZone } from "./dns-zone.ts";

/** A question to a zone of the private Internet, its name relative to the zone. */
export type Ask = readonly [label: string, type: string];

export interface Scenario {
  readonly plan: ZonePlan;
  readonly asks: readonly Ask[];
}

/** Root, top-level zones, sound zones of every algorithm and denial, insecure ones, and one zone for each fault. */
export function scenarios(): readonly Scenario[] {
  return [...tops(), ...sound(), ...unusual(), ...insecure(), ...faulty()];
}

const ALGORITHMS = [8, 10, 13, 14, 15, 16] as const;
const SERVERS: readonly Authority[] = ["nsd", "knot", "named"];

const content = (neighbour: string): string => `@ MX 10 mx
@ A 192.0.2.1
@ TXT "v=spf1 mx -all"
mx A 192.0.2.25
mx AAAA 2001:db8::25
_25._tcp.mx TLSA 3 1 1 0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afc3
*.w A 192.0.2.77
*.w MX 10 mx
real.w TXT "here"
host.ent A 192.0.2.78
*.wc CNAME mx
alias CNAME mx
twice CNAME alias
loop CNAME pool
pool CNAME loop
out CNAME mx.${neighbour}.
gone CNAME nope.${neighbour}.
into CNAME x.w.${neighbour}.
dn DNAME tree.${neighbour}.
self DNAME tree
a.tree A 192.0.2.88`;

const EVERYTHING: readonly Ask[] = [
  ["@", "MX"],
  ["@", "A"],
  ["@", "AAAA"],
  ["@", "TXT"],
  ["@", "SOA"],
  ["@", "NS"],
  ["@", "DNSKEY"],
  ["@", "DS"],
  ["mx", "A"],
  ["mx", "AAAA"],
  ["mx", "MX"],
  ["mx", "CNAME"],
  ["ns", "DS"],
  ["_25._tcp.mx", "TLSA"],
  ["_26._tcp.mx", "TLSA"],
  ["_tcp.mx", "A"],
  ["nope", "A"],
  ["a.b.c.nope", "MX"],
  ["x.w", "A"],
  ["x.w", "TXT"],
  ["y.x.w", "MX"],
  ["real.w", "A"],
  ["ent", "A"],
  ["under.host.ent", "A"],
  ["x.wc", "A"],
  ["x.wc", "MX"],
  ["alias", "A"],
  ["alias", "CNAME"],
  ["twice", "AAAA"],
  ["loop", "A"],
  ["out", "A"],
  ["out", "TXT"],
  ["gone", "A"],
  ["into", "A"],
  ["a.dn", "A"],
  ["nope.dn", "A"],
  ["dn", "DNAME"],
  ["dn", "A"],
  ["a.self", "A"],
  ["w", "A"],
];

const SOME: readonly Ask[] = [
  ["@", "MX"],
  ["mx", "A"],
  ["mx", "MX"],
  ["_25._tcp.mx", "TLSA"],
  ["nope", "A"],
  ["x.w", "A"],
  ["x.w", "TXT"],
  ["alias", "A"],
  ["out", "A"],
  ["@", "DS"],
];

function tops(): readonly Scenario[] {
  const top = (name: string, more: Partial<ZonePlan>): Scenario => ({
    plan: { name, server: "nsd", records: "", algorithms: [13], ...more },
    asks: [
      ["@", "SOA"],
      ["@", "DNSKEY"],
      ["@", "DS"],
      ["@", "MX"],
      ["nope", "A"],
      ["nope", "DS"],
    ],
  });
  return [
    top("", {}),
    top("example", { signing: { denial: "nsec3" } }),
    top("test", { algorithms: [8], server: "named", signing: { signer: "bind" } }),
    top("optout", { server: "knot", signing: { signer: "bind", denial: "optout" } }),
  ];
}

function sound(): readonly Scenario[] {
  return ALGORITHMS.flatMap((algorithm, at) => {
    const next = ALGORITHMS[(at + 1) % ALGORITHMS.length] ?? 13;
    const signers = ["ldns", "bind"] as const;
    const plans: readonly ZonePlan[] = [
      {
        name: `a${algorithm}.example`,
        server: SERVERS[at % 3] ?? "nsd",
        records: content(`b${next}.test`),
        algorithms: [algorithm],
        signing: { signer: signers[at % 2] ?? "ldns", denial: "nsec" },
      },
      {
        name: `b${algorithm}.test`,
        server: SERVERS[(at + 1) % 3] ?? "nsd",
        records: content(`a${next}.example`),
        algorithms: [algorithm],
        signing: { signer: signers[(at + 1) % 2] ?? "ldns", denial: "nsec3", iterations: at },
      },
    ];
    return plans.map((plan) => ({ plan, asks: EVERYTHING }));
  });
}

/** A P-256 zone on NSD, where any nonsense may be served. */
function zone(name: string, more: Partial<ZonePlan> = {}): ZonePlan {
  return { name, server: "nsd", records: content("a13.example"), algorithms: [13], ...more };
}

function unusual(): readonly Scenario[] {
  const first = (keys: readonly KeyPair[]): readonly KeyPair[] => keys.slice(0, 1);
  const plans: readonly ZonePlan[] = [
    zone("deep.a13.example", { signing: { denial: "nsec3" } }),
    zone("signed.optout", { signing: { denial: "optout", signer: "bind" } }),
    zone("two-algorithms.example", { algorithms: [8, 13], signing: { all: true } }),
    // Algorithm rollover, the new key published and used, its DS not yet there.
    zone("new-algorithm.example", { algorithms: [8, 13], signing: { all: true }, ds: (keys) => [keys[0]?.ds ?? ""] }),
    // Algorithm rollover, DS for both, the data signed by the old key alone.
    zone("half-algorithm.example", {
      algorithms: [13, 15],
      signing: { all: true },
      spoil: (signed, { keys }) =>
        signed.filter(
          (r) => r.type !== "RRSIG" || r.rdata.startsWith("DNSKEY") || r.rdata.includes(` ${keys[0]?.tag} `),
        ),
    }),
    // Key rollover: the next DS is published before its key.
    zone("next-ds.example", { algorithms: [13, 13], signers: first, spoil: dropKey(1) }),
    // Key rollover: the next key is published and signs nothing.
    zone("next-key.example", { algorithms: [13, 13], ds: (keys) => [keys[0]?.ds ?? ""], spoil: onlySignedBy(0) }),
    zone("strong-and-strange-ds.example", { ds: (keys) => [...keys.map((k) => k.ds), strangeDs(keys, "algorithm")] }),
  ];
  return plans.map((plan) => ({ plan, asks: SOME }));
}

function insecure(): readonly Scenario[] {
  const plans: readonly ZonePlan[] = [
    zone("plain.example", { algorithms: [] }),
    zone("plain.test", { algorithms: [] }),
    zone("plain.optout", { algorithms: [] }),
    zone("other.optout", { algorithms: [], records: content("plain.example") }),
    zone("island.plain.test"),
    zone("deeper.island.plain.test", { signing: { denial: "nsec3" } }),
    zone("no-ds.example", { ds: () => [] }),
    zone("no-ds.test", { ds: () => [] }),
    zone("no-ds.optout", { ds: () => [] }),
    zone("strange-algorithm.example", { ds: (keys) => [strangeDs(keys, "algorithm")] }),
    zone("strange-digest.example", { ds: (keys) => [strangeDs(keys, "digest")] }),
    zone("iterations.example", { signing: { denial: "nsec3", iterations: 100 } }),
    zone("to-plain.example", { records: content("plain.test") }),
  ];
  return plans.map((plan) => ({ plan, asks: SOME }));
}

function faulty(): readonly Scenario[] {
  const at = (name: string, label: string): string => `${label}.${name}.`;
  const spoiled: readonly (readonly [string, (name: string) => ZonePlan["spoil"]])[] = [
    ["flip-mx", (name) => (z) => change(z, { owner: `${name}.`, type: "RRSIG", covers: "MX" }, flipLast)],
    ["flip-a", (name) => (z) => change(z, { owner: at(name, "mx"), type: "RRSIG", covers: "A" }, flipLast)],
    [
      "flip-tlsa",
      (name) => (z) => change(z, { owner: at(name, "_25._tcp.mx"), type: "RRSIG", covers: "TLSA" }, flipLast),
    ],
    ["flip-dnskey", () => (z) => change(z, { type: "RRSIG", covers: "DNSKEY" }, flipLast)],
    ["flip-key", () => (z) => change(z, { type: "DNSKEY" }, flipLast)],
    ["flip-nsec", () => (z) => change(z, { type: "RRSIG", covers: "NSEC" }, flipLast)],
    ["flip-soa", () => (z) => change(z, { type: "RRSIG", covers: "SOA" }, flipLast)],
    ["other-data", (name) => (z) => change(z, { owner: at(name, "mx"), type: "A" }, () => "192.0.2.66")],
    ["other-tlsa", () => (z) => change(z, { type: "TLSA" }, (rdata) => rdata.replace("0b9f", "1b9f"))],
    ["drop-mx-sig", (name) => (z) => drop(z, { owner: `${name}.`, type: "RRSIG", covers: "MX" })],
    ["drop-a-sig", (name) => (z) => drop(z, { owner: at(name, "mx"), type: "RRSIG", covers: "A" })],
    ["drop-cname-sig", (name) => (z) => drop(z, { owner: at(name, "alias"), type: "RRSIG", covers: "CNAME" })],
    ["drop-dnskey-sig", () => (z) => drop(z, { type: "RRSIG", covers: "DNSKEY" })],
    ["drop-dnskey", () => (z) => drop(drop(z, { type: "RRSIG", covers: "DNSKEY" }), { type: "DNSKEY" })],
    ["drop-nsec", () => (z) => drop(drop(z, { type: "RRSIG", covers: "NSEC" }), { type: "NSEC" })],
    ["drop-nsec-sig", () => (z) => drop(z, { type: "RRSIG", covers: "NSEC" })],
    ["drop-all-sigs", () => (z) => drop(z, { type: "RRSIG" })],
    ["wrong-labels", (name) => (z) => change(z, { owner: at(name, "mx"), type: "RRSIG", covers: "A" }, field(2, "2"))],
    [
      "wrong-signer",
      (name) => (z) => change(z, { owner: at(name, "mx"), type: "RRSIG", covers: "A" }, field(7, "a13.example.")),
    ],
    [
      "parent-signer",
      (name) => (z) => change(z, { owner: at(name, "mx"), type: "RRSIG", covers: "A" }, field(7, "example.")),
    ],
    ["wrong-tag", (name) => (z) => change(z, { owner: at(name, "mx"), type: "RRSIG", covers: "A" }, field(6, "1"))],
    ["wrong-ttl", (name) => (z) => change(z, { owner: at(name, "mx"), type: "RRSIG", covers: "A" }, field(3, "200"))],
    [
      "wrong-bitmap",
      (name) => (z) => change(z, { owner: at(name, "mx"), type: "NSEC" }, (r) => r.replace(" A ", " A MX ")),
    ],
    [
      "expired-mx",
      (name) =>
        async (z, { again }) =>
          graft(z, await again({ inception: -8_000, expiration: -4_000 }), {
            owner: `${name}.`,
            type: "RRSIG",
            covers: "MX",
          }),
    ],
    ["no-zone-bit", () => (z) => change(z, { type: "DNSKEY" }, (rdata) => rdata.replace(/^257/, "1"))],
    ["not-protocol-3", () => (z) => change(z, { type: "DNSKEY" }, (rdata) => rdata.replace(/^257 3/, "257 4"))],
    ["unsigned-with-ds", () => (z) => z.filter((r) => !["RRSIG", "NSEC", "DNSKEY"].includes(r.type))],
  ];
  const nsec3: readonly (readonly [string, ZonePlan["spoil"]])[] = [
    ["drop-nsec3", (z) => z.filter((r) => r.type !== "NSEC3" && !(r.type === "RRSIG" && r.rdata.startsWith("NSEC3 ")))],
    ["flip-nsec3", (z) => change(z, { type: "RRSIG", covers: "NSEC3" }, flipLast)],
  ];
  const plans: readonly ZonePlan[] = [
    ...spoiled.map(([label, spoil]) => zone(`${label}.example`, spoilWith(spoil(`${label}.example`)))),
    ...nsec3.map(([label, spoil]) => zone(`${label}.test`, { signing: { denial: "nsec3" }, ...spoilWith(spoil) })),
    zone("expired.example", { signing: { inception: -8_000, expiration: -4_000 } }),
    zone("future.example", { signing: { inception: 86_400, expiration: 172_800 } }),
    zone("expired.test", { signing: { denial: "nsec3", inception: -8_000, expiration: -4_000 } }),
    zone("ds-digest.example", {
      ds: (keys) =>
        keys.map((key) => flipLast(key.ds.split("\tDS\t")[1] ?? "")).map((r) => `ds-digest.example. DS ${r}`),
    }),
    // Key rollover gone wrong: DS of the new key alone, everything signed by the old one.
    zone("too-early.example", { algorithms: [13, 13], ds: (keys) => [keys[1]?.ds ?? ""], spoil: onlySignedBy(0) }),
    // The old key left the DNSKEY set while its signatures remain.
    zone("too-late.example", { algorithms: [13, 13], ds: (keys) => [keys[1]?.ds ?? ""], spoil: tooLate }),
    // Algorithm rollover gone wrong: the DS names an algorithm that signs nothing.
    zone("wrong-algorithm.example", {
      algorithms: [13, 15],
      signing: { all: true },
      ds: (keys) => [keys[1]?.ds ?? ""],
      spoil: onlySignedBy(0),
    }),
    zone("to-bogus.example", { records: content("flip-a.example") }),
    zone("plain-to-bogus.example", { algorithms: [], records: content("flip-a.example") }),
  ];
  return plans.map((plan) => ({ plan, asks: SOME }));
}

function spoilWith(spoil: ZonePlan["spoil"]): Partial<ZonePlan> {
  return spoil === undefined ? {} : { spoil };
}

/** Replaces one field of an RRSIG's rdata. */
function field(at: number, value: string): (rdata: string) => string {
  return (rdata) =>
    rdata
      .split(" ")
      .map((part, index) => (index === at ? value : part))
      .join(" ");
}

function dropKey(at: number): NonNullable<ZonePlan["spoil"]> {
  return (zone, { keys }) => {
    const key = keys[at]?.dnskey.split(/\s+/).at(-1) ?? "";
    return zone.filter((record) => record.type !== "DNSKEY" || !record.rdata.includes(key));
  };
}

function onlySignedBy(at: number): NonNullable<ZonePlan["spoil"]> {
  return (zone, { keys }) => zone.filter((r) => r.type !== "RRSIG" || r.rdata.includes(` ${keys[at]?.tag} `));
}

function tooLate(zone: SignedZone, help: { readonly keys: readonly KeyPair[] }): SignedZone {
  const [old] = help.keys;
  const key = old?.dnskey.split(/\s+/).at(-1) ?? "";
  return zone.filter((r) => {
    if (r.type === "DNSKEY") return !r.rdata.includes(key);
    return r.type !== "RRSIG" || r.rdata.startsWith("DNSKEY") || r.rdata.includes(` ${old?.tag} `);
  });
}

/** A DS that nobody can use: an algorithm or digest that does not exist. */
function strangeDs(keys: readonly KeyPair[], what: "algorithm" | "digest"): string {
  const fields = (keys[0]?.ds ?? "").split(/\s+/);
  fields[what === "algorithm" ? 5 : 6] = "200";
  return fields.join(" ");
}
