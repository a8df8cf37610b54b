import assert from "node:assert/strict";
import { test } from "node:test";
import { domain, NO_DEMAND, type TlsDemand } from "../mail/mod.ts";
import { decide } from "./decide.ts";
import { AS_PUBLISHED } from "./precedence.ts";
import type {
  DaneFacts,
  Expectation,
  Finding,
  ListFacts,
  LocalPolicy,
  NamePattern,
  NextHost,
  StsFacts,
  StsTrouble,
  Taking,
  TlsDecision,
  TlsFacts,
  TlsFloor,
} from "./types.ts";

const NOW = Date.UTC(2026, 2, 3);
const MX = domain("mx.pine.example");
const BASE = domain("host.oak.example");
const TLSA = { usage: 3, selector: 1, matching: 1, data: new Uint8Array(32) };

const facts = (more: Partial<TlsFacts> = {}, host: Partial<NextHost> = {}): TlsFacts => ({
  destination: "pine.example",
  host: { name: MX, literal: false, port: 25, mode: "starttls", learnt: "mx", mxSecurity: "secure", ...host },
  now: NOW,
  ...more,
});
const UNSIGNED: Partial<NextHost> = { mxSecurity: "insecure" };
const taking = (more: Partial<Taking>): { taking: Taking } => ({ taking: { ...AS_PUBLISHED, ...more } });

const usable: DaneFacts = {
  kind: "usable",
  base: BASE,
  records: [TLSA],
  names: [BASE],
  mx: "secure",
  expires: NOW + 1,
};
const half: DaneFacts = { ...usable, mx: "insecure" };
const unusable: DaneFacts = { kind: "unusable", base: BASE, records: [TLSA], mx: "secure" };
const absent: DaneFacts = { kind: "absent", why: "none there" };
const bogus: DaneFacts = { kind: "failed", cause: "bogus", detail: "a signature is wrong" };
const lost: DaneFacts = { kind: "failed", cause: "unavailable", detail: "no answer" };

const sts = (
  mode: "enforce" | "testing" | "none",
  mx: string = MX,
  more: Partial<StsFacts & { kind: "policy" }> = {},
): StsFacts => {
  return { kind: "policy", mode, mx: [mx as NamePattern], id: "1", lines: [], expires: NOW + 1, ...more };
};
const noSts = (at: StsTrouble["at"]): StsFacts => ({ kind: "failed", trouble: { at, detail: at } });
const list = (mode: "enforce" | "testing", mx: string = MX, expires = NOW + 1): ListFacts => {
  return { kind: "policy", mode, mx: [mx as NamePattern], list: "the list", expires };
};
const local = (level: LocalPolicy["level"], more: Partial<LocalPolicy> = {}): { local: LocalPolicy } => {
  return { local: { destination: "pine.example", level, ...more } };
};
const agreed = { mx: [MX as string as NamePattern] };
const elsewhere = { mx: ["other.example" as NamePattern] };

const REQUIRETLS: TlsDemand = { level: "secure", mxAuthentic: "dnssec-or-sts", propagate: true, because: [] };
const OPTIONAL: TlsDemand = { ...NO_DEMAND, tlsOptional: true };
const asks = (more: Partial<TlsDemand>): TlsDemand => ({ ...NO_DEMAND, level: "secure", ...more });

/** All of a decision but the words for people, in one line. */
function tell(decision: TlsDecision): string {
  if (decision.kind !== "proceed") {
    const { kind, wanted, status } = decision;
    return [kind, wanted, status.cause, ...(decision.findings ?? []).map(sayFinding)].join(" | ");
  }
  const { wanted, mx, floor, sni, ladder, enforced = [], observe, known = [], requireTls } = decision;
  return [
    `${wanted} over ${mx}`,
    `${sayFloor(floor)} at ${sni}`,
    ladder.map((rung) => (rung.kind === "tls" ? rung.hello : rung.kind)).join(" "),
    `enforce ${sayAll(enforced)}`,
    ...(observe.length === 0 ? [] : [`watch ${sayAll(observe)}`]),
    ...known.map(sayFinding),
    ...(requireTls === undefined ? [] : [`REQUIRETLS ${requireTls}`]),
  ].join(" | ");
}

