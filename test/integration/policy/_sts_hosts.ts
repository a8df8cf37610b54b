import { mint, PURPOSE } from "../../support/mint.ts";
import type { MailHostSpec } from "../../support/policy-mail-host.ts";
import type { Kit, Published, Row } from "../../support/policy-row.ts";

/** What an MTA-STS policy makes of hosts and their certificates (RFC 8461 §4). The domain is unsigned unless a row says so. */
const ONE_MX = ["P MX 10 mx.P"];
const TWO_MX = ["P MX 10 mx.P", "P MX 20 mx2.P"];

/** A certificate for these names that everybody trusts. */
function good({ leaf, root }: Kit, ...names: readonly string[]): MailHostSpec {
  return { sends: [leaf(names), root] };
}

/** One host under a policy. */
function one(policy: string, host: (kit: Kit) => MailHostSpec | "down"): (kit: Kit) => Published {
  return (kit) => ({ dns: ONE_MX, hosts: { "mx.P": host(kit) }, sts: { P: { serves: policy } } });
}

/** Two hosts under a policy. */
function two(
  policy: string,
  first: (kit: Kit) => MailHostSpec | "down",
  second: (kit: Kit) => MailHostSpec | "down",
): (kit: Kit) => Published {
  return (kit) => ({
    dns: TWO_MX,
    hosts: { "mx.P": first(kit), "mx2.P": second(kit) },
    sts: { P: { serves: policy } },
  });
}

const SELF_SIGNED = { sends: [mint()], chainError: "DEPTH_ZERO_SELF_SIGNED_CERT" };
const PAST = { notBefore: new Date(0), notAfter: new Date(86_400_000) };
const ENFORCE = "enforce mx.P";
const fits = (kit: Kit): MailHostSpec => good(kit, "mx.P");
const clear = (): MailHostSpec => ({});
const alien = (): MailHostSpec => SELF_SIGNED;

