import { mint } from "../../support/mint.ts";
import { type Row, tlsa } from "../../support/policy-row.ts";

/** DANE beside local rules, MTA-STS and the operator's ways to take it. */
const own = mint();
const EE = tlsa("3 1 1", own);
const MX = ["S MX 10 mx.S"];
const SIGNED = [...MX, `_25._tcp.mx.S TLSA ${EE}`];
const GOOD = { "mx.S": { sends: [own], chainError: "DEPTH_ZERO_SELF_SIGNED_CERT" } };
const WRONG = { "mx.S": { sends: [mint()], chainError: "DEPTH_ZERO_SELF_SIGNED_CERT" } };

export const BESIDE_ROWS: readonly Row[] = [
  {
    is: "local secure by DANE alone: records there (RFC 7672 §6)",
    local: { level: "secure", by: ["dane"] },
    world: () => ({ dns: SIGNED, hosts: GOOD }),
    gives:
      "delivered secure:dane mx.S | tlsa success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "local secure by DANE alone: no records (RFC 7672 §6)",
    local: { level: "secure", by: ["dane"] },
    world: ({ leaf, root }) => ({ dns: MX, hosts: { "mx.S": { sends: [leaf(["mx.S"]), root] } } }),
    gives: "deferred 4.7.5 secure:!decision mx.S | no-policy-found dane-required mx.S | TLSA? _25._tcp.mx.S",
  },
  {
    is: "local secure by DANE alone: MX unsigned (RFC 7672 §2.2.1)",
    local: { level: "secure", by: ["dane"], destination: "P" },
    to: "P",
    world: () => ({ dns: ["P MX 10 mx.S", `_25._tcp.mx.S TLSA ${EE}`], hosts: GOOD }),
    gives: "deferred 4.7.5 secure:!decision mx.S",
  },
  {
    is: "local secure by DANE alone: unusable records (RFC 7672 §6)",
    local: { level: "secure", by: ["dane"] },
    world: () => ({ dns: [...MX, "_25._tcp.mx.S TLSA 3 1 1 00"], hosts: GOOD }),
    gives: "deferred 4.7.5 secure:!decision mx.S | tlsa dane-required mx.S | TLSA? _25._tcp.mx.S",
  },
  {
    is: "local secure by a trusted certificate: DANE binds beside it, and the certificate fails",
    local: { level: "secure", by: ["webpki"] },
    world: () => ({ dns: SIGNED, hosts: GOOD }),
    gives: "deferred 4.7.5 secure:!verify mx.S | tlsa success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
  {
    is: "local may does not lower DANE (law 1)",
    local: { level: "may" },
    world: () => ({ dns: SIGNED, hosts: WRONG }),
    gives:
      "deferred 4.7.5 dane:!verify mx.S | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
  {
    is: "a local override in force lowers DANE, and it is still reported (law 1)",
    local: { level: "may", override: { until: Date.UTC(2100, 0) } },
    world: () => ({ dns: SIGNED, hosts: WRONG }),
    gives:
      "delivered may:encrypted mx.S | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "a local override that has ended lowers nothing (law 1)",
    local: { level: "may", override: { until: Date.UTC(2026, 0) } },
    world: () => ({ dns: SIGNED, hosts: WRONG }),
    gives:
      "deferred 4.7.5 dane:!verify mx.S | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
  {
    is: "DANE good, MTA-STS names another host: DANE decides (RFC 8461 §2)",
    world: () => ({ dns: SIGNED, hosts: GOOD, sts: { S: { serves: "enforce other.S" } } }),
    gives:
      "delivered dane:dane mx.S | sts certificate-host-mismatch mx.S | tlsa success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "DANE good, the certificate fails MTA-STS: DANE decides (RFC 8461 §2)",
    world: () => ({ dns: SIGNED, hosts: GOOD, sts: { S: { serves: "enforce mx.S" } } }),
    gives:
      "delivered dane:dane mx.S | sts certificate-not-trusted mx.S | tlsa success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "DANE fails, MTA-STS good: nothing goes (RFC 8461 §2)",
    world: ({ leaf, root }) => ({
      dns: SIGNED,
      hosts: { "mx.S": { sends: [leaf(["mx.S"]), root] } },
      sts: { S: { serves: "enforce mx.S" } },
    }),
    gives:
      "deferred 4.7.5 dane:!verify mx.S | sts success | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
  {
    is: "DANE fails, MTA-STS in testing: nothing goes (RFC 8461 §2)",
    world: () => ({ dns: SIGNED, hosts: WRONG, sts: { S: { serves: "testing mx.S" } } }),
    gives:
      "deferred 4.7.5 dane:!verify mx.S | sts certificate-not-trusted mx.S | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
  {
    is: "TLSA unusable, MTA-STS enforced and good: a trusted certificate (RFC 8461 §2)",
    world: ({ leaf, root }) => ({
      dns: [...MX, "_25._tcp.mx.S TLSA 3 1 1 00"],
      hosts: { "mx.S": { sends: [leaf(["mx.S"]), root] } },
      sts: { S: { serves: "enforce mx.S" } },
    }),
    gives:
      "delivered sts:webpki mx.S | sts success | tlsa success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "TLSA unusable, MTA-STS enforced, the certificate fails: nothing goes (RFC 8461 §5)",
    world: () => ({
      dns: [...MX, "_25._tcp.mx.S TLSA 3 1 1 00"],
      hosts: GOOD,
      sts: { S: { serves: "enforce mx.S" } },
    }),
    gives:
      "deferred 4.7.5 sts:!verify mx.S | sts certificate-not-trusted mx.S | tlsa success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
  {
    is: "TLSA cannot be had, MTA-STS good: the host is left out (RFC 7672 §2.1.2)",
    world: ({ leaf, root }) => ({
      dns: SIGNED,
      hosts: { "mx.S": { sends: [leaf(["mx.S"]), root] } },
      sts: { S: { serves: "enforce mx.S" } },
      faults: { "_25._tcp.mx.S TLSA": "servfail" },
    }),
    gives: "deferred 4.4.3 dane:!decision mx.S | tlsa dnssec-invalid mx.S | TLSA? _25._tcp.mx.S",
  },
  {
    is: "audit: a failing key is reported and the mail goes",
    taking: { dane: "audit" },
    world: () => ({ dns: SIGNED, hosts: WRONG }),
    gives:
      "delivered may:encrypted mx.S | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "audit: a good key is verified and reported",
    taking: { dane: "audit" },
    world: () => ({ dns: SIGNED, hosts: GOOD }),
    gives:
      "delivered may:encrypted mx.S | tlsa success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "audit: no STARTTLS, in clear and reported",
    taking: { dane: "audit" },
    world: () => ({ dns: SIGNED, hosts: { "mx.S": {} } }),
    gives:
      "delivered may:plaintext mx.S | tlsa starttls-not-supported mx.S | TLSA? _25._tcp.mx.S | mx.S: clear MAIL, clear content",
  },
  {
    is: "audit of DANE does not touch MTA-STS (RFC 8461 §5)",
    taking: { dane: "audit" },
    world: () => ({ dns: SIGNED, hosts: WRONG, sts: { S: { serves: "enforce mx.S" } } }),
    gives:
      "deferred 4.7.5 sts:!verify mx.S | sts certificate-not-trusted mx.S | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
  {
    is: "discover: DANE and MTA-STS both fail, both are reported and the mail goes",
    taking: { discover: true },
    world: () => ({ dns: SIGNED, hosts: WRONG, sts: { S: { serves: "enforce mx.S" } } }),
    gives:
      "delivered may:encrypted mx.S | sts certificate-not-trusted mx.S | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
];
