import type { TlsDemand } from "../../../src/mail/mod.ts";
import { mint } from "../../support/mint.ts";
import type { MailHostSpec } from "../../support/policy-mail-host.ts";
import { type Kit, type Published, type Row, tlsa } from "../../support/policy-row.ts";

/** Messages with REQUIRETLS (RFC 8689 §4.2.1): who may have them, and how they end where nobody may. */
const REQUIRETLS: Partial<TlsDemand> = { level: "secure", mxAuthentic: "dnssec-or-sts", propagate: true };

const own = mint();
const EE = tlsa("3 1 1", own);
const BY_DANE: MailHostSpec = { sends: [own], chainError: "DEPTH_ZERO_SELF_SIGNED_CERT", requireTls: "inside" };
const SELF_SIGNED: MailHostSpec = { ...BY_DANE, sends: [mint()] };

/** A host with a trusted certificate for its name, which promises the same. */
function good({ leaf, root }: Kit, name: string, more: Partial<MailHostSpec> = {}): MailHostSpec {
  return { sends: [leaf([name]), root], requireTls: "inside", ...more };
}

function without({ requireTls: _promise, ...rest }: MailHostSpec): MailHostSpec {
  return rest;
}

/** One signed host without TLSA. */
function signed(host: (kit: Kit) => MailHostSpec | "down", more: Partial<Published> = {}): Row["world"] {
  return (kit) => ({ dns: ["S MX 10 mx.S"], hosts: { "mx.S": host(kit) }, ...more });
}

/** Two signed hosts without TLSA. */
function both(first: (kit: Kit) => MailHostSpec | "down", second: (kit: Kit) => MailHostSpec | "down"): Row["world"] {
  return (kit) => ({
    dns: ["S MX 10 mx.S", "S MX 20 mx2.S"],
    hosts: { "mx.S": first(kit), "mx2.S": second(kit) },
  });
}

/** One unsigned host, under this MTA-STS policy if there is one. */
function unsigned(policy?: string): Row["world"] {
  return (kit) => ({
    dns: ["P MX 10 mx.P"],
    hosts: { "mx.P": good(kit, "mx.P") },
    ...(policy === undefined ? {} : { sts: { P: { serves: policy } } }),
  });
}

function hop(host: (kit: Kit) => MailHostSpec): Row["world"] {
  return (kit) => ({ hosts: { "hop.P": host(kit) }, hop: { host: "hop.P", port: 587 } });
}

const fits = (kit: Kit): MailHostSpec => good(kit, "mx.S");
const plain = (kit: Kit): MailHostSpec => without(fits(kit));
const next = (kit: Kit): MailHostSpec => good(kit, "mx2.S");