function sayAll(all: readonly Expectation[]): string {
  return all.map(({ policy, expectation }) => `${policy.source} ${sayFloor(expectation)}`).join(", ");
}

function sayFloor(floor: TlsFloor): string {
  if (floor.kind !== "authenticated") return floor.kind;
  return floor.by === "pin" ? "pin" : `${floor.by}(${floor.names.join(" ")})`;
}

function sayFinding({ policy, enforced, ok, result }: Finding): string {
  return `${enforced ? "enforced" : "noted"} ${policy.source} ${ok} ${result}`;
}

const OPEN = "full small plaintext";
const TLS = "full small";
const DANE = `dane(${BASE})`;
const WEB = `webpki(${MX})`;
const OPPORTUNISTIC = `may over dnssec | any at ${MX} | ${OPEN} | enforce default any`;
const ENCRYPTED_BY_DANE = `dane over dnssec | encrypted at ${MX} | ${TLS} | enforce dane encrypted`;
const BY_DANE = `dane over dnssec | ${DANE} at ${BASE} | ${TLS} | enforce dane ${DANE}`;
const BY_STS = `sts over dnssec | ${WEB} at ${MX} | ${TLS} | enforce mta-sts ${WEB}`;
const FAILED = "skip-host | dane | dns-failure | enforced dane false dnssec-invalid";
const NO_NAME = "tls-verify-failed | enforced requiretls false validation-failure";

const NOT_NOW = "dns-failure | enforced requiretls false validation-failure";
const UNKNOWN = {
  dns: `${NOT_NOW} | noted mta-sts false undefined`,
  "dns-bogus": `${NOT_NOW} | noted mta-sts false dnssec-invalid`,
  fetch: `${NOT_NOW} | noted mta-sts false sts-policy-fetch-error`,
} as const;
const UNFIT = {
  webpki: "noted mta-sts false sts-webpki-invalid",
  invalid: "noted mta-sts false sts-policy-invalid",
} as const;

