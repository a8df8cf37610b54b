import assert from "node:assert/strict";
import { test } from "node:test";
import { domain, NO_DEMAND } from "../../mail/mod.ts";
import { decide } from "../decide.ts";
import { AS_PUBLISHED } from "../precedence.ts";
import type { DaneFacts, ListFacts, LocalPolicy, NextHost, StsFacts, Taking, TlsFacts } from "../types.ts";
import { type Answering, pattern, PIN, postfixGives, weGive } from "./_postfix_model.ts";
import { formatPolicy } from "./level.ts";
import { type DecidedHost, projectPostfix } from "./project.ts";
import { type RowName, ROWS } from "./rows.ts";

const NOW = Date.UTC(2026, 2, 3);
const TLSA = { usage: 3, selector: 1, matching: 1, data: new Uint8Array(32) };
const ONE = "mx1.pine.example";
const TWO = "mx2.pine.example";

interface Destination {
  readonly mx?: "secure" | "insecure";
  readonly dane: readonly (keyof typeof DANE)[];
  readonly sts?: StsFacts;
  readonly list?: ListFacts;
  readonly local?: Partial<LocalPolicy>;
  readonly also?: readonly LocalPolicy[];
  readonly taking?: Partial<Taking>;
  readonly host?: Partial<NextHost>;
}

const DANE = { absent: "absent", usable: "usable", unusable: "unusable", failed: "failed" } as const;

function daneOf(kind: keyof typeof DANE, name: string, mx: "secure" | "insecure"): DaneFacts {
  const base = domain(name);
  if (kind === "absent") return { kind, why: "no TLSA records" };
  if (kind === "failed") return { kind, cause: "bogus", detail: "a signature is wrong" };
  if (kind === "unusable") return { kind, base, records: [TLSA], mx };
  return { kind, base, records: [TLSA], names: [base], mx };
}

/** The hosts mx1 and mx2, as far as `dane` has entries, with what is decided for each. */
function hostsOf({ mx = "insecure", dane, sts, list, local, also, taking, host }: Destination): readonly DecidedHost[] {
  return dane.map((kind, at) => {
    const name = host?.name ?? [ONE, TWO][at] ?? "";
    const facts: TlsFacts = {
      destination: "pine.example",
      host: { name, literal: false, port: 25, mode: "starttls", learnt: "mx", mxSecurity: mx, ...host },
      dane: daneOf(kind, name, host?.learnt === "configured" ? "secure" : mx),
      now: NOW,
      ...(sts === undefined ? {} : { sts }),
      ...(list === undefined ? {} : { list }),
      ...(local === undefined ? {} : { local: { destination: "pine.example", level: "secure", ...local } }),
      ...(also === undefined ? {} : { also }),
      ...(taking === undefined ? {} : { taking: { ...AS_PUBLISHED, ...taking } }),
    };
    return { facts, decision: decide(facts, NO_DEMAND) };
  });
}

function sts(mode: "enforce" | "testing", ...mx: readonly string[]): StsFacts {
  return { kind: "policy", mode, mx: mx.map(pattern), id: "1", lines: [], expires: NOW + 1 };
}

function listed(...mx: readonly string[]): ListFacts {
  return { kind: "policy", mode: "enforce", mx: mx.map(pattern), list: "a list", expires: NOW + 1 };
}

