import { mint } from "../../support/mint.ts";
import type { DnsFault, Kit, Published, Row, StsPlan } from "../../support/policy-row.ts";

/** How a policy is found, kept, and lowered (RFC 8461 §3, §5), against an attacker too; the host fails every policy unless said. */
const FAILING = { sends: [mint()], chainError: "DEPTH_ZERO_SELF_SIGNED_CERT" };
const ENFORCE = "enforce mx.P";

/** A policy published so, and one host that fails it. */
function found(
  plan: StsPlan,
  faults: Readonly<Record<string, DnsFault>> = {},
  more: readonly string[] = [],
): Row["world"] {
  return () => ({ dns: ["P MX 10 mx.P", ...more], hosts: { "mx.P": FAILING }, sts: { P: plan }, faults });
}

/** The same with a host that satisfies it. */
function kept(plan: StsPlan, faults: Readonly<Record<string, DnsFault>> = {}): Row["world"] {
  return ({ leaf, root }: Kit): Published => ({
    dns: ["P MX 10 mx.P"],
    hosts: { "mx.P": { sends: [leaf(["mx.P"]), root] } },
    sts: { P: plan },
    faults,
  });
}

const OPEN = "delivered may:encrypted mx.P | no-policy-found success";
const TOOK = "mx.P: STARTTLS, sni mx.P, tls MAIL, tls content";
const SICK = [
  ["404", "sts-policy-fetch-error"],
  ["down", "sts-policy-fetch-error"],
  ["html", "sts-policy-invalid"],
  ["garbage", "sts-policy-invalid"],
  ["wrong name", "sts-webpki-invalid"],
  ["unknown CA", "sts-webpki-invalid"],
  ["expired", "sts-webpki-invalid"],
] as const;

