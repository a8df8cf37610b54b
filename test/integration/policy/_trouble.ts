import { mint } from "../../support/mint.ts";
import { type Row, tlsa } from "../../support/policy-row.ts";

/** DNS and hosts in trouble: what is lost, forged or broken off never lowers what is asked for, and returns no message. */
const own = mint();
const SIGNED = ["S MX 10 mx.S", `_25._tcp.mx.S TLSA ${tlsa("3 1 1", own)}`];
const GOOD = { sends: [own], chainError: "DEPTH_ZERO_SELF_SIGNED_CERT" };
const STORED = { stored: "enforce mx.P", txt: null };

export const TROUBLE_ROWS: readonly Row[] = [
  {
    is: "AAAA SERVFAIL, A signed: the host is reached and its records count (RFC 7672 §2.2.2)",
    world: () => ({ dns: SIGNED, hosts: { "mx.S": GOOD }, faults: { "mx.S AAAA": "servfail" } }),
    gives:
      "delivered dane:dane mx.S | tlsa success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "A bogus, no AAAA: the host is left out (RFC 7672 §2.1.2)",
    world: () => ({ dns: SIGNED, hosts: { "mx.S": GOOD }, faults: { "mx.S A": "bogus" } }),
    gives: "deferred 4.4.3 may:!dns mx.S",
  },
  {
    is: "MX SERVFAIL: deferred (RFC 7672 §2.1.1)",
    world: () => ({ dns: SIGNED, hosts: { "mx.S": GOOD }, faults: { "S MX": "servfail" } }),
    gives: "deferred 4.4.3 may:!dns",
  },
  {
    is: "MX bogus at an alias of the domain: deferred (RFC 7672 §2.1.1)",
    world: () => ({
      dns: ["S CNAME real.S", "real.S MX 10 mx.S", `_25._tcp.mx.S TLSA ${tlsa("3 1 1", own)}`],
      hosts: { "mx.S": GOOD },
      faults: { "S MX": "bogus" },
    }),
    gives: "deferred 4.4.3 may:!dns",
  },
  {
    is: "the end of an alias of TLSA cannot be had: the host is left out (RFC 7672 §2.1.2)",
    world: () => ({
      dns: ["S MX 10 mx.S", "_25._tcp.mx.S CNAME keys.S", `keys.S TLSA ${tlsa("3 1 1", own)}`],
      hosts: { "mx.S": GOOD },
      faults: { "_25._tcp.mx.S TLSA": "servfail", "keys.S TLSA": "servfail" },
    }),
    gives: "deferred 4.4.3 dane:!decision mx.S | tlsa dnssec-invalid mx.S | TLSA? _25._tcp.mx.S",
  },
  {
    is: "a proved null MX: returned (RFC 7505 §3)",
    world: () => ({ dns: ["S MX 0 ."] }),
    gives: "failed 5.1.10 may:!dns",
  },
  {
    is: "a domain that is proved not to exist: returned (RFC 5321 §5.1)",
    to: "gone.S",
    world: () => ({}),
    gives: "failed 5.1.2 may:!dns",
  },
  {
    is: "a domain said not to exist, the proof bogus: deferred (RFC 5321 §5.1)",
    to: "gone.S",
    world: () => ({ faults: { "gone.S MX": "bogus" } }),
    gives: "deferred 4.4.3 may:!dns",
  },
  {
    is: "a policy is stored and the unsigned domain is gone: deferred (RFC 8461 §10.2)",
    to: "gone.P",
    world: () => ({ sts: { "gone.P": { stored: "enforce mx.gone.P", txt: null } } }),
    gives: "deferred 4.4.3 may:!dns",
  },
  {
    is: "a policy is stored and an unsigned null MX turns up: deferred (RFC 8461 §10.2)",
    to: "P",
    world: () => ({ dns: ["P MX 0 ."], sts: { P: STORED } }),
    gives: "deferred 4.4.3 may:!dns",
  },
  {
    is: "a policy is stored and MX cannot be had: deferred (RFC 8461 §3.3)",
    to: "P",
    world: () => ({
      dns: ["P MX 10 mx.P"],
      hosts: { "mx.P": GOOD },
      faults: { "P MX": "servfail" },
      sts: { P: STORED },
    }),
    gives: "deferred 4.4.3 may:!dns",
  },
  {
    is: "DANE, something else than TLS after 220: never in clear (RFC 7672 §2.2)",
    world: () => ({ dns: SIGNED, hosts: { "mx.S": { ...GOOD, does: "garbage-in-handshake" } } }),
    gives:
      "deferred 4.7.5 dane:!handshake mx.S | 2 × tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, STARTTLS",
  },
  {
    is: "DANE, ended after 220: never in clear (RFC 7672 §2.2)",
    world: () => ({ dns: SIGNED, hosts: { "mx.S": { ...GOOD, does: "end-after-starttls" } } }),
    gives:
      "deferred 4.7.5 dane:!handshake mx.S | 2 × tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, STARTTLS",
  },
  {
    is: "DANE, ended after the handshake: never in clear (RFC 7672 §2.2)",
    world: () => ({ dns: SIGNED, hosts: { "mx.S": { ...GOOD, does: "end-after-handshake" } } }),
    gives:
      "deferred 4.4.2 dane:!second-hello mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, STARTTLS, sni mx.S",
  },
  {
    is: "DANE, STARTTLS offered and not known: never in clear (RFC 7672 §2.2)",
    world: () => ({ dns: SIGNED, hosts: { "mx.S": { ...GOOD, does: "starttls-502" } } }),
    gives: "deferred 4.7.0 dane:!starttls mx.S | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS",
  },
  {
    is: "nothing published, STARTTLS offered and not known: in clear (RFC 3207 §4)",
    world: () => ({ dns: ["S MX 10 mx.S"], hosts: { "mx.S": { ...GOOD, does: "starttls-502" } } }),
    gives:
      "delivered may:plaintext mx.S | no-policy-found validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, clear MAIL, clear content",
  },
  {
    is: "nothing published, something else than TLS after 220: in clear (RFC 3207 §4)",
    world: () => ({ dns: ["S MX 10 mx.S"], hosts: { "mx.S": { ...GOOD, does: "garbage-in-handshake" } } }),
    gives:
      "delivered may:plaintext mx.S | 2 × no-policy-found validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, STARTTLS, clear MAIL, clear content",
  },
];
