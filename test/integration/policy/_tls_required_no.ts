import { mint } from "../../support/mint.ts";
import type { MailHostSpec } from "../../support/policy-mail-host.ts";
import { type Row, tlsa } from "../../support/policy-row.ts";

/** Messages with `TLS-Required: No` (RFC 8689 §4.2.2), and those whose submitter asked for a level of his own. */
const own = mint();
const RECORDS = ["S MX 10 mx.S", `_25._tcp.mx.S TLSA ${tlsa("3 1 1", own)}`];
const GOOD: MailHostSpec = { sends: [own], chainError: "DEPTH_ZERO_SELF_SIGNED_CERT" };
const WRONG: MailHostSpec = { ...GOOD, sends: [mint()] };

const NO_ROWS: readonly Omit<Row, "demand">[] = [
  {
    is: "No: DANE is met all the same",
    world: () => ({ dns: RECORDS, hosts: { "mx.S": GOOD } }),
    gives:
      "delivered may:encrypted mx.S | tlsa success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "No: DANE fails, delivered with TLS, reported",
    world: () => ({ dns: RECORDS, hosts: { "mx.S": WRONG } }),
    gives:
      "delivered may:encrypted mx.S | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "No: DANE and no STARTTLS, delivered in clear, reported",
    world: () => ({ dns: RECORDS, hosts: { "mx.S": {} } }),
    gives:
      "delivered may:plaintext mx.S | tlsa starttls-not-supported mx.S | TLSA? _25._tcp.mx.S | mx.S: clear MAIL, clear content",
  },
  {
    is: "No: DANE and a handshake that is reset, delivered in clear, reported",
    world: () => ({ dns: RECORDS, hosts: { "mx.S": { ...GOOD, does: "reset-in-handshake" } } }),
    gives:
      "delivered may:plaintext mx.S | 2 × tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, STARTTLS, clear MAIL, clear content",
  },
  {
    is: "No: TLSA cannot be had, delivered",
    world: () => ({ dns: RECORDS, hosts: { "mx.S": GOOD }, faults: { "_25._tcp.mx.S TLSA": "servfail" } }),
    gives:
      "delivered may:encrypted mx.S | tlsa dnssec-invalid mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "No: MX bogus, deferred, for nobody knows where to",
    world: () => ({ dns: RECORDS, hosts: { "mx.S": GOOD }, faults: { "S MX": "bogus" } }),
    gives: "deferred 4.4.3 may:!dns",
  },
  {
    is: "No: MTA-STS does not name the host, delivered",
    to: "P",
    world: () => ({ dns: ["P MX 10 mx.P"], hosts: { "mx.P": WRONG }, sts: { P: { serves: "enforce other.P" } } }),
    gives:
      "delivered may:encrypted mx.P | sts certificate-host-mismatch mx.P | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "No: a local encrypt stays",
    local: { level: "encrypt" },
    world: () => ({ dns: RECORDS, hosts: { "mx.S": {} } }),
    gives: "deferred 4.7.10 encrypt:!starttls mx.S | tlsa starttls-not-supported mx.S | TLSA? _25._tcp.mx.S",
  },
  {
    is: "No: a local secure stays",
    local: { level: "secure" },
    world: () => ({ dns: RECORDS, hosts: { "mx.S": WRONG } }),
    gives:
      "deferred 4.7.5 secure:!verify mx.S | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
  {
    is: "No: a hop with TLS from the first octet gets none in clear (RFC 8314 §3)",
    world: () => ({
      dns: [`_465._tcp.hop.S TLSA ${tlsa("3 1 1", own)}`],
      hosts: { "hop.S": { ...WRONG, implicit: true } },
      hop: { host: "hop.S", port: 465, mode: "implicit" },
    }),
    gives:
      "delivered encrypt:encrypted hop.S | tlsa validation-failure hop.S | TLSA? _465._tcp.hop.S | hop.S: sni hop.S, tls MAIL, tls content",
  },
];

export const LEVEL_ROWS: readonly Row[] = [
  ...NO_ROWS.map((row): Row => ({ ...row, demand: { tlsOptional: true }, is: `${row.is} (RFC 8689 §4.2.2)` })),
  {
    is: "the submitter asks for encrypt: no STARTTLS, deferred (law 3)",
    demand: { level: "encrypt" },
    world: () => ({ dns: ["S MX 10 mx.S"], hosts: { "mx.S": {} } }),
    gives: "deferred 4.7.10 encrypt:!starttls mx.S | no-policy-found starttls-not-supported mx.S | TLSA? _25._tcp.mx.S",
  },
  {
    is: "the submitter asks for encrypt: any certificate will do",
    demand: { level: "encrypt" },
    world: () => ({ dns: ["S MX 10 mx.S"], hosts: { "mx.S": WRONG } }),
    gives:
      "delivered encrypt:encrypted mx.S | no-policy-found success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "the submitter asks for secure: MX signed, DANE",
    demand: { level: "secure" },
    world: () => ({ dns: RECORDS, hosts: { "mx.S": GOOD } }),
    gives:
      "delivered secure:dane mx.S | tlsa success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "the submitter asks for secure: nobody is trusted, deferred and not returned",
    demand: { level: "secure" },
    world: () => ({ dns: ["S MX 10 mx.S"], hosts: { "mx.S": WRONG } }),
    gives:
      "deferred 4.7.5 secure:!verify mx.S | no-policy-found certificate-not-trusted mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
  {
    is: "the submitter asks for secure: MX unsigned, deferred",
    to: "P",
    demand: { level: "secure" },
    world: ({ leaf, root }) => ({ dns: ["P MX 10 mx.P"], hosts: { "mx.P": { sends: [leaf(["mx.P"]), root] } } }),
    gives: "deferred 4.7.5 secure:!decision mx.P",
  },
  {
    is: "the submitter asks for DANE alone: a trusted certificate is not that",
    demand: { level: "secure", by: ["dane"] },
    world: ({ leaf, root }) => ({ dns: ["S MX 10 mx.S"], hosts: { "mx.S": { sends: [leaf(["mx.S"]), root] } } }),
    gives: "deferred 4.7.5 secure:!decision mx.S | no-policy-found dane-required mx.S | TLSA? _25._tcp.mx.S",
  },
];