const ROWS: readonly Omit<Row, "demand">[] = [
  // The name of the host
  {
    is: "MX signed, certificate trusted, promised inside TLS (RFC 8689 §4.2.1)",
    world: signed(fits),
    gives:
      "delivered secure:webpki mx.S | no-policy-found success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL REQUIRETLS, tls content",
  },
  {
    is: "MX unsigned and nothing vouches for it: 5.7.10 (RFC 8689 §4.2.1)",
    to: "P",
    world: unsigned(),
    gives: "failed 5.7.10 secure:!decision mx.P",
  },
  {
    is: "MX unsigned, named by enforced MTA-STS (RFC 8689 §4.2.1)",
    to: "P",
    world: unsigned("enforce mx.P"),
    gives: "delivered secure:webpki mx.P | sts success | mx.P: STARTTLS, sni mx.P, tls MAIL REQUIRETLS, tls content",
  },
  {
    is: "MX unsigned, named by MTA-STS in testing: 5.7.10 (RFC 8689 §4.2.1)",
    to: "P",
    world: unsigned("testing mx.P"),
    gives: "failed 5.7.10 secure:!decision mx.P",
  },
  {
    is: "MX unsigned, MTA-STS names another: 5.7.10 (RFC 8689 §4.2.1)",
    to: "P",
    world: unsigned("enforce other.P"),
    gives: "failed 5.7.10 secure:!decision mx.P | sts certificate-host-mismatch mx.P",
  },
  {
    is: "MX unsigned, agreed locally: not what REQUIRETLS means (RFC 8689 §4.2.1)",
    to: "P",
    local: { level: "secure", destination: "P", mx: ["mx.P" as never] },
    world: unsigned(),
    gives: "failed 5.7.10 secure:!decision mx.P",
  },
  {
    is: "MX unsigned, the record of MTA-STS cannot be looked up: deferred, not returned (RFC 8689 §4.2.1)",
    to: "P",
    world: (kit) => ({ ...unsigned("enforce mx.P")(kit), faults: { "_mta-sts.P TXT": "servfail" } }),
    gives: "deferred 4.4.3 secure:!decision mx.P",
  },
  {
    is: "MX unsigned, the policy host is down: deferred, not returned (RFC 8689 §4.2.1)",
    to: "P",
    world: (kit) => ({ ...unsigned()(kit), sts: { P: { serves: "enforce mx.P", sick: "down" } } }),
    gives: "deferred 4.4.3 secure:!decision mx.P | sts sts-policy-fetch-error",
  },
  {
    is: "MX unsigned, the policy host is an impostor: as if there were no policy, 5.7.10 (RFC 8461 §3.3)",
    to: "P",
    world: (kit) => ({ ...unsigned()(kit), sts: { P: { serves: "enforce mx.P", sick: "unknown CA" } } }),
    gives: "failed 5.7.10 secure:!decision mx.P | sts sts-webpki-invalid",
  },
  {
    is: "MX unsigned, the policy host is down, a policy is stored: it vouches for the host (RFC 8461 §3.3)",
    to: "P",
    world: (kit) => ({ ...unsigned()(kit), sts: { P: { stored: "enforce mx.P", storedId: "0", sick: "down" } } }),
    gives:
      "delivered secure:webpki mx.P | sts sts-policy-fetch-error | sts success | mx.P: STARTTLS, sni mx.P, tls MAIL REQUIRETLS, tls content",
  },
  {
    is: "no MX: the domain is its own host (RFC 8689 §4.2.1)",
    to: "P",
    world: (kit) => ({ hosts: { P: good(kit, "P") } }),
    gives: "delivered secure:webpki P | no-policy-found success | P: STARTTLS, sni P, tls MAIL REQUIRETLS, tls content",
  },
  {
    is: "no MX, a certificate for another: 5.7.10 (RFC 8689 §4.2.1)",
    to: "P",
    world: (kit) => ({ hosts: { P: { ...good(kit, "other.P") } } }),
    gives: "failed 5.7.10 secure:!verify P | no-policy-found certificate-host-mismatch P | P: STARTTLS, sni P",
  },
  // The proof
  {
    is: "DANE is enough, names do not count (RFC 8689 §4.2.1, RFC 7672 §3.1.1)",
    world: () => ({ dns: ["S MX 10 mx.S", `_25._tcp.mx.S TLSA ${EE}`], hosts: { "mx.S": BY_DANE } }),
    gives:
      "delivered secure:dane mx.S | tlsa success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL REQUIRETLS, tls content",
  },
  {
    is: "DANE fails, a trusted certificate does not help: 5.7.10 (RFC 7672 §2.2)",
    world: signed(fits, { dns: ["S MX 10 mx.S", `_25._tcp.mx.S TLSA ${EE}`] }),
    gives:
      "failed 5.7.10 secure:!verify mx.S | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
  {
    is: "TLSA unusable: a trusted certificate (RFC 8689 §4.2.1)",
    world: signed(fits, { dns: ["S MX 10 mx.S", "_25._tcp.mx.S TLSA 3 1 1 00"] }),
    gives:
      "delivered secure:webpki mx.S | tlsa success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL REQUIRETLS, tls content",
  },
  {
    is: "a certificate that nobody trusts: 5.7.10 (RFC 8689 §4.2.1)",
    world: signed(() => SELF_SIGNED),
    gives:
      "failed 5.7.10 secure:!verify mx.S | no-policy-found certificate-not-trusted mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
  {
    is: "a certificate for another host: 5.7.10 (RFC 8689 §4.2.1)",
    world: signed((kit) => good(kit, "other.S")),
    gives:
      "failed 5.7.10 secure:!verify mx.S | no-policy-found certificate-host-mismatch mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
  {
    is: "no STARTTLS: 5.7.10 (RFC 8689 §4.2.1)",
    world: signed(() => ({ requireTls: "outside" })),
    gives: "failed 5.7.10 secure:!starttls mx.S | no-policy-found starttls-not-supported mx.S | TLSA? _25._tcp.mx.S",
  },
  {
    is: "STARTTLS answered with 454 (RFC 8689 §4.2.1)",
    world: signed((kit) => ({ ...fits(kit), does: "starttls-454" })),
    gives:
      "failed 5.7.10 secure:!starttls mx.S | no-policy-found validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS",
  },
  {
    is: "a handshake that is reset (RFC 8689 §4.2.1)",
    world: signed((kit) => ({ ...fits(kit), does: "reset-in-handshake" })),
    gives:
      "failed 5.7.10 secure:!handshake mx.S | 2 × no-policy-found validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, STARTTLS",
  },
  {
    is: "TLS 1.1 alone (RFC 8689 §4.2.1)",
    world: signed((kit) => ({ ...fits(kit), does: "old-tls" })),
    gives:
      "failed 5.7.10 secure:!handshake mx.S | 2 × no-policy-found validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, STARTTLS",
  },
  // The promise
  {
    is: "not promised: 5.7.30 (RFC 8689 §4.2.1)",
    world: signed(plain),
    gives:
      "failed 5.7.30 secure:!requiretls mx.S | no-policy-found success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
  {
    is: "promised before TLS and not inside: 5.7.30 (RFC 8689 §4.2.1)",
    world: signed((kit) => ({ ...fits(kit), requireTls: "outside" })),
    gives:
      "failed 5.7.30 secure:!requiretls mx.S | no-policy-found success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
  {
    is: "promised, and the parameter refused: its own code",
    world: signed((kit) => ({ ...fits(kit), does: "mail-555" })),
    gives:
      "failed 5.5.4 secure:webpki mx.S | no-policy-found success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL REQUIRETLS",
  },
  {
    is: "promised, the recipient refused: its own code",
    world: signed((kit) => ({ ...fits(kit), does: "rcpt-550" })),
    gives:
      "failed 5.1.1 secure:webpki mx.S | no-policy-found success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL REQUIRETLS",
  },
  {
    is: "promised, the recipient put off: deferred",
    world: signed((kit) => ({ ...fits(kit), does: "rcpt-450" })),
    gives:
      "deferred 4.2.1 secure:webpki mx.S | no-policy-found success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL REQUIRETLS",
  },
  // Several hosts
  {
    is: "the best host does not promise, the next does (RFC 8689 §4.2.1)",
    world: both(plain, next),
    gives:
      "delivered secure:webpki mx2.S | 2 × no-policy-found success | TLSA? _25._tcp.mx.S _25._tcp.mx2.S | mx.S: STARTTLS, sni mx.S | mx2.S: STARTTLS, sni mx2.S, tls MAIL REQUIRETLS, tls content",
  },
  {
    is: "the best host fails its proof, the next does not (RFC 8689 §4.2.1)",
    world: both(() => SELF_SIGNED, next),
    gives:
      "delivered secure:webpki mx2.S | no-policy-found certificate-not-trusted mx.S | no-policy-found success | TLSA? _25._tcp.mx.S _25._tcp.mx2.S | mx.S: STARTTLS, sni mx.S | mx2.S: STARTTLS, sni mx2.S, tls MAIL REQUIRETLS, tls content",
  },
  {
    is: "one fails its proof, one does not promise: 5.7.30 (RFC 8689 §4.2.1)",
    world: both(
      () => SELF_SIGNED,
      (kit) => without(next(kit)),
    ),
    gives:
      "failed 5.7.30 secure:!requiretls mx2.S | no-policy-found certificate-not-trusted mx.S | no-policy-found success | TLSA? _25._tcp.mx.S _25._tcp.mx2.S | mx.S: STARTTLS, sni mx.S | mx2.S: STARTTLS, sni mx2.S",
  },
  {
    is: "the best host is down, the next does not promise: deferred",
    world: both(
      () => "down",
      (kit) => without(next(kit)),
    ),
    gives:
      "deferred 4.7.30 secure:!requiretls mx2.S | no-policy-found success | TLSA? _25._tcp.mx.S _25._tcp.mx2.S | mx2.S: STARTTLS, sni mx2.S",
  },
  {
    is: "all hosts down: deferred",
    world: both(
      () => "down",
      () => "down",
    ),
    gives: "deferred 4.4.1 secure:!connect mx.S | TLSA? _25._tcp.mx.S _25._tcp.mx2.S",
  },
  {
    is: "the best host takes no mail, the next does not promise: deferred",
    world: both(
      (kit) => ({ ...fits(kit), does: "greeting-554" }),
      (kit) => without(next(kit)),
    ),
    gives:
      "deferred 4.7.30 secure:!requiretls mx2.S | no-policy-found success | TLSA? _25._tcp.mx.S _25._tcp.mx2.S | mx2.S: STARTTLS, sni mx2.S",
  },
  // DNS
  {
    is: "TLSA cannot be had: deferred, not returned (RFC 7672 §2.1.2)",
    world: signed(fits, { faults: { "_25._tcp.mx.S TLSA": "servfail" } }),
    gives: "deferred 4.4.3 secure:!decision mx.S | tlsa dnssec-invalid mx.S | TLSA? _25._tcp.mx.S",
  },
  {
    is: "MX bogus: deferred, not returned (RFC 7672 §2.1.1)",
    world: signed(fits, { faults: { "S MX": "bogus" } }),
    gives: "deferred 4.4.3 secure:!dns",
  },
  // Fixed next hops
  {
    is: "a fixed next hop: a trusted certificate and the promise (RFC 8689 §4.2.1)",
    world: hop((kit) => good(kit, "hop.P")),
    gives:
      "delivered secure:webpki hop.P | no-policy-found success | hop.P: STARTTLS, sni hop.P, tls MAIL REQUIRETLS, tls content",
  },
  {
    is: "a fixed next hop without the promise: 5.7.30 (RFC 8689 §4.2.1)",
    world: hop((kit) => without(good(kit, "hop.P"))),
    gives: "failed 5.7.30 secure:!requiretls hop.P | no-policy-found success | hop.P: STARTTLS, sni hop.P",
  },
  {
    is: "a fixed next hop that fails its proof: 5.7.10 (RFC 8689 §4.2.1)",
    world: hop(() => SELF_SIGNED),
    gives:
      "failed 5.7.10 secure:!verify hop.P | no-policy-found certificate-not-trusted hop.P | hop.P: STARTTLS, sni hop.P",
  },
  // Notices
  {
    is: "a notice to a host that promises: it carries REQUIRETLS (RFC 8689 §5)",
    notice: true,
    world: signed(fits),
    gives:
      "delivered may:encrypted mx.S | no-policy-found success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL REQUIRETLS, tls content",
  },
  {
    is: "a notice to a host that does not promise: delivered (RFC 8689 §5)",
    notice: true,
    world: signed(plain),
    gives:
      "delivered may:encrypted mx.S | no-policy-found success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "a notice to a host without TLS: delivered (RFC 8689 §4.2.1)",
    notice: true,
    world: signed(() => ({})),
    gives:
      "delivered may:plaintext mx.S | no-policy-found starttls-not-supported mx.S | TLSA? _25._tcp.mx.S | mx.S: clear MAIL, clear content",
  },
  {
    is: "a notice to a host that promises in clear: that is no promise (RFC 8689 §4.1)",
    notice: true,
    world: signed(() => ({ requireTls: "outside" })),
    gives:
      "delivered may:plaintext mx.S | no-policy-found starttls-not-supported mx.S | TLSA? _25._tcp.mx.S | mx.S: clear MAIL, clear content",
  },
  {
    is: "a notice is held to DANE like any other mail (RFC 7672 §2.2)",
    notice: true,
    world: signed(fits, { dns: ["S MX 10 mx.S", `_25._tcp.mx.S TLSA ${EE}`] }),
    gives:
      "deferred 4.7.5 dane:!verify mx.S | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
  // What the operator makes of it
  {
    is: "taken as encryption: a host that promises nothing",
    taking: { requireTls: "encrypt" },
    world: signed(() => without(SELF_SIGNED)),
    gives:
      "delivered encrypt:encrypted mx.S | no-policy-found success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "taken as encryption: no STARTTLS, deferred",
    taking: { requireTls: "encrypt" },
    world: signed(() => ({})),
    gives: "deferred 4.7.10 encrypt:!starttls mx.S | no-policy-found starttls-not-supported mx.S | TLSA? _25._tcp.mx.S",
  },
  {
    is: "taken as what can be had: in clear",
    taking: { requireTls: "opportunistic" },
    world: signed(() => ({})),
    gives:
      "delivered may:plaintext mx.S | no-policy-found starttls-not-supported mx.S | TLSA? _25._tcp.mx.S | mx.S: clear MAIL, clear content",
  },
  {
    is: "discover does not touch it: 5.7.30 (RFC 8689 §4.2.1)",
    taking: { discover: true },
    world: signed(plain),
    gives:
      "failed 5.7.30 secure:!requiretls mx.S | no-policy-found success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
  {
    is: "audit of DANE does not touch it: a failing key, 5.7.10 (RFC 8689 §4.2.1)",
    taking: { dane: "audit" },
    world: () => ({ dns: ["S MX 10 mx.S", `_25._tcp.mx.S TLSA ${EE}`], hosts: { "mx.S": SELF_SIGNED } }),
    gives:
      "failed 5.7.10 secure:!verify mx.S | tlsa validation-failure mx.S | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
];

export const REQUIRETLS_ROWS: readonly Row[] = [
  ...ROWS.map((row): Row => ({ ...row, demand: REQUIRETLS })),
  {
    is: "REQUIRETLS beats TLS-Required: No (RFC 8689 §4.1)",
    demand: { ...REQUIRETLS, tlsOptional: true },
    world: signed(plain),
    gives:
      "failed 5.7.30 secure:!requiretls mx.S | no-policy-found success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S",
  },
  {
    is: "REQUIRETLS with TLS-Required: No: what is published binds all the same (RFC 8689 §4.1)",
    demand: { ...REQUIRETLS, tlsOptional: true },
    world: signed(fits, { sts: { S: { serves: "enforce other.S" } } }),
    gives: "failed 5.7.10 secure:!decision mx.S | sts certificate-host-mismatch mx.S | TLSA? _25._tcp.mx.S",
  },
];