const TLS = "protocols=>=TLSv1.2";
const TABLE: readonly (readonly [what: string, Destination, RowName, string])[] = [
  ["nothing is published", { dane: ["absent", "absent"] }, "open", "may"],
  ["MTA-STS in testing", { dane: ["absent"], sts: sts("testing", ONE) }, "open", "may"],
  ["DANE is only audited", { mx: "secure", dane: ["usable"], taking: { dane: "audit" } }, "open", "may"],
  [
    "a first look",
    { mx: "secure", dane: ["usable"], sts: sts("enforce", ONE), taking: { discover: true } },
    "open",
    "may",
  ],
  [
    "an override in force",
    { mx: "secure", dane: ["usable"], local: { level: "may", override: { until: NOW + 1 } } },
    "open",
    "may",
  ],
  [
    "a local entry says encrypt",
    { dane: ["absent", "absent"], local: { level: "encrypt" } },
    "encrypt",
    `encrypt ${TLS}`,
  ],
  ["no TLSA record can be used", { mx: "secure", dane: ["unusable", "unusable"] }, "encrypt", `encrypt ${TLS}`],
  [
    "TLS from the first octet",
    { dane: ["absent"], host: { learnt: "configured", mode: "implicit", port: 465 } },
    "encrypt",
    `encrypt ${TLS}`,
  ],
  [
    "one host has unusable TLSA records",
    { mx: "secure", dane: ["unusable", "absent"] },
    "some-encrypt",
    `encrypt ${TLS}`,
  ],
  ["DANE at every host", { mx: "secure", dane: ["usable", "usable"] }, "dane", `dane-only ${TLS}`],
  [
    "DANE comes before MTA-STS",
    { mx: "secure", dane: ["usable"], sts: sts("enforce", "other.example") },
    "dane",
    `dane-only ${TLS}`,
  ],
  ["DANE at a fixed next hop", { dane: ["usable"], host: { learnt: "configured" } }, "dane", `dane-only ${TLS}`],
  [
    "a local entry asks for DANE",
    { mx: "secure", dane: ["usable"], local: { by: ["dane"] } },
    "dane",
    `dane-only ${TLS}`,
  ],
  ["DANE at one host of two", { mx: "secure", dane: ["usable", "absent"] }, "some-dane", `dane ${TLS}`],
  ["usable and unusable TLSA records", { mx: "secure", dane: ["usable", "unusable"] }, "some-dane", `dane ${TLS}`],
  ["DANE, and TLSA look-ups that fail", { mx: "secure", dane: ["usable", "failed"] }, "dane-first", `dane-only ${TLS}`],
  [
    "DANE, and encryption by hand",
    { mx: "secure", dane: ["usable", "absent"], local: { level: "encrypt" } },
    "dane-first",
    `dane-only ${TLS}`,
  ],
  [
    "DANE at one host, MTA-STS at the other",
    { mx: "secure", dane: ["usable", "absent"], sts: sts("enforce", "*.pine.example") },
    "dane-first",
    `dane-only ${TLS}`,
  ],
  ["DANE below an unsigned MX answer is none", { dane: ["usable"] }, "open", "may"],
  [
    "DANE below an unsigned MX answer",
    { dane: ["usable"], taking: { daneInsecureMx: true } },
    "dane-unsigned",
    `dane ${TLS}`,
  ],
  [
    "MTA-STS",
    { dane: ["absent"], sts: sts("enforce", ONE, "*.mail.example") },
    "named",
    `secure match=${ONE}:.mail.example servername=hostname ${TLS}`,
  ],
  [
    "MTA-STS that does not name one of the hosts",
    { dane: ["absent", "absent"], sts: sts("enforce", ONE) },
    "named",
    `secure match=${ONE} servername=hostname ${TLS}`,
  ],
  [
    "a list",
    { dane: ["absent"], list: listed("*.pine.example") },
    "named",
    `secure match=.pine.example servername=hostname ${TLS}`,
  ],
  [
    "a local entry with mx",
    { dane: ["absent"], local: { mx: [pattern(ONE)] } },
    "named",
    `secure match=${ONE} servername=hostname ${TLS}`,
  ],
  [
    "two local entries with mx, of which one asks for nothing",
    {
      dane: ["absent", "absent"],
      local: { mx: [pattern("*.pine.example")] },
      also: [{ destination: "pine.example", level: "may", mx: [pattern(ONE)] }],
    },
    "hosts",
    `secure match=${ONE} servername=hostname ${TLS}`,
  ],
  [
    "a local entry below a signed MX answer",
    { mx: "secure", dane: ["absent", "absent"], local: {} },
    "hosts",
    `secure match=${ONE}:${TWO} servername=hostname ${TLS}`,
  ],
  [
    "MTA-STS and a local entry",
    { dane: ["absent", "absent"], sts: sts("enforce", "*.pine.example"), local: { mx: [pattern(TWO)] } },
    "hosts",
    `secure match=${TWO} servername=hostname ${TLS}`,
  ],
  [
    "MTA-STS of a fixed next hop",
    { dane: ["absent"], sts: sts("enforce", "*.pine.example"), host: { learnt: "configured" } },
    "hosts",
    `secure match=${ONE} servername=hostname ${TLS}`,
  ],
  [
    "MTA-STS and DANE below an unsigned MX answer",
    { dane: ["usable"], sts: sts("enforce", ONE), taking: { daneInsecureMx: true } },
    "named-unsigned",
    `secure match=${ONE} servername=hostname ${TLS}`,
  ],
  [
    "a pin",
    { dane: ["absent"], local: { pins: [PIN] } },
    "pin",
    `fingerprint match=${Array(32).fill("00").join(":")} ${TLS}`,
  ],
  [
    "a pin and DANE",
    { mx: "secure", dane: ["usable"], local: { pins: [PIN] } },
    "several",
    "one TLS policy of Postfix cannot ask for a pinned key and TLSA records",
  ],
  [
    "a host with DANE that was not agreed on",
    { mx: "secure", dane: ["usable", "usable"], local: { mx: [pattern(ONE)] } },
    "kept",
    `${TWO} is not among the MX names agreed for pine.example`,
  ],
  [
    "TLSA look-ups fail",
    { mx: "secure", dane: ["failed"] },
    "failed",
    `it could not be found out whether ${ONE} has TLSA records: a signature is wrong`,
  ],
  [
    "TLSA look-ups fail at one host, the other is open",
    { mx: "secure", dane: ["absent", "failed"] },
    "failed",
    `it could not be found out whether ${TWO} has TLSA records: a signature is wrong`,
  ],
  [
    "MTA-STS does not name the host",
    { dane: ["absent"], sts: sts("enforce", "mx.other.example") },
    "refused",
    `${ONE} is not among the MX names of the MTA-STS policy of pine.example`,
  ],
];