const ROWS: readonly Omit<Row, "to">[] = [
  // What is announced
  {
    is: "no record: the policy host is not asked (RFC 8461 §3.1)",
    world: found({ serves: ENFORCE, txt: null }),
    gives: "delivered may:encrypted mx.P | no-policy-found success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "a record without an id (RFC 8461 §3.1)",
    world: found({ serves: ENFORCE, txt: "v=STSv1;" }),
    gives: "delivered may:encrypted mx.P | no-policy-found success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "an id with 33 characters (RFC 8461 §3.1)",
    world: found({ serves: ENFORCE, txt: `v=STSv1; id=${"a".repeat(33)};` }),
    gives: "delivered may:encrypted mx.P | no-policy-found success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "a version in lower case (RFC 8461 §3.1)",
    world: found({ serves: ENFORCE, txt: "v=stsv1; id=1;" }),
    gives: "delivered may:encrypted mx.P | no-policy-found success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "two records are as none (RFC 8461 §3.1)",
    world: found({ serves: ENFORCE }, {}, ['_mta-sts.P TXT "v=STSv1; id=2;"']),
    gives: "delivered may:encrypted mx.P | no-policy-found success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "another record at the name does no harm (RFC 8461 §3.1)",
    world: found({ serves: ENFORCE }, {}, ['_mta-sts.P TXT "google-site-verification=x"']),
    gives: "deferred 4.7.5 sts:!verify mx.P | sts certificate-not-trusted mx.P | mx.P: STARTTLS, sni mx.P",
  },
  {
    is: "the record is an alias, as a provider has it (RFC 8461 §8.2)",
    world: found({ serves: ENFORCE, txt: null }, {}, [
      "_mta-sts.P CNAME _mta-sts.provider.P",
      '_mta-sts.provider.P TXT "v=STSv1; id=1;"',
    ]),
    gives: "deferred 4.7.5 sts:!verify mx.P | sts certificate-not-trusted mx.P | mx.P: STARTTLS, sni mx.P",
  },
  // What cannot be had, and nothing is stored
  ...SICK.map(
    ([sick, result]): Row => ({
      is: `the policy host: ${sick}; as if there were no policy, and reported (RFC 8461 §3.3)`,
      world: found({ serves: ENFORCE, sick }),
      gives: `${OPEN} | sts ${result} | ${TOOK}`,
    }),
  ),
  {
    is: "a mode in upper case (RFC 8461 §3.2)",
    world: found({ serves: "Enforce mx.P" }),
    gives:
      "delivered may:encrypted mx.P | no-policy-found success | sts sts-policy-invalid | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "enforce without mx (RFC 8461 §3.2)",
    world: found({ serves: "enforce" }),
    gives:
      "delivered may:encrypted mx.P | no-policy-found success | sts sts-policy-invalid | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "the record cannot be looked up: as if there were none (RFC 8461 §3.1)",
    world: found({ serves: ENFORCE }, { "_mta-sts.P TXT": "servfail" }),
    gives: "delivered may:encrypted mx.P | no-policy-found success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "the address of the policy host cannot be looked up (RFC 8461 §3.3)",
    world: found({ serves: ENFORCE }, { "mta-sts.P A": "servfail", "mta-sts.P AAAA": "servfail" }),
    gives:
      "delivered may:encrypted mx.P | no-policy-found success | sts sts-policy-fetch-error | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  // What is stored
  {
    is: "stored, and the record is gone: the stored policy binds (RFC 8461 §3.3)",
    world: found({ stored: ENFORCE, txt: null }),
    gives: "deferred 4.7.5 sts:!verify mx.P | sts certificate-not-trusted mx.P | mx.P: STARTTLS, sni mx.P",
  },
  {
    is: "stored, and the record is gone: a good host has the mail (RFC 8461 §3.3)",
    world: kept({ stored: ENFORCE, txt: null }),
    gives: "delivered sts:webpki mx.P | sts success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "stored, and the record cannot be looked up: the stored policy binds (RFC 8461 §3.3)",
    world: found({ stored: ENFORCE }, { "_mta-sts.P TXT": "servfail" }),
    gives: "deferred 4.7.5 sts:!verify mx.P | sts certificate-not-trusted mx.P | mx.P: STARTTLS, sni mx.P",
  },
  {
    is: "stored, and the record is malformed: the stored policy binds (RFC 8461 §3.3)",
    world: found({ stored: ENFORCE, txt: "v=STSv1;" }),
    gives: "deferred 4.7.5 sts:!verify mx.P | sts certificate-not-trusted mx.P | mx.P: STARTTLS, sni mx.P",
  },
  {
    is: "stored with the same id, the policy host down: it is not asked (RFC 8461 §3.3)",
    world: found({ stored: ENFORCE, sick: "down" }),
    gives: "deferred 4.7.5 sts:!verify mx.P | sts certificate-not-trusted mx.P | mx.P: STARTTLS, sni mx.P",
  },
  {
    is: "stored, another id, the policy host down: the stored policy binds, reported (RFC 8461 §3.3)",
    world: found({ stored: ENFORCE, storedId: "0", sick: "down" }),
    gives:
      "deferred 4.7.5 sts:!verify mx.P | sts certificate-not-trusted mx.P | sts sts-policy-fetch-error | mx.P: STARTTLS, sni mx.P",
  },
  {
    is: "stored, another id, the policy host forged: the stored policy binds, reported (RFC 8461 §3.3)",
    world: found({ stored: ENFORCE, storedId: "0", serves: "none", sick: "unknown CA" }),
    gives:
      "deferred 4.7.5 sts:!verify mx.P | sts certificate-not-trusted mx.P | sts sts-webpki-invalid | mx.P: STARTTLS, sni mx.P",
  },
  {
    is: "stored enforce, another id, now testing: the new policy counts (RFC 8461 §5.1)",
    world: found({ stored: ENFORCE, storedId: "0", serves: "testing mx.P" }),
    gives:
      "delivered may:encrypted mx.P | sts certificate-not-trusted mx.P | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "stored testing, another id, now enforce: the new policy counts (RFC 8461 §5.1)",
    world: found({ stored: "testing mx.P", storedId: "0", serves: ENFORCE }),
    gives: "deferred 4.7.5 sts:!verify mx.P | sts certificate-not-trusted mx.P | mx.P: STARTTLS, sni mx.P",
  },
  {
    is: "stored enforce, another id, now none: the domain has left (RFC 8461 §8.3)",
    world: found({ stored: ENFORCE, storedId: "0", serves: "none" }),
    gives: "delivered may:encrypted mx.P | no-policy-found success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "stored none, another id, the policy host down: nobody is told (RFC 8461 §3.3)",
    world: found({ stored: "none", storedId: "0", sick: "down" }),
    gives: "delivered may:encrypted mx.P | no-policy-found success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "stored and past its end, the record gone: no policy (RFC 8461 §3.2)",
    world: found({ stored: ENFORCE, txt: null, storedAge: 86_400_001 }),
    gives: "delivered may:encrypted mx.P | no-policy-found success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "stored, and the MX answer names a stranger: he is not dialled (RFC 8461 §10)",
    world: ({ leaf, root }) => ({
      dns: ["P MX 10 evil.P"],
      hosts: { "evil.P": { sends: [leaf(["evil.P"]), root] } },
      sts: { P: { stored: ENFORCE, txt: null } },
    }),
    gives: "deferred 4.7.5 sts:!decision evil.P | sts certificate-host-mismatch evil.P",
  },
  {
    is: "stored, and the address leads to a stranger with a certificate of his own (RFC 8461 §10)",
    world: ({ leaf, root }) => ({
      dns: ["P MX 10 mx.P"],
      hosts: { "mx.P": { sends: [leaf(["evil.P"]), root] } },
      sts: { P: { stored: ENFORCE, txt: null } },
    }),
    gives: "deferred 4.7.5 sts:!verify mx.P | sts certificate-host-mismatch mx.P | mx.P: STARTTLS, sni mx.P",
  },
  // Who else has a say
  {
    is: "TLS-Required: No lowers it, and it is still reported (RFC 8689 §4.2.2)",
    demand: { tlsOptional: true },
    world: found({ serves: ENFORCE }),
    gives:
      "delivered may:encrypted mx.P | sts certificate-not-trusted mx.P | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "a local override in force lowers it, and it is still reported (law 1)",
    local: { level: "may", destination: "P", override: { until: Date.UTC(2100, 0) } },
    world: found({ serves: ENFORCE }),
    gives:
      "delivered may:encrypted mx.P | sts certificate-not-trusted mx.P | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "local may does not lower it (law 1)",
    local: { level: "may", destination: "P" },
    world: found({ serves: ENFORCE }),
    gives: "deferred 4.7.5 sts:!verify mx.P | sts certificate-not-trusted mx.P | mx.P: STARTTLS, sni mx.P",
  },
  {
    is: "local secure: the policy vouches for the MX name (RFC 8461 §4.1)",
    local: { level: "secure", destination: "P" },
    world: kept({ serves: ENFORCE }),
    gives: "delivered secure:webpki mx.P | sts success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "local secure: testing vouches for nothing (RFC 8461 §5)",
    local: { level: "secure", destination: "P" },
    world: kept({ serves: "testing mx.P" }),
    gives: "deferred 4.7.5 secure:!decision mx.P",
  },
  {
    is: "audit: delivered and reported",
    taking: { sts: "audit" },
    world: found({ serves: ENFORCE }),
    gives:
      "delivered may:encrypted mx.P | sts certificate-not-trusted mx.P | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "audit: a host not named, delivered and reported",
    taking: { sts: "audit" },
    world: found({ serves: "enforce other.P" }),
    gives:
      "delivered may:encrypted mx.P | sts certificate-host-mismatch mx.P | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
];

/** The domain is signed, so that the record can be bogus. */
const BOGUS: Row["world"] = () => ({
  dns: ["S MX 10 mx.S"],
  hosts: { "mx.S": FAILING },
  sts: { S: { serves: "enforce mx.S" } },
  faults: { "_mta-sts.S TXT": "bogus" },
});

export const FIND_ROWS: readonly Row[] = [
  ...ROWS.map((row): Row => ({ ...row, to: "P" })),
  {
    is: "the record is bogus: as if there were none, reported (RFC 8461 §3.1)",
    world: BOGUS,
    gives:
      "delivered may:encrypted mx.S | no-policy-found success | sts dnssec-invalid | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "the record is bogus, mta_sts_strict: deferred",
    taking: { stsStrict: true },
    world: BOGUS,
    gives: "deferred 4.4.3 sts:!decision mx.S | sts dnssec-invalid | TLSA? _25._tcp.mx.S",
  },
];