type Row = readonly [string, TlsFacts, TlsDemand, string];
const ROWS: readonly Row[] = [
  // RFC 7672 §2.2
  ["DANE: nobody looked", facts(), NO_DEMAND, OPPORTUNISTIC],
  ["DANE: off", facts({ dane: { kind: "off", why: "no DNSSEC" } }), NO_DEMAND, OPPORTUNISTIC],
  ["DANE: absent", facts({ dane: absent }), NO_DEMAND, OPPORTUNISTIC],
  ["DANE: usable", facts({ dane: usable }), NO_DEMAND, BY_DANE],
  ["DANE: unusable", facts({ dane: unusable }), NO_DEMAND, ENCRYPTED_BY_DANE],
  ["DANE: bogus", facts({ dane: bogus }), NO_DEMAND, FAILED],
  ["DANE: no answer", facts({ dane: lost }), NO_DEMAND, FAILED],
  ["DANE: usable, out of date", facts({ dane: { ...usable, expires: NOW } as DaneFacts }), NO_DEMAND, FAILED],
  ["DANE: unusable, out of date", facts({ dane: { ...unusable, expires: NOW } as DaneFacts }), NO_DEMAND, FAILED],
  ["DANE: absent, out of date", facts({ dane: { ...absent, expires: NOW } as DaneFacts }), NO_DEMAND, FAILED],
  [
    "DANE: records for an address",
    facts({ dane: usable }, { literal: true, learnt: "literal", name: "192.0.2.1" }),
    NO_DEMAND,
    `may over own | any at null | ${OPEN} | enforce default any`,
  ],
  [
    "DANE: unsigned MX, not by choice",
    facts({ dane: half }, UNSIGNED),
    NO_DEMAND,
    `may over none | any at ${MX} | ${OPEN} | enforce default any`,
  ],
  [
    "DANE: unsigned MX, by choice (RFC 7672 §2.2.1)",
    facts({ dane: half, ...taking({ daneInsecureMx: true }) }, UNSIGNED),
    NO_DEMAND,
    `dane over none | ${DANE} at ${BASE} | ${TLS} | enforce dane ${DANE}`,
  ],
  [
    "DANE: records said to be signed over an unsigned MX answer",
    facts({ dane: usable, sts: sts("enforce") }, UNSIGNED),
    NO_DEMAND,
    `sts over sts | ${WEB} at ${MX} | ${TLS} | enforce mta-sts ${WEB}`,
  ],
  [
    "DANE: such records, by choice, replace nothing",
    facts({ dane: usable, sts: sts("enforce"), ...taking({ daneInsecureMx: true }) }, UNSIGNED),
    NO_DEMAND,
    `dane over sts | ${DANE} at ${BASE} | ${TLS} | enforce dane ${DANE}, mta-sts ${WEB}`,
  ],
  [
    "DANE: audited",
    facts({ dane: usable, ...taking({ dane: "audit" }) }),
    NO_DEMAND,
    `may over dnssec | any at ${BASE} | ${OPEN} | enforce default any | watch dane ${DANE}`,
  ],
  [
    "DANE: failed, audited",
    facts({ dane: bogus, ...taking({ dane: "audit" }) }),
    NO_DEMAND,
    `${OPPORTUNISTIC} | noted dane false dnssec-invalid`,
  ],
  [
    "DANE: the domain itself",
    facts({ dane: usable }, { learnt: "implicit-mx", name: "pine.example" }),
    NO_DEMAND,
    `dane over own | ${DANE} at ${BASE} | ${TLS} | enforce dane ${DANE}`,
  ],
  [
    "DANE: discovered only",
    facts({ dane: usable, sts: sts("enforce"), ...taking({ discover: true }) }),
    NO_DEMAND,
    `may over dnssec | any at ${BASE} | ${OPEN} | enforce default any | watch dane ${DANE}, mta-sts ${WEB}`,
  ],
  // RFC 8461
  ["STS: nothing published", facts({ sts: { kind: "none", why: "none" } }), NO_DEMAND, OPPORTUNISTIC],
  ["STS: enforce, named", facts({ sts: sts("enforce") }), NO_DEMAND, BY_STS],
  [
    "STS: enforce, named by a wildcard: the certificate is for the host (§4.2)",
    facts({ sts: sts("enforce", "*.pine.example") }),
    NO_DEMAND,
    BY_STS,
  ],
  [
    "STS: enforce, the wildcard covers one label only",
    facts({ sts: sts("enforce", "*.example") }),
    NO_DEMAND,
    "skip-host | sts | tls-verify-failed | enforced mta-sts false validation-failure",
  ],
  [
    "STS: enforce, not named (§5)",
    facts({ sts: sts("enforce", "other.example") }),
    NO_DEMAND,
    "skip-host | sts | tls-verify-failed | enforced mta-sts false validation-failure",
  ],
  [
    "STS: enforce, unsigned MX",
    facts({ sts: sts("enforce") }, UNSIGNED),
    NO_DEMAND,
    `sts over sts | ${WEB} at ${MX} | ${TLS} | enforce mta-sts ${WEB}`,
  ],
  [
    "STS: enforce, no MX records",
    facts({ sts: sts("enforce", "pine.example") }, { learnt: "implicit-mx", name: "pine.example" }),
    NO_DEMAND,
    `sts over own | webpki(pine.example) at pine.example | ${TLS} | enforce mta-sts webpki(pine.example)`,
  ],
  [
    "STS: enforce, a name that no certificate can carry",
    facts({ sts: sts("enforce", "*.pine.example") }, { name: "mx_1.pine.example" }),
    NO_DEMAND,
    "skip-host | sts | tls-verify-failed | enforced mta-sts false validation-failure",
  ],
  ["STS: testing", facts({ sts: sts("testing") }), NO_DEMAND, `${OPPORTUNISTIC} | watch mta-sts ${WEB}`],
  [
    "STS: testing, not named",
    facts({ sts: sts("testing", "other.example") }),
    NO_DEMAND,
    `${OPPORTUNISTIC} | noted mta-sts false validation-failure`,
  ],
  ["STS: none", facts({ sts: sts("none") }), NO_DEMAND, OPPORTUNISTIC],
  ["STS: ended", facts({ sts: sts("enforce", MX, { expires: NOW }) }), NO_DEMAND, OPPORTUNISTIC],
  [
    "STS: audited",
    facts({ sts: sts("enforce"), ...taking({ sts: "audit" }) }),
    NO_DEMAND,
    `${OPPORTUNISTIC} | watch mta-sts ${WEB}`,
  ],
  [
    "STS: no file, nothing stored (§3.3)",
    facts({ sts: noSts("fetch") }),
    NO_DEMAND,
    `${OPPORTUNISTIC} | noted mta-sts false sts-policy-fetch-error`,
  ],
  [
    "STS: bad certificate, nothing stored",
    facts({ sts: noSts("webpki") }),
    NO_DEMAND,
    `${OPPORTUNISTIC} | noted mta-sts false sts-webpki-invalid`,
  ],
  [
    "STS: bad file, nothing stored",
    facts({ sts: noSts("invalid") }),
    NO_DEMAND,
    `${OPPORTUNISTIC} | noted mta-sts false sts-policy-invalid`,
  ],
  [
    "STS: no DNS, nothing stored",
    facts({ sts: noSts("dns") }),
    NO_DEMAND,
    `${OPPORTUNISTIC} | noted mta-sts false undefined`,
  ],
  [
    "STS: bogus record",
    facts({ sts: noSts("dns-bogus") }),
    NO_DEMAND,
    `${OPPORTUNISTIC} | noted mta-sts false dnssec-invalid`,
  ],
  [
    "STS: bogus record, strict",
    facts({ sts: noSts("dns-bogus"), ...taking({ stsStrict: true }) }),
    NO_DEMAND,
    "defer | sts | dns-failure | enforced mta-sts false dnssec-invalid",
  ],
  [
    "STS: bogus record, strict, and DANE",
    facts({ dane: usable, sts: noSts("dns-bogus"), ...taking({ stsStrict: true }) }),
    NO_DEMAND,
    `${BY_DANE} | noted mta-sts false dnssec-invalid`,
  ],
  [
    "STS: bogus record, strict, audited",
    facts({ sts: noSts("dns-bogus"), ...taking({ stsStrict: true, sts: "audit" }) }),
    NO_DEMAND,
    `${OPPORTUNISTIC} | noted mta-sts false dnssec-invalid`,
  ],
  [
    "STS: stored, the new one could not be had (§5.1)",
    facts({ sts: sts("enforce", MX, { trouble: { at: "webpki", detail: "expired" } }) }),
    NO_DEMAND,
    `${BY_STS} | noted mta-sts false sts-webpki-invalid`,
  ],
  // RFC 8461 §2
  [
    "DANE and STS: usable and enforce",
    facts({ dane: usable, sts: sts("enforce") }),
    NO_DEMAND,
    `${BY_DANE} | watch mta-sts ${WEB}`,
  ],
  [
    "DANE and STS: usable, and the MX is not named",
    facts({ dane: usable, sts: sts("enforce", "other.example") }),
    NO_DEMAND,
    `${BY_DANE} | noted mta-sts false validation-failure`,
  ],
  [
    "DANE and STS: unusable and enforce",
    facts({ dane: unusable, sts: sts("enforce") }),
    NO_DEMAND,
    `sts over dnssec | ${WEB} at ${MX} | ${TLS} | enforce dane encrypted, mta-sts ${WEB}`,
  ],
  ["DANE and STS: failed and enforce", facts({ dane: bogus, sts: sts("enforce") }), NO_DEMAND, FAILED],
  ["DANE and STS: absent and enforce", facts({ dane: absent, sts: sts("enforce") }), NO_DEMAND, BY_STS],
  [
    "DANE and STS: usable, audited, and enforce",
    facts({ dane: usable, sts: sts("enforce"), ...taking({ dane: "audit" }) }),
    NO_DEMAND,
    `${BY_STS} | watch dane ${DANE}`,
  ],
  [
    "DANE and STS: unsigned MX by choice replaces nothing",
    facts({ dane: half, sts: sts("enforce"), ...taking({ daneInsecureMx: true }) }, UNSIGNED),
    NO_DEMAND,
    `dane over sts | ${DANE} at ${BASE} | ${TLS} | enforce dane ${DANE}, mta-sts ${WEB}`,
  ],
  // STARTTLS Everywhere
  [
    "list: enforce, first contact",
    facts({ sts: noSts("fetch"), list: list("enforce") }),
    NO_DEMAND,
    `list over dnssec | ${WEB} at ${MX} | ${TLS} | enforce list ${WEB} | noted mta-sts false sts-policy-fetch-error`,
  ],
  [
    "list: enforce, one label for a suffix",
    facts({ list: list("enforce", "*.pine.example") }),
    NO_DEMAND,
    `list over dnssec | ${WEB} at ${MX} | ${TLS} | enforce list ${WEB}`,
  ],
  [
    "list: enforce, not named",
    facts({ list: list("enforce", "other.example") }),
    NO_DEMAND,
    "skip-host | list | tls-verify-failed | enforced list false validation-failure",
  ],
  [
    "list: ended, still enforced",
    facts({ list: list("enforce", MX, NOW) }),
    NO_DEMAND,
    `list over dnssec | ${WEB} at ${MX} | ${TLS} | enforce list ${WEB}`,
  ],
  ["list: testing", facts({ list: list("testing") }), NO_DEMAND, `${OPPORTUNISTIC} | watch list ${WEB}`],
  [
    "list: audited",
    facts({ list: list("enforce"), ...taking({ list: "audit" }) }),
    NO_DEMAND,
    `${OPPORTUNISTIC} | watch list ${WEB}`,
  ],
  ["list: not in it", facts({ list: { kind: "none" } }), NO_DEMAND, OPPORTUNISTIC],
  [
    "list and STS: the live policy counts",
    facts({ sts: sts("enforce"), list: list("enforce", "other.example") }),
    NO_DEMAND,
    BY_STS,
  ],
  [
    "list and STS: testing replaces it",
    facts({ sts: sts("testing"), list: list("enforce") }),
    NO_DEMAND,
    `${OPPORTUNISTIC} | watch mta-sts ${WEB}`,
  ],
  ["list and STS: none replaces it", facts({ sts: sts("none"), list: list("enforce") }), NO_DEMAND, OPPORTUNISTIC],
  [
    "list and STS: audited replaces nothing",
    facts({ sts: sts("enforce"), list: list("enforce"), ...taking({ sts: "audit" }) }),
    NO_DEMAND,
    `list over dnssec | ${WEB} at ${MX} | ${TLS} | enforce list ${WEB} | watch mta-sts ${WEB}`,
  ],
  [
    "list and DANE: usable replaces it",
    facts({ dane: usable, list: list("enforce", "other.example") }),
    NO_DEMAND,
    BY_DANE,
  ],
  [
    "list and DANE: unusable does not",
    facts({ dane: unusable, list: list("enforce") }),
    NO_DEMAND,
    `list over dnssec | ${WEB} at ${MX} | ${TLS} | enforce dane encrypted, list ${WEB}`,
  ],
  // local entries
  [
    "local: secure is satisfied by DANE",
    facts({ ...local("secure"), dane: usable }),
    NO_DEMAND,
    `secure over dnssec | ${DANE} at ${BASE} | ${TLS} | enforce local ${DANE}, dane ${DANE}`,
  ],
  [
    "local: secure by webpki beside DANE: both",
    facts({ ...local("secure", { by: ["webpki"] }), dane: usable }),
    NO_DEMAND,
    `secure over dnssec | ${WEB} at ${BASE} | ${TLS} | enforce local ${WEB}, dane ${DANE}`,
  ],
  [
    "local: secure by STS's word for an unsigned MX",
    facts({ ...local("secure"), sts: sts("enforce") }, UNSIGNED),
    NO_DEMAND,
    `secure over sts | ${WEB} at ${MX} | ${TLS} | enforce local ${WEB}, mta-sts ${WEB}`,
  ],
  [
    "local: testing vouches for nothing",
    facts({ ...local("secure"), sts: sts("testing") }, UNSIGNED),
    NO_DEMAND,
    "defer | secure | tls-verify-failed | enforced local false validation-failure",
  ],
  [
    "dane-only: usable",
    facts({ ...local("secure", { by: ["dane"] }), dane: usable }),
    NO_DEMAND,
    `secure over dnssec | ${DANE} at ${BASE} | ${TLS} | enforce local ${DANE}, dane ${DANE}`,
  ],
  [
    "dane-only: absent",
    facts({ ...local("secure", { by: ["dane"] }), dane: absent }),
    NO_DEMAND,
    "skip-host | secure | tls-verify-failed | enforced local false dane-required",
  ],
  [
    "dane-only: unusable",
    facts({ ...local("secure", { by: ["dane"] }), dane: unusable }),
    NO_DEMAND,
    "skip-host | secure | tls-verify-failed | enforced local false dane-required",
  ],
  [
    "dane-only: failed",
    facts({ ...local("secure", { by: ["dane"] }), dane: lost }),
    NO_DEMAND,
    "skip-host | secure | dns-failure | enforced local false dane-required | enforced dane false dnssec-invalid",
  ],
  [
    "dane-only: unsigned MX (RFC 7672 §2.2.1)",
    facts({ ...local("secure", { by: ["dane"] }), dane: half, ...taking({ daneInsecureMx: true }) }, UNSIGNED),
    NO_DEMAND,
    "defer | secure | tls-verify-failed | enforced local false validation-failure",
  ],
  [
    "dane-only: unsigned MX, though STS names it",
    facts(
      { ...local("secure", { by: ["dane"] }), dane: half, sts: sts("enforce"), ...taking({ daneInsecureMx: true }) },
      UNSIGNED,
    ),
    NO_DEMAND,
    "defer | secure | tls-verify-failed | enforced local false validation-failure",
  ],
  [
    "local: a pin needs no name",
    facts(local("secure", { pins: [{ of: "spki", sha256: new Uint8Array(32) }] }), {
      literal: true,
      learnt: "literal",
      name: "192.0.2.1",
      mxSecurity: "insecure",
    }),
    NO_DEMAND,
    `secure over own | pin at null | ${TLS} | enforce local pin`,
  ],
  [
    "local: a pin beside DANE: both",
    facts({ ...local("secure", { pins: [{ of: "spki", sha256: new Uint8Array(32) }] }), dane: usable }),
    NO_DEMAND,
    `secure over dnssec | pin at ${BASE} | ${TLS} | enforce local pin, dane ${DANE}`,
  ],
  [
    "local: a pin, and the MX is not agreed",
    facts(local("secure", { pins: [{ of: "spki", sha256: new Uint8Array(32) }], ...elsewhere })),
    NO_DEMAND,
    "skip-host | secure | tls-verify-failed | enforced local false validation-failure",
  ],
  [
    "local: no pins are no pin",
    facts(local("secure", { pins: [] })),
    NO_DEMAND,
    `secure over dnssec | ${WEB} at ${MX} | ${TLS} | enforce local ${WEB}`,
  ],
  [
    "local: agreed names bind DANE too",
    facts({ ...local("secure", elsewhere), dane: usable }),
    NO_DEMAND,
    "skip-host | secure | tls-verify-failed | enforced local false validation-failure",
  ],
  [
    "local: an override lowers what is published",
    facts({ ...local("may", { override: { until: NOW + 1 } }), dane: bogus, sts: sts("enforce") }),
    NO_DEMAND,
    `may over dnssec | any at ${MX} | ${OPEN} | enforce local any | watch mta-sts ${WEB} | noted dane false dnssec-invalid`,
  ],
  [
    "local: an override that has ended lowers nothing",
    facts({ ...local("may", { override: { until: NOW } }), dane: usable }),
    NO_DEMAND,
    `dane over dnssec | ${DANE} at ${BASE} | ${TLS} | enforce local any, dane ${DANE}`,
  ],
  // RFC 8689 §4.2.1
  [
    "REQUIRETLS: signed MX",
    facts(),
    REQUIRETLS,
    `secure over dnssec | ${WEB} at ${MX} | ${TLS} | enforce requiretls ${WEB} | REQUIRETLS true`,
  ],
  [
    "REQUIRETLS: signed MX and DANE",
    facts({ dane: usable }),
    REQUIRETLS,
    `secure over dnssec | ${DANE} at ${BASE} | ${TLS} | enforce requiretls ${DANE}, dane ${DANE} | REQUIRETLS true`,
  ],
  [
    "REQUIRETLS: signed MX, TLSA unusable",
    facts({ dane: unusable }),
    REQUIRETLS,
    `secure over dnssec | ${WEB} at ${MX} | ${TLS} | enforce requiretls ${WEB}, dane encrypted | REQUIRETLS true`,
  ],
  [
    "REQUIRETLS: DANE failed",
    facts({ dane: lost }),
    REQUIRETLS,
    "skip-host | secure | dns-failure | enforced dane false dnssec-invalid",
  ],
  ["REQUIRETLS: unsigned MX", facts({}, UNSIGNED), REQUIRETLS, `skip-host | secure | ${NO_NAME}`],
  [
    "REQUIRETLS: unsigned MX named by STS",
    facts({ sts: sts("enforce") }, UNSIGNED),
    REQUIRETLS,
    `secure over sts | ${WEB} at ${MX} | ${TLS} | enforce requiretls ${WEB}, mta-sts ${WEB} | REQUIRETLS true`,
  ],
  [
    "REQUIRETLS: unsigned MX named by STS in testing",
    facts({ sts: sts("testing") }, UNSIGNED),
    REQUIRETLS,
    `skip-host | secure | ${NO_NAME}`,
  ],
  // What could not be had may be there the next time; what is unfit is none.
  ...(["dns", "dns-bogus", "fetch"] as const).map((at): Row => {
    const name = `REQUIRETLS: unsigned MX, STS failed at ${at}`;
    return [name, facts({ sts: noSts(at) }, UNSIGNED), REQUIRETLS, `skip-host | secure | ${UNKNOWN[at]}`];
  }),
  ...(["webpki", "invalid"] as const).map((at): Row => {
    const name = `REQUIRETLS: unsigned MX, STS failed at ${at}`;
    return [name, facts({ sts: noSts(at) }, UNSIGNED), REQUIRETLS, `skip-host | secure | ${NO_NAME} | ${UNFIT[at]}`];
  }),
  [
    "REQUIRETLS: unsigned MX agreed locally",
    facts(local("secure", agreed), UNSIGNED),
    REQUIRETLS,
    `skip-host | secure | ${NO_NAME}`,
  ],
  [
    "REQUIRETLS: unsigned MX, DANE by choice",
    facts({ dane: half, ...taking({ daneInsecureMx: true }) }, UNSIGNED),
    REQUIRETLS,
    `skip-host | secure | ${NO_NAME}`,
  ],
  [
    "REQUIRETLS: no MX records",
    facts({}, { learnt: "implicit-mx", name: "pine.example", mxSecurity: "insecure" }),
    REQUIRETLS,
    `secure over own | webpki(pine.example) at pine.example | ${TLS} | enforce requiretls webpki(pine.example) | REQUIRETLS true`,
  ],
  [
    "REQUIRETLS: an address",
    facts({}, { learnt: "literal", literal: true, name: "192.0.2.1" }),
    REQUIRETLS,
    `skip-host | secure | ${NO_NAME}`,
  ],
  [
    "REQUIRETLS: the demand alone is enough",
    facts({}, UNSIGNED),
    { ...NO_DEMAND, propagate: true },
    `skip-host | secure | ${NO_NAME}`,
  ],
  [
    "REQUIRETLS: taken as encryption",
    facts({ sts: sts("testing"), ...taking({ requireTls: "encrypt" }) }, UNSIGNED),
    REQUIRETLS,
    `encrypt over none | encrypted at ${MX} | ${TLS} | enforce requiretls encrypted | watch mta-sts ${WEB} | REQUIRETLS false`,
  ],
  [
    "REQUIRETLS: taken for what can be had",
    facts(taking({ requireTls: "opportunistic" }), UNSIGNED),
    REQUIRETLS,
    `may over none | any at ${MX} | ${OPEN} | enforce default any | REQUIRETLS false`,
  ],
  [
    "REQUIRETLS: taken so, the submitter's own level stays",
    facts(taking({ requireTls: "opportunistic" })),
    { ...REQUIRETLS, because: [{ source: "submitter", says: "asked" }] },
    `secure over dnssec | ${WEB} at ${MX} | ${TLS} | enforce requiretls ${WEB} | REQUIRETLS false`,
  ],
  [
    "REQUIRETLS: beats TLS-Required: No (RFC 8689 §4.1)",
    facts({ dane: usable }),
    { ...REQUIRETLS, tlsOptional: true },
    `secure over dnssec | ${DANE} at ${BASE} | ${TLS} | enforce requiretls ${DANE}, dane ${DANE} | REQUIRETLS true`,
  ],
  // RFC 8689 §4.2.2
  [
    "TLS-Required: No waives DANE",
    facts({ dane: usable }),
    OPTIONAL,
    `may over dnssec | any at ${BASE} | ${OPEN} | enforce default any | watch dane ${DANE}`,
  ],
  [
    "TLS-Required: No waives a failed DANE look-up",
    facts({ dane: bogus }),
    OPTIONAL,
    `${OPPORTUNISTIC} | noted dane false dnssec-invalid`,
  ],
  [
    "TLS-Required: No waives MTA-STS",
    facts({ sts: sts("enforce") }),
    OPTIONAL,
    `${OPPORTUNISTIC} | watch mta-sts ${WEB}`,
  ],
  [
    "TLS-Required: No waives an MX name that MTA-STS does not know",
    facts({ sts: sts("enforce", "other.example") }),
    OPTIONAL,
    `${OPPORTUNISTIC} | noted mta-sts false validation-failure`,
  ],
  [
    "TLS-Required: No waives a list",
    facts({ list: list("enforce") }),
    OPTIONAL,
    `${OPPORTUNISTIC} | watch list ${WEB}`,
  ],
  [
    "TLS-Required: No waives no local floor",
    facts({ ...local("encrypt"), sts: sts("enforce") }),
    OPTIONAL,
    `encrypt over dnssec | encrypted at ${MX} | ${TLS} | enforce local encrypted | watch mta-sts ${WEB}`,
  ],
  [
    "TLS-Required: No waives no implicit TLS",
    facts({}, { learnt: "configured", mode: "implicit", port: 465 }),
    OPTIONAL,
    `encrypt over own | encrypted at ${MX} | ${TLS} | enforce local encrypted`,
  ],
  // what a submitter asks
  [
    "submitter: secure by webpki beside DANE: both",
    facts({ dane: usable }),
    asks({ by: ["webpki"] }),
    `secure over dnssec | ${WEB} at ${BASE} | ${TLS} | enforce submitter ${WEB}, dane ${DANE}`,
  ],
  [
    "submitter: by dane, absent",
    facts({ dane: absent }),
    asks({ by: ["dane"] }),
    "skip-host | secure | tls-verify-failed | enforced submitter false dane-required",
  ],
  [
    "submitter: DNSSEC, and STS's word is not enough",
    facts({ sts: sts("enforce") }, UNSIGNED),
    asks({ mxAuthentic: "dnssec" }),
    "skip-host | secure | tls-verify-failed | enforced submitter false validation-failure",
  ],
  [
    "submitter: secure, unsigned MX agreed locally",
    facts(local("may", agreed), UNSIGNED),
    asks({}),
    `secure over local | ${WEB} at ${MX} | ${TLS} | enforce local any, submitter ${WEB}`,
  ],
  [
    "submitter: secure, unsigned MX not agreed",
    facts(local("may", elsewhere), UNSIGNED),
    asks({}),
    "skip-host | secure | tls-verify-failed | enforced submitter false validation-failure",
  ],
  [
    "submitter: encrypt to a host that DANE could not tell of",
    facts({ dane: lost }),
    asks({ level: "encrypt" }),
    FAILED,
  ],
];

for (const [name, known, demand, expected] of ROWS) {
  test(`decide: ${name}`, () => assert.equal(tell(decide(known, demand)), expected));
}

test("decide: the table has no row twice", () => {
  assert.equal(new Set(ROWS.map(([name]) => name)).size, ROWS.length);
  assert.ok(ROWS.length >= 60);
});
