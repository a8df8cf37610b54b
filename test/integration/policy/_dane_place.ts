import { mint } from "../../support/mint.ts";
import { type Row, tlsa } from "../../support/policy-row.ts";

/**
 * Where the records stand and how they are found: what is signed, aliases, several hosts, failures of DNS, hosts without
 * TLS. The certificate of a host is its own unless a row says otherwise.
 */
const own = mint();
const next = mint();
const EE = tlsa("3 1 1", own);
const GOOD = { sends: [own] };
const WRONG = { sends: [next] };
const CLEAR = {};

const ASKED = "TLSA? _25._tcp.mx.S";
const took = (host: string, sni = host): string => `${host}: STARTTLS, sni ${sni}, tls MAIL, tls content`;
const clear = (host: string): string => `${host}: clear MAIL, clear content`;

export const PLACE_ROWS: readonly Row[] = [
  // What TLS the host offers
  {
    is: "no STARTTLS at a host with TLSA records: never in clear (RFC 7672 §2.2)",
    world: () => ({ dns: ["S MX 10 mx.S", `_25._tcp.mx.S TLSA ${EE}`], hosts: { "mx.S": CLEAR } }),
    gives: `deferred 4.7.10 dane:!starttls mx.S | tlsa starttls-not-supported mx.S | ${ASKED}`,
  },
  {
    is: "no STARTTLS at a host whose TLSA records are unusable: never in clear (RFC 7672 §2.2)",
    world: () => ({ dns: ["S MX 10 mx.S", "_25._tcp.mx.S TLSA 3 1 1 00"], hosts: { "mx.S": CLEAR } }),
    gives: `deferred 4.7.10 dane:!starttls mx.S | tlsa starttls-not-supported mx.S | ${ASKED}`,
  },
  {
    is: "STARTTLS answered with 454: never in clear (RFC 7672 §2.2)",
    world: () => ({
      dns: ["S MX 10 mx.S", `_25._tcp.mx.S TLSA ${EE}`],
      hosts: { "mx.S": { ...GOOD, does: "starttls-454" } },
    }),
    gives: "deferred 4.7.0 dane:!starttls mx.S | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS",
  },
  {
    is: "a handshake that is reset: a smaller hello, and never in clear (RFC 7672 §2.2)",
    world: () => ({
      dns: ["S MX 10 mx.S", `_25._tcp.mx.S TLSA ${EE}`],
      hosts: { "mx.S": { ...GOOD, does: "reset-in-handshake" } },
    }),
    gives:
      "deferred 4.7.5 dane:!handshake mx.S | 2 × tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, STARTTLS",
  },
  {
    is: "a handshake that is reset where TLSA records are unusable: never in clear (RFC 7672 §2.2)",
    world: () => ({
      dns: ["S MX 10 mx.S", "_25._tcp.mx.S TLSA 3 1 1 00"],
      hosts: { "mx.S": { ...GOOD, does: "reset-in-handshake" } },
    }),
    gives:
      "deferred 4.7.5 dane:!handshake mx.S | 2 × tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, STARTTLS",
  },
  {
    is: "TLS 1.1 alone: never in clear (RFC 8996 §5)",
    world: () => ({
      dns: ["S MX 10 mx.S", `_25._tcp.mx.S TLSA ${EE}`],
      hosts: { "mx.S": { ...GOOD, does: "old-tls" } },
    }),
    gives:
      "deferred 4.7.5 dane:!handshake mx.S | 2 × tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, STARTTLS",
  },
  {
    is: "a middle box that lets only a small hello through: authenticated all the same",
    world: () => ({
      dns: ["S MX 10 mx.S", `_25._tcp.mx.S TLSA ${EE}`],
      hosts: { "mx.S": { ...GOOD, does: "small-hello" } },
    }),
    gives:
      "delivered dane:dane mx.S | tlsa success | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  // What DNS says of TLSA
  {
    is: "no TLSA record: opportunistic, in clear where there is no TLS (RFC 7672 §2.2)",
    world: () => ({ dns: ["S MX 10 mx.S"], hosts: { "mx.S": CLEAR } }),
    gives: `delivered may:plaintext mx.S | no-policy-found starttls-not-supported mx.S | ${ASKED} | ${clear("mx.S")}`,
  },
  ...(["servfail", "refused", "bogus", "silence"] as const).map(
    (fault): Row => ({
      is: `TLSA ${fault}: the host is left out, all of them: deferred (RFC 7672 §2.1.2)`,
      world: () => ({
        dns: ["S MX 10 mx.S", `_25._tcp.mx.S TLSA ${EE}`],
        hosts: { "mx.S": GOOD },
        faults: { "_25._tcp.mx.S TLSA": fault },
      }),
      gives: `deferred 4.4.3 dane:!decision mx.S | tlsa dnssec-invalid mx.S | ${ASKED}`,
    }),
  ),
  {
    is: "no TLSA record, and the proof of that is bogus: the host is left out (RFC 7672 §2.1.2)",
    world: () => ({ dns: ["S MX 10 mx.S"], hosts: { "mx.S": GOOD }, faults: { "_25._tcp.mx.S TLSA": "bogus" } }),
    gives: `deferred 4.4.3 dane:!decision mx.S | tlsa dnssec-invalid mx.S | ${ASKED}`,
  },
  {
    is: "TLSA bogus at the best host: the next host has the mail (RFC 7672 §2.1.2)",
    world: () => ({
      dns: ["S MX 10 mx.S", "S MX 20 mx2.S", `_25._tcp.mx.S TLSA ${EE}`, `_25._tcp.mx2.S TLSA ${EE}`],
      hosts: { "mx.S": GOOD, "mx2.S": GOOD },
      faults: { "_25._tcp.mx.S TLSA": "bogus" },
    }),
    gives:
      "delivered dane:dane mx2.S | tlsa dnssec-invalid mx.S | tlsa success | TLSA? _25._tcp.mx.S _25._tcp.mx2.S | mx2.S: STARTTLS, sni mx2.S, tls MAIL, tls content",
  },
  {
    is: "TLSA SERVFAIL at the best host, none at the next: opportunistic at the next (RFC 7672 §2.1.2)",
    world: () => ({
      dns: ["S MX 10 mx.S", "S MX 20 mx2.S", `_25._tcp.mx.S TLSA ${EE}`],
      hosts: { "mx.S": GOOD, "mx2.S": CLEAR },
      faults: { "_25._tcp.mx.S TLSA": "servfail" },
    }),
    gives:
      "delivered may:plaintext mx2.S | no-policy-found starttls-not-supported mx2.S | tlsa dnssec-invalid mx.S | TLSA? _25._tcp.mx.S _25._tcp.mx2.S | mx2.S: clear MAIL, clear content",
  },
  {
    is: "TLSA bogus at both hosts: deferred (RFC 7672 §2.1.2)",
    world: () => ({
      dns: ["S MX 10 mx.S", "S MX 20 mx2.S", `_25._tcp.mx.S TLSA ${EE}`, `_25._tcp.mx2.S TLSA ${EE}`],
      hosts: { "mx.S": GOOD, "mx2.S": GOOD },
      faults: { "_25._tcp.mx.S TLSA": "bogus", "_25._tcp.mx2.S TLSA": "bogus" },
    }),
    gives:
      "deferred 4.4.3 dane:!decision mx.S | tlsa dnssec-invalid mx.S | tlsa dnssec-invalid mx2.S | TLSA? _25._tcp.mx.S _25._tcp.mx2.S",
  },
  {
    is: "TLSA is an alias of signed records (RFC 7672 §2.2.3)",
    world: () => ({
      dns: ["S MX 10 mx.S", "_25._tcp.mx.S CNAME keys.S", `keys.S TLSA ${EE}`],
      hosts: { "mx.S": GOOD },
    }),
    gives: `delivered dane:dane mx.S | tlsa success | ${ASKED} | ${took("mx.S")}`,
  },
  {
    is: "TLSA is an alias of unsigned records: no TLSA (RFC 7672 §2.1.3)",
    world: () => ({
      dns: ["S MX 10 mx.S", "_25._tcp.mx.S CNAME keys.P", `keys.P TLSA ${EE}`],
      hosts: { "mx.S": WRONG },
    }),
    gives:
      "delivered may:encrypted mx.S | no-policy-found success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "TLSA is an alias that leads to nothing, proved: no TLSA (RFC 7672 §2.2.2)",
    world: () => ({ dns: ["S MX 10 mx.S", "_25._tcp.mx.S CNAME gone.S"], hosts: { "mx.S": WRONG } }),
    gives:
      "delivered may:encrypted mx.S | no-policy-found success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "a wildcard TLSA below the host (RFC 7672 §2.2.2, RFC 4592)",
    world: () => ({ dns: ["S MX 10 mx.S", `*._tcp.mx.S TLSA ${EE}`], hosts: { "mx.S": GOOD } }),
    gives: `delivered dane:dane mx.S | tlsa success | ${ASKED} | ${took("mx.S")}`,
  },
  {
    is: "TLSA of another port says nothing of port 25 (RFC 7672 §2.2.3)",
    world: () => ({ dns: ["S MX 10 mx.S", `_465._tcp.mx.S TLSA ${EE}`], hosts: { "mx.S": WRONG } }),
    gives:
      "delivered may:encrypted mx.S | no-policy-found success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  // What is signed
  {
    is: "addresses unsigned: TLSA is not even asked for (RFC 7672 §2.2.2)",
    world: () => ({ dns: ["S MX 10 mx.P", `_25._tcp.mx.P TLSA ${EE}`], hosts: { "mx.P": WRONG } }),
    gives: `delivered may:encrypted mx.P | no-policy-found success | ${took("mx.P")}`,
  },
  {
    is: "MX unsigned: TLSA of the signed host is not asked for (RFC 7672 §2.2.1)",
    to: "P",
    world: () => ({ dns: ["P MX 10 mx.S", `_25._tcp.mx.S TLSA ${EE}`], hosts: { "mx.S": WRONG } }),
    gives: `delivered may:encrypted mx.S | no-policy-found success | ${took("mx.S")}`,
  },
  {
    is: "MX unsigned, dane_insecure_mx: the host proves itself (RFC 7672 §2.2.1)",
    to: "P",
    taking: { daneInsecureMx: true },
    world: () => ({ dns: ["P MX 10 mx.S", `_25._tcp.mx.S TLSA ${EE}`], hosts: { "mx.S": GOOD } }),
    gives:
      "delivered dane:halfdane mx.S | tlsa success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "MX unsigned, dane_insecure_mx: a host that fails gets nothing (RFC 7672 §2.2.1)",
    to: "P",
    taking: { daneInsecureMx: true },
    world: () => ({ dns: ["P MX 10 mx.S", `_25._tcp.mx.S TLSA ${EE}`], hosts: { "mx.S": WRONG } }),
    gives:
      "deferred 4.7.5 dane:!verify mx.S | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
  {
    is: "MX unsigned, dane_insecure_mx, DANE-TA: the recipient domain is no name of the host (RFC 7672 §2.2.1)",
    to: "P",
    taking: { daneInsecureMx: true },
    world: ({ ca, name }) => {
      const anchor = ca();
      const leaf = mint({ issuer: anchor, names: [name("P")] });
      return {
        dns: ["P MX 10 mx.S", `_25._tcp.mx.S TLSA ${tlsa("2 0 1", anchor)}`],
        hosts: { "mx.S": { sends: [leaf, anchor] } },
      };
    },
    gives:
      "deferred 4.7.5 dane:!verify mx.S | tlsa certificate-host-mismatch mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
  {
    is: "MX bogus: deferred, nobody is dialled (RFC 7672 §2.1.1)",
    world: () => ({ dns: ["S MX 10 mx.S"], hosts: { "mx.S": GOOD }, faults: { "S MX": "bogus" } }),
    gives: "deferred 4.4.3 may:!dns",
  },
  {
    is: "addresses bogus: the host is left out, the next has the mail (RFC 7672 §2.2.2)",
    world: () => ({
      dns: ["S MX 10 mx.S", "S MX 20 mx2.S", `_25._tcp.mx2.S TLSA ${EE}`],
      hosts: { "mx.S": GOOD, "mx2.S": GOOD },
      faults: { "mx.S A": "bogus", "mx.S AAAA": "bogus" },
    }),
    gives:
      "delivered dane:dane mx2.S | tlsa success | TLSA? _25._tcp.mx2.S | mx2.S: STARTTLS, sni mx2.S, tls MAIL, tls content",
  },
  {
    is: "no MX: the domain is its own host (RFC 7672 §2.2.2)",
    world: () => ({ dns: [`_25._tcp.S TLSA ${EE}`], hosts: { S: GOOD } }),
    gives: "delivered dane:dane S | tlsa success | TLSA? _25._tcp.S | S: STARTTLS, sni S, tls MAIL, tls content",
  },
  {
    is: "no MX and a failing key: never in clear (RFC 7672 §2.2.2)",
    world: () => ({ dns: [`_25._tcp.S TLSA ${EE}`], hosts: { S: WRONG } }),
    gives: "deferred 4.7.5 dane:!verify S | tlsa validation-failure S | TLSA? _25._tcp.S | S: STARTTLS, sni S",
  },
  // Aliases of hosts and domains
  {
    is: "MX host is an alias, all signed: the end of it is the base (RFC 7672 §2.2.2)",
    world: () => ({
      dns: ["S MX 10 mx.S", "mx.S CNAME host.S", `_25._tcp.host.S TLSA ${EE}`],
      hosts: { "host.S": GOOD },
    }),
    gives:
      "delivered dane:dane mx.S | tlsa success | TLSA? _25._tcp.host.S | host.S: STARTTLS, sni host.S, tls MAIL, tls content",
  },
  {
    is: "MX host is an alias, all signed, records at the alias alone (RFC 7672 §2.2.2)",
    world: () => ({
      dns: ["S MX 10 mx.S", "mx.S CNAME host.S", `_25._tcp.mx.S TLSA ${EE}`],
      hosts: { "host.S": GOOD },
    }),
    gives:
      "delivered dane:dane mx.S | tlsa success | TLSA? _25._tcp.host.S _25._tcp.mx.S | host.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "MX host is an alias, records at both: those at the end count (RFC 7672 §2.2.2)",
    world: () => ({
      dns: [
        "S MX 10 mx.S",
        "mx.S CNAME host.S",
        `_25._tcp.mx.S TLSA ${tlsa("3 1 1", next)}`,
        `_25._tcp.host.S TLSA ${EE}`,
      ],
      hosts: { "host.S": GOOD },
    }),
    gives:
      "delivered dane:dane mx.S | tlsa success | TLSA? _25._tcp.host.S | host.S: STARTTLS, sni host.S, tls MAIL, tls content",
  },
  {
    is: "MX host is a signed alias of an unsigned name: the alias is the base (RFC 7672 §2.2.2)",
    world: () => ({
      dns: ["S MX 10 mx.S", "mx.S CNAME host.P", `_25._tcp.mx.S TLSA ${EE}`],
      hosts: { "host.P": GOOD },
    }),
    gives:
      "delivered dane:dane mx.S | tlsa success | TLSA? _25._tcp.mx.S | host.P: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "MX host is a signed alias of an unsigned name, wrong key: never in clear (RFC 7672 §2.2.2)",
    world: () => ({
      dns: ["S MX 10 mx.S", "mx.S CNAME host.P", `_25._tcp.mx.S TLSA ${EE}`],
      hosts: { "host.P": WRONG },
    }),
    gives:
      "deferred 4.7.5 dane:!verify mx.S | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | host.P: STARTTLS, sni mx.S",
  },
  {
    is: "MX host is an unsigned alias of a signed name: DANE does not apply (RFC 7672 §2.2.2)",
    world: () => ({
      dns: ["S MX 10 mx.P", "mx.P CNAME host.S", `_25._tcp.host.S TLSA ${EE}`],
      hosts: { "host.S": WRONG },
    }),
    gives: "delivered may:encrypted mx.P | no-policy-found success | host.S: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "the domain is a signed alias of a signed domain: DANE-TA for the end of it (RFC 7672 §3.2.2)",
    world: ({ ca, name }) => {
      const anchor = ca();
      const leaf = mint({ issuer: anchor, names: [name("real.S")] });
      return {
        dns: ["S CNAME real.S", "real.S MX 10 mx.S", `_25._tcp.mx.S TLSA ${tlsa("2 0 1", anchor)}`],
        hosts: { "mx.S": { sends: [leaf, anchor] } },
      };
    },
    gives:
      "delivered dane:dane mx.S | tlsa success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "the domain is an unsigned alias of a signed domain: opportunistic (RFC 7672 §2.2.1)",
    to: "P",
    world: () => ({
      dns: ["P CNAME real.S", "real.S MX 10 mx.S", `_25._tcp.mx.S TLSA ${EE}`],
      hosts: { "mx.S": WRONG },
    }),
    gives: "delivered may:encrypted mx.S | no-policy-found success | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  // Several hosts
  {
    is: "the best host fails, the next proves itself (RFC 7672 §2.2)",
    world: () => ({
      dns: ["S MX 10 mx.S", "S MX 20 mx2.S", `_25._tcp.mx.S TLSA ${EE}`, `_25._tcp.mx2.S TLSA ${EE}`],
      hosts: { "mx.S": WRONG, "mx2.S": GOOD },
    }),
    gives:
      "delivered dane:dane mx2.S | tlsa success | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S _25._tcp.mx2.S | mx.S: STARTTLS, sni mx.S | mx2.S: STARTTLS, sni mx2.S, tls MAIL, tls content",
  },
  {
    is: "the best host fails, the next has no TLSA: opportunistic there (RFC 7672 §2.2)",
    world: () => ({
      dns: ["S MX 10 mx.S", "S MX 20 mx2.S", `_25._tcp.mx.S TLSA ${EE}`],
      hosts: { "mx.S": WRONG, "mx2.S": CLEAR },
    }),
    gives:
      "delivered may:plaintext mx2.S | no-policy-found starttls-not-supported mx2.S | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S _25._tcp.mx2.S | mx.S: STARTTLS, sni mx.S | mx2.S: clear MAIL, clear content",
  },
  {
    is: "the best host has no TLSA and goes first all the same (RFC 7672 §2.2.1)",
    world: () => ({
      dns: ["S MX 10 mx.S", "S MX 20 mx2.S", `_25._tcp.mx2.S TLSA ${EE}`],
      hosts: { "mx.S": CLEAR, "mx2.S": GOOD },
    }),
    gives:
      "delivered may:plaintext mx.S | no-policy-found starttls-not-supported mx.S | TLSA? _25._tcp.mx.S _25._tcp.mx2.S | mx.S: clear MAIL, clear content",
  },
  {
    is: "the best host is down, the next proves itself (RFC 5321 §5.1)",
    world: () => ({
      dns: ["S MX 10 mx.S", "S MX 20 mx2.S", `_25._tcp.mx.S TLSA ${EE}`, `_25._tcp.mx2.S TLSA ${EE}`],
      hosts: { "mx.S": "down", "mx2.S": GOOD },
    }),
    gives:
      "delivered dane:dane mx2.S | tlsa success | TLSA? _25._tcp.mx.S _25._tcp.mx2.S | mx2.S: STARTTLS, sni mx2.S, tls MAIL, tls content",
  },
  // Fixed next hops
  {
    is: "a fixed next hop: records for its own port and name (RFC 7672 §2.2.3)",
    world: () => ({
      dns: [`_587._tcp.hop.S TLSA ${EE}`],
      hosts: { "hop.S": GOOD },
      hop: { host: "hop.S", port: 587 },
    }),
    gives:
      "delivered dane:dane hop.S | tlsa success | TLSA? _587._tcp.hop.S | hop.S: STARTTLS, sni hop.S, tls MAIL, tls content",
  },
  {
    is: "a fixed next hop with TLS from the first octet (RFC 7672 §2.2.3, RFC 8314 §3)",
    world: () => ({
      dns: [`_465._tcp.hop.S TLSA ${EE}`],
      hosts: { "hop.S": { ...GOOD, implicit: true } },
      hop: { host: "hop.S", port: 465, mode: "implicit" },
    }),
    gives: "delivered dane:dane hop.S | tlsa success | TLSA? _465._tcp.hop.S | hop.S: sni hop.S, tls MAIL, tls content",
  },
  {
    is: "a fixed next hop with another key: never (RFC 7672 §2.2)",
    world: () => ({
      dns: [`_587._tcp.hop.S TLSA ${EE}`],
      hosts: { "hop.S": WRONG },
      hop: { host: "hop.S", port: 587 },
    }),
    gives:
      "deferred 4.7.5 dane:!verify hop.S | tlsa validation-failure hop.S | TLSA? _587._tcp.hop.S | hop.S: STARTTLS, sni hop.S",
  },
  {
    is: "a fixed next hop, DANE-TA: the recipient domain is no name of it (RFC 7672 §3.2.2)",
    world: ({ ca, name }) => {
      const anchor = ca();
      const leaf = mint({ issuer: anchor, names: [name("S")] });
      return {
        dns: [`_587._tcp.hop.S TLSA ${tlsa("2 0 1", anchor)}`],
        hosts: { "hop.S": { sends: [leaf, anchor] } },
        hop: { host: "hop.S", port: 587 },
      };
    },
    gives:
      "deferred 4.7.5 dane:!verify hop.S | tlsa certificate-host-mismatch hop.S | TLSA? _587._tcp.hop.S | hop.S: STARTTLS, sni hop.S",
  },
];