test("projectPostfix: one entry for all hosts of a next hop, or a reason to wait, for every row of the table", () => {
  const found = TABLE.map(([what, destination]) => {
    const projected = projectPostfix(hostsOf(destination));
    const said = projected.kind === "policy" ? formatPolicy(projected.policy) : projected.reason;
    return [what, destination, projected.row, said];
  });
  assert.deepEqual(found, TABLE);
  const reached = new Set(TABLE.map(([, , row]) => row));
  // A next hop without any host has no decisions.
  assert.deepEqual(
    Object.keys(ROWS).filter((row) => !reached.has(row as RowName)),
    ["nowhere"],
  );
});

const PEERS: readonly Answering[] = [undefined, ONE, TWO, "evil.example", "mx9.pine.example"].flatMap((name) =>
  [true, false].flatMap((tlsa) =>
    [true, false].flatMap((pinned) =>
      [true, false].map((tls) => ({ tls, tlsa, pinned, ...(name === undefined ? {} : { name }) })),
    ),
  ),
);

test("projectPostfix: nobody gets mail from Postfix whom our own delivery refuses, but by the exceptions of the table", () => {
  const kinds = Object.keys(DANE) as (keyof typeof DANE)[];
  let tried = 0;
  const used = new Set<RowName>();
  for (const mx of ["secure", "insecure"] as const) {
    for (const policy of [undefined, sts("enforce", ONE), sts("enforce", "*.pine.example"), sts("testing", ONE)]) {
      for (const list of [undefined, listed(TWO)]) {
        for (const local of LOCAL) {
          for (const daneInsecureMx of [false, true]) {
            for (const dane of kinds.flatMap((one) => kinds.map((two) => [one, two]))) {
              const destination: Destination = {
                mx,
                dane,
                taking: { daneInsecureMx },
                ...(policy === undefined ? {} : { sts: policy }),
                ...(list === undefined ? {} : { list }),
                ...(local === undefined ? {} : { local }),
              };
              for (const broken of breaches(destination)) used.add(broken);
              tried++;
            }
          }
        }
      }
    }
  }
  assert.equal(tried, 2 * 4 * 2 * 9 * 2 * 16);
  const weaker = Object.entries(ROWS).filter(([, { beside }]) => beside === "weaker");
  assert.deepEqual([...used].sort(), weaker.map(([row]) => row).sort(), "every exception of the table is a real one");
});

const LOCAL: readonly (Partial<LocalPolicy> | undefined)[] = [
  undefined,
  { level: "may" },
  { level: "encrypt" },
  {},
  { mx: [pattern(ONE)] },
  { mx: [pattern("*.pine.example")] },
  { by: ["dane"] },
  { by: ["webpki"], mx: [pattern(ONE)] },
  { pins: [PIN] },
];

/** The rows by which somebody gets mail that our own delivery would not give; fails where the row does not say how. */
function breaches(destination: Destination): readonly RowName[] {
  const hosts = hostsOf(destination);
  const projected = projectPostfix(hosts);
  if (projected.kind !== "policy") return [];
  const { policy, row } = projected;
  const found: RowName[] = [];
  for (const host of hosts) {
    for (const peer of PEERS) {
      if (weGive(host, peer)) continue;
      for (const dnssec of [true, false]) {
        if (!postfixGives(policy, host, { peer, dnssec })) continue;
        found.push(row);
        assert.ok(
          EXCEPTIONS[row]?.({ host, peer, dnssec }),
          JSON.stringify([destination, policy, row, peer, host.facts.host.name]),
        );
      }
    }
  }
  return found;
}

interface Breach {
  readonly host: DecidedHost;
  readonly peer: Answering;
  readonly dnssec: boolean;
}

/** What each row that is weaker admits to, and nothing beside it. */
const EXCEPTIONS: { readonly [row in RowName]?: (breach: Breach) => boolean } = {
  "some-dane": ({ dnssec }) => !dnssec,
  "dane-unsigned": ({ dnssec }) => !dnssec,
  // A trusted certificate for a name of the policy, and not for the host that was dialled.
  named: ({ peer, host }) =>
    peer.tls && peer.name !== undefined && peer.name !== "evil.example" && peer.name !== host.facts.host.name,
  hosts: ({ peer, host }) => peer.tls && (peer.name === ONE || peer.name === TWO) && peer.name !== host.facts.host.name,
  "named-unsigned": ({ peer }) => peer.tls && peer.name !== undefined && peer.name !== "evil.example",
};