const ROWS: readonly Omit<Row, "to">[] = [
  // Names
  {
    is: "the name of the host in the policy and in the certificate (RFC 8461 §4.1)",
    world: one(ENFORCE, fits),
    gives: "delivered sts:webpki mx.P | sts success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "a pattern for the first label (RFC 8461 §4.1)",
    world: one("enforce *.P", fits),
    gives: "delivered sts:webpki mx.P | sts success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "letter case means nothing in the policy (RFC 8461 §4.1)",
    world: one("enforce MX.P", fits),
    gives: "delivered sts:webpki mx.P | sts success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "a pattern is for one label, not two (RFC 8461 §4.1)",
    world: (kit) => ({
      dns: ["P MX 10 a.mx.P"],
      hosts: { "a.mx.P": good(kit, "a.mx.P") },
      sts: { P: { serves: "enforce *.P" } },
    }),
    gives: "deferred 4.7.5 sts:!decision a.mx.P | sts certificate-host-mismatch a.mx.P",
  },
  {
    is: "a pattern is not for the name without a label (RFC 8461 §4.1)",
    world: (kit) => ({ dns: ["P MX 10 P"], hosts: { P: good(kit, "P") }, sts: { P: { serves: "enforce *.P" } } }),
    gives: "deferred 4.7.5 sts:!decision P | sts certificate-host-mismatch P",
  },
  {
    is: "the second of two mx lines (RFC 8461 §3.2)",
    world: one("enforce other.P mx.P", fits),
    gives: "delivered sts:webpki mx.P | sts success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "a host that the policy does not name is not dialled (RFC 8461 §4.1)",
    world: one("enforce other.P", fits),
    gives: "deferred 4.7.5 sts:!decision mx.P | sts certificate-host-mismatch mx.P",
  },
  {
    is: "a certificate that fits the pattern and not the host (RFC 8461 §4.1)",
    world: one("enforce *.P", (kit) => good(kit, "other.P")),
    gives: "deferred 4.7.5 sts:!verify mx.P | sts certificate-host-mismatch mx.P | mx.P: STARTTLS, sni mx.P",
  },
  {
    is: "a certificate for the domain and not the host (RFC 8461 §4.2)",
    world: one(ENFORCE, (kit) => good(kit, "P")),
    gives: "deferred 4.7.5 sts:!verify mx.P | sts certificate-host-mismatch mx.P | mx.P: STARTTLS, sni mx.P",
  },
  {
    is: "a certificate with a wildcard (RFC 8461 §4.2)",
    world: one(ENFORCE, (kit) => good(kit, "*.P")),
    gives: "delivered sts:webpki mx.P | sts success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "a certificate with the name as common name alone (RFC 8461 §4.2)",
    world: one(ENFORCE, ({ name, root }) => ({
      sends: [mint({ issuer: root, subject: name("mx.P"), purposes: [PURPOSE.serverAuth] }), root],
    })),
    gives: "deferred 4.7.5 sts:!verify mx.P | sts certificate-host-mismatch mx.P | mx.P: STARTTLS, sni mx.P",
  },
  // Chains
  {
    is: "an expired certificate (RFC 8461 §4.2)",
    world: one(ENFORCE, ({ leaf, root }) => ({ sends: [leaf(["mx.P"], PAST), root], chainError: "CERT_HAS_EXPIRED" })),
    gives: "deferred 4.7.5 sts:!verify mx.P | sts certificate-expired mx.P | mx.P: STARTTLS, sni mx.P",
  },
  {
    is: "a certificate of a CA that nobody knows (RFC 8461 §4.2)",
    world: one(ENFORCE, ({ leaf, stranger }) => ({
      sends: [leaf(["mx.P"], { issuer: stranger }), stranger],
      chainError: "SELF_SIGNED_CERT_IN_CHAIN",
    })),
    gives: "deferred 4.7.5 sts:!verify mx.P | sts certificate-not-trusted mx.P | mx.P: STARTTLS, sni mx.P",
  },
  {
    is: "a self-signed certificate (RFC 8461 §4.2)",
    world: one(ENFORCE, alien),
    gives: "deferred 4.7.5 sts:!verify mx.P | sts certificate-not-trusted mx.P | mx.P: STARTTLS, sni mx.P",
  },
  {
    is: "an intermediate that is not sent (RFC 8461 §4.2)",
    world: one(ENFORCE, ({ ca, root, name }) => ({
      sends: [mint({ issuer: ca({ issuer: root }), names: [name("mx.P")] })],
      chainError: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    })),
    gives: "deferred 4.7.5 sts:!verify mx.P | sts certificate-not-trusted mx.P | mx.P: STARTTLS, sni mx.P",
  },
  // TLS
  {
    is: "no STARTTLS: never in clear (RFC 8461 §5)",
    world: one(ENFORCE, clear),
    gives: "deferred 4.7.10 sts:!starttls mx.P | sts starttls-not-supported mx.P",
  },
  {
    is: "STARTTLS answered with 454: never in clear (RFC 8461 §5)",
    world: one(ENFORCE, (kit) => ({ ...fits(kit), does: "starttls-454" })),
    gives: "deferred 4.7.0 sts:!starttls mx.P | sts validation-failure mx.P | mx.P: STARTTLS",
  },
  {
    is: "a handshake that is reset: never in clear (RFC 8461 §5)",
    world: one(ENFORCE, (kit) => ({ ...fits(kit), does: "reset-in-handshake" })),
    gives: "deferred 4.7.5 sts:!handshake mx.P | 2 × sts validation-failure mx.P | mx.P: STARTTLS, STARTTLS",
  },
  {
    is: "TLS 1.1 alone: never (RFC 8461 §4.2, RFC 8996 §5)",
    world: one(ENFORCE, (kit) => ({ ...fits(kit), does: "old-tls" })),
    gives: "deferred 4.7.5 sts:!handshake mx.P | 2 × sts validation-failure mx.P | mx.P: STARTTLS, STARTTLS",
  },
  {
    is: "a middle box that lets only a small hello through (RFC 8461 §4.2)",
    world: one(ENFORCE, (kit) => ({ ...fits(kit), does: "small-hello" })),
    gives:
      "delivered sts:webpki mx.P | sts success | sts validation-failure mx.P | mx.P: STARTTLS, STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  // Several hosts
  {
    is: "the best host is not named, the next is (RFC 8461 §5)",
    world: two("enforce mx2.P", fits, (kit) => good(kit, "mx2.P")),
    gives:
      "delivered sts:webpki mx2.P | sts certificate-host-mismatch mx.P | sts success | mx2.P: STARTTLS, sni mx2.P, tls MAIL, tls content",
  },
  {
    is: "the best host fails its certificate, the next does not (RFC 8461 §5)",
    world: two("enforce *.P", alien, (kit) => good(kit, "mx2.P")),
    gives:
      "delivered sts:webpki mx2.P | sts certificate-not-trusted mx.P | sts success | mx.P: STARTTLS, sni mx.P | mx2.P: STARTTLS, sni mx2.P, tls MAIL, tls content",
  },
  {
    is: "all hosts fail: deferred (RFC 8461 §5)",
    world: two("enforce *.P", alien, clear),
    gives:
      "deferred 4.7.5 sts:!verify mx.P | sts certificate-not-trusted mx.P | sts starttls-not-supported mx2.P | mx.P: STARTTLS, sni mx.P",
  },
  {
    is: "the best host is down, the next fails: deferred (RFC 8461 §5)",
    world: two("enforce *.P", () => "down", alien),
    gives: "deferred 4.7.5 sts:!verify mx2.P | sts certificate-not-trusted mx2.P | mx2.P: STARTTLS, sni mx2.P",
  },
  {
    is: "the only host that the policy names fails; the other, good, is not used (RFC 8461 §4.1)",
    world: two(ENFORCE, alien, (kit) => good(kit, "mx2.P")),
    gives:
      "deferred 4.7.5 sts:!verify mx.P | sts certificate-host-mismatch mx2.P | sts certificate-not-trusted mx.P | mx.P: STARTTLS, sni mx.P",
  },
  {
    is: "no MX: the domain is its own host and the policy must name it (RFC 8461 §4.1)",
    world: (kit) => ({ hosts: { P: good(kit, "P") }, sts: { P: { serves: "enforce P" } } }),
    gives: "delivered sts:webpki P | sts success | P: STARTTLS, sni P, tls MAIL, tls content",
  },
  {
    is: "no MX and a policy that names another host (RFC 8461 §4.1)",
    world: (kit) => ({ hosts: { P: good(kit, "P") }, sts: { P: { serves: ENFORCE } } }),
    gives: "deferred 4.7.5 sts:!decision P | sts certificate-host-mismatch P",
  },
  // Aliases
  {
    is: "MX host is an alias: its own name counts (RFC 8461 §4.1)",
    world: (kit) => ({
      dns: [...ONE_MX, "mx.P CNAME host.P"],
      hosts: { "host.P": good(kit, "mx.P") },
      sts: { P: { serves: ENFORCE } },
    }),
    gives: "delivered sts:webpki mx.P | sts success | host.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "MX host is an alias, the certificate is for the end of it (RFC 8461 §4.1)",
    world: (kit) => ({
      dns: [...ONE_MX, "mx.P CNAME host.P"],
      hosts: { "host.P": good(kit, "host.P") },
      sts: { P: { serves: "enforce mx.P host.P" } },
    }),
    gives: "deferred 4.7.5 sts:!verify mx.P | sts certificate-host-mismatch mx.P | host.P: STARTTLS, sni mx.P",
  },
  {
    is: "the domain is an alias: its own policy counts (RFC 8461 §3.4)",
    world: () => ({
      dns: ["P CNAME real.P", "real.P MX 10 mx.P"],
      hosts: { "mx.P": SELF_SIGNED },
      sts: { P: { serves: ENFORCE } },
    }),
    gives: "deferred 4.7.5 sts:!verify mx.P | sts certificate-not-trusted mx.P | mx.P: STARTTLS, sni mx.P",
  },
  {
    is: "the domain is an alias: the policy where it leads does not count (RFC 8461 §3.4)",
    world: () => ({
      dns: ["P CNAME real.P", "real.P MX 10 mx.P"],
      hosts: { "mx.P": SELF_SIGNED },
      sts: { "real.P": { serves: ENFORCE } },
    }),
    gives: "delivered may:encrypted mx.P | no-policy-found success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  // testing and none
  {
    is: "testing, all good: counted as a success (RFC 8461 §5)",
    world: one("testing mx.P", fits),
    gives: "delivered may:encrypted mx.P | sts success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "testing, the certificate fails: delivered and reported (RFC 8461 §5)",
    world: one("testing mx.P", alien),
    gives:
      "delivered may:encrypted mx.P | sts certificate-not-trusted mx.P | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "testing, no STARTTLS: delivered in clear and reported (RFC 8461 §5)",
    world: one("testing mx.P", clear),
    gives: "delivered may:plaintext mx.P | sts starttls-not-supported mx.P | mx.P: clear MAIL, clear content",
  },
  {
    is: "testing, a host not named: delivered and reported (RFC 8461 §5)",
    world: one("testing other.P", fits),
    gives:
      "delivered may:encrypted mx.P | sts certificate-host-mismatch mx.P | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "testing, a handshake that is reset: delivered in clear and reported (RFC 8461 §5)",
    world: one("testing mx.P", (kit) => ({ ...fits(kit), does: "reset-in-handshake" })),
    gives:
      "delivered may:plaintext mx.P | 2 × sts validation-failure mx.P | mx.P: STARTTLS, STARTTLS, clear MAIL, clear content",
  },
  {
    is: "none: as if there were no policy (RFC 8461 §5)",
    world: one("none", alien),
    gives: "delivered may:encrypted mx.P | no-policy-found success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "none and no STARTTLS: in clear, nothing reported of MTA-STS (RFC 8461 §6)",
    world: one("none", clear),
    gives:
      "delivered may:plaintext mx.P | no-policy-found starttls-not-supported mx.P | mx.P: clear MAIL, clear content",
  },
];

export const HOST_ROWS: readonly Row[] = [
  ...ROWS.map((row): Row => ({ ...row, to: "P" })),
  {
    is: "a subdomain does not inherit (RFC 8461 §3.4)",
    to: "sub.P",
    world: () => ({ dns: ["sub.P MX 10 mx.P"], hosts: { "mx.P": SELF_SIGNED }, sts: { P: { serves: ENFORCE } } }),
    gives: "delivered may:encrypted mx.P | no-policy-found success | mx.P: STARTTLS, sni mx.P, tls MAIL, tls content",
  },
  {
    is: "a signed domain without TLSA: MTA-STS binds (RFC 8461 §2)",
    world: (kit) => ({
      dns: ["S MX 10 mx.S"],
      hosts: { "mx.S": good(kit, "mx.S") },
      sts: { S: { serves: "enforce mx.S" } },
    }),
    gives:
      "delivered sts:webpki mx.S | sts success | TLSA? _25._tcp.mx.S | mx.S: STARTTLS, sni mx.S, tls MAIL, tls content",
  },
  {
    is: "a fixed next hop: its own policy binds (RFC 8461 §3.4)",
    to: "P",
    world: () => ({
      hosts: { "hop.P": SELF_SIGNED },
      hop: { host: "hop.P", port: 587 },
      sts: { "hop.P": { serves: "enforce hop.P" } },
    }),
    gives: "deferred 4.7.5 sts:!verify hop.P | sts certificate-not-trusted hop.P | hop.P: STARTTLS, sni hop.P",
  },
  {
    is: "a fixed next hop: the policy of the recipients' domain does not bind it (RFC 8461 §3.4)",
    to: "P",
    world: () => ({
      hosts: { "hop.P": SELF_SIGNED },
      hop: { host: "hop.P", port: 587 },
      sts: { P: { serves: ENFORCE } },
    }),
    gives:
      "delivered may:encrypted hop.P | no-policy-found success | hop.P: STARTTLS, sni hop.P, tls MAIL, tls content",
  },
];
