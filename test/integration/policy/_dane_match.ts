import { mint } from "../../support/mint.ts";
import type { MailHostSpec } from "../../support/policy-mail-host.ts";
import { type Kit, type Published, type Row, tlsa } from "../../support/policy-row.ts";

/** One signed host with these TLSA records. */
function oneHost(records: readonly string[], host: MailHostSpec, more: readonly string[] = []): Published {
  const lines = records.map((record) => `_25._tcp.mx.S TLSA ${record}`);
  return { dns: ["S MX 10 mx.S", ...lines, ...more], hosts: { "mx.S": host } };
}

/** A host with a certificate of nobody's, and TLSA records made from it. */
function ee(...numbers: readonly string[]): Row["world"] {
  return () => {
    const leaf = mint({ names: ["elsewhere.example"] });
    return oneHost(
      numbers.map((one) => tlsa(one, leaf)),
      { sends: [leaf] },
    );
  };
}

/** A host under a CA of its own that the record names. */
function ta(
  numbers: string,
  names: (kit: Kit) => Parameters<typeof mint>[0] = ({ name }) => ({ names: [name("mx.S")] }),
): Row["world"] {
  return (kit) => {
    const ca = kit.ca();
    const leaf = mint({ issuer: ca, ...names(kit) });
    return oneHost([tlsa(numbers, ca)], { sends: [leaf, ca] });
  };
}

const OTHER = "00".repeat(32);
const OTHER_512 = "00".repeat(64);
const PAST = { notBefore: new Date(0), notAfter: new Date(86_400_000) };
const FUTURE = { notBefore: new Date("2035-01-01"), notAfter: new Date("2036-01-01") };

const TOOK = "mx.S: STARTTLS, sni mx.S, tls MAIL, tls content";
const REFUSED = "mx.S: STARTTLS, sni mx.S";
const ASKED = "TLSA? _25._tcp.mx.S";
const GOOD = `delivered dane:dane mx.S | tlsa success | ${ASKED} | ${TOOK}`;
const bad = (result: string): string =>
  `deferred 4.7.5 dane:!verify mx.S | tlsa ${result} mx.S | ${ASKED} | ${REFUSED}`;
const UNUSABLE = `delivered dane:encrypted mx.S | tlsa success | ${ASKED} | ${TOOK}`;

/** How one record, or several, judge what one host shows. */
export const MATCH_ROWS: readonly Row[] = [
  { is: "DANE-EE, key, SHA-256 (RFC 7672 §3.1.1)", world: ee("3 1 1"), gives: GOOD },
  { is: "DANE-EE, certificate, SHA-256 (RFC 7672 §3.1.1)", world: ee("3 0 1"), gives: GOOD },
  { is: "DANE-EE, certificate, whole (RFC 6698 §2.1.3)", world: ee("3 0 0"), gives: GOOD },
  { is: "DANE-EE, key, whole (RFC 6698 §2.1.3)", world: ee("3 1 0"), gives: GOOD },
  { is: "DANE-EE, key, SHA-512 (RFC 6698 §2.1.3)", world: ee("3 1 2"), gives: GOOD },
  {
    is: "DANE-EE, expired: dates do not count (RFC 7672 §3.1.1)",
    world: () => {
      const leaf = mint({ names: ["elsewhere.example"], ...PAST });
      return oneHost([tlsa("3 1 1", leaf)], { sends: [leaf] });
    },
    gives: GOOD,
  },
  {
    is: "DANE-EE, no name at all: names do not count (RFC 7672 §3.1.1)",
    world: () => {
      const leaf = mint();
      return oneHost([tlsa("3 1 1", leaf)], { sends: [leaf] });
    },
    gives: GOOD,
  },
  {
    is: "DANE-EE, another key (RFC 7672 §2.2)",
    world: (kit) => oneHost([`3 1 1 ${OTHER}`], { sends: [kit.leaf(["mx.S"]), kit.root] }),
    gives: bad("validation-failure"),
  },
  {
    is: "DANE-EE that names the CA of the leaf matches the leaf alone (RFC 7671 §5.1)",
    world: (kit) => oneHost([tlsa("3 1 1", kit.root)], { sends: [kit.leaf(["mx.S"]), kit.root] }),
    gives: bad("validation-failure"),
  },
  {
    is: "a key that is about to be replaced: two records, the old key shown (RFC 7671 §8.1)",
    world: () => {
      const leaf = mint();
      return oneHost([tlsa("3 1 1", leaf), `3 1 1 ${OTHER}`], { sends: [leaf] });
    },
    gives: GOOD,
  },
  {
    is: "a key that was replaced: two records, the new key shown (RFC 7671 §8.1)",
    world: () => {
      const leaf = mint();
      return oneHost([`3 1 1 ${OTHER}`, tlsa("3 1 1", leaf)], { sends: [leaf] });
    },
    gives: GOOD,
  },
  {
    is: "a key replaced before its record: only the old one is published (RFC 7671 §8.1)",
    world: () => {
      const [before, after] = [mint(), mint()];
      return oneHost([tlsa("3 1 1", before)], { sends: [after] });
    },
    gives: bad("validation-failure"),
  },
  { is: "DANE-TA, certificate, SHA-256 (RFC 7672 §3.1.2)", world: ta("2 0 1"), gives: GOOD },
  { is: "DANE-TA, key, SHA-256 (RFC 7672 §3.1.2)", world: ta("2 1 1"), gives: GOOD },
  { is: "DANE-TA, certificate, whole (RFC 7671 §5.2.2)", world: ta("2 0 0"), gives: GOOD },
  {
    is: "DANE-TA, certificate whole in DNS and not sent (RFC 7671 §5.2.2)",
    world: ({ ca, name }) => {
      const anchor = ca();
      return oneHost([tlsa("2 0 0", anchor)], { sends: [mint({ issuer: anchor, names: [name("mx.S")] })] });
    },
    gives: GOOD,
  },
  {
    is: "DANE-TA, only a digest in DNS and not sent (RFC 7672 §3.1.2)",
    world: ({ ca, name }) => {
      const anchor = ca();
      return oneHost([tlsa("2 0 1", anchor)], { sends: [mint({ issuer: anchor, names: [name("mx.S")] })] });
    },
    gives: bad("validation-failure"),
  },
  {
    is: "DANE-TA, an intermediate as anchor, its root unknown to all (RFC 7672 §3.1.2)",
    world: ({ ca, name }) => {
      const root = ca();
      const middle = ca({ issuer: root });
      return oneHost([tlsa("2 0 1", middle)], { sends: [mint({ issuer: middle, names: [name("mx.S")] }), middle] });
    },
    gives: GOOD,
  },
  {
    is: "DANE-TA, the leaf's own certificate is no anchor (RFC 7671 §5.2)",
    world: ({ name }) => {
      const leaf = mint({ ca: true, names: [name("mx.S")] });
      return oneHost([tlsa("2 0 1", leaf)], { sends: [leaf] });
    },
    gives: bad("validation-failure"),
  },
  {
    is: "DANE-TA, the leaf whole in DNS is no anchor of itself (RFC 7671 §5.2)",
    world: ({ name }) => {
      const leaf = mint({ ca: true, names: [name("mx.S")] });
      return oneHost([tlsa("2 0 0", leaf)], { sends: [leaf] });
    },
    gives: bad("validation-failure"),
  },
  {
    is: "DANE-TA, the leaf expired (RFC 7672 §3.1.2)",
    world: ta("2 0 1", ({ name }) => ({ names: [name("mx.S")], ...PAST })),
    gives: bad("certificate-expired"),
  },
  {
    is: "DANE-TA, the leaf not valid yet (RFC 7672 §3.1.2)",
    world: ta("2 0 1", ({ name }) => ({ names: [name("mx.S")], ...FUTURE })),
    gives: bad("certificate-not-trusted"),
  },
  {
    is: "DANE-TA, the anchor expired (RFC 7672 §3.1.2)",
    world: ({ ca, name }) => {
      const anchor = ca(PAST);
      return oneHost([tlsa("2 0 1", anchor)], { sends: [mint({ issuer: anchor, names: [name("mx.S")] }), anchor] });
    },
    gives: bad("certificate-expired"),
  },
  {
    is: "DANE-TA, a certificate for another host (RFC 7672 §3.2.2)",
    world: ta("2 0 1", () => ({ names: ["elsewhere.example"] })),
    gives: bad("certificate-host-mismatch"),
  },
  {
    is: "DANE-TA, a certificate for the recipient domain (RFC 7672 §3.2.2)",
    world: ta("2 0 1", ({ name }) => ({ names: [name("S")] })),
    gives: GOOD,
  },
  {
    is: "DANE-TA, a wildcard for the first label (RFC 7672 §3.2.3)",
    world: ta("2 0 1", ({ name }) => ({ names: [`*.${name("S")}`] })),
    gives: GOOD,
  },
  {
    is: "DANE-TA, a wildcard over the recipient domain, which is a name of the host too (RFC 7672 §3.2.2)",
    world: ta("2 0 1", () => ({ names: ["*.signed.example"] })),
    gives: GOOD,
  },
  {
    is: "DANE-TA, a wildcard one label too high (RFC 7672 §3.2.3)",
    world: ta("2 0 1", () => ({ names: ["*.example"] })),
    gives: bad("certificate-host-mismatch"),
  },
  {
    is: "DANE-TA, the name as common name and no DNS name (RFC 7672 §3.2.3)",
    world: ta("2 0 1", ({ name }) => ({ subject: name("mx.S") })),
    gives: GOOD,
  },
  {
    is: "DANE-TA, the name as common name beside another DNS name (RFC 7672 §3.2.3)",
    world: ta("2 0 1", ({ name }) => ({ subject: name("mx.S"), names: ["elsewhere.example"] })),
    gives: bad("certificate-host-mismatch"),
  },
  {
    is: "DANE-TA, an issuer that is no CA (RFC 5280 §4.2.1.9)",
    world: ({ ca, name }) => {
      const anchor = ca();
      const middle = mint({ issuer: anchor, ca: false });
      const leaf = mint({ issuer: middle, names: [name("mx.S")] });
      return oneHost([tlsa("2 0 1", anchor)], { sends: [leaf, middle, anchor] });
    },
    gives: bad("certificate-not-trusted"),
  },
  {
    is: "DANE-TA, a leaf that another signed in the name of the anchor (RFC 5280 §6.1)",
    world: ({ ca, name }) => {
      const anchor = ca({ subject: "Anchor" });
      const forger = ca({ subject: "Anchor" });
      return oneHost([tlsa("2 0 1", anchor)], { sends: [mint({ issuer: forger, names: [name("mx.S")] }), anchor] });
    },
    gives: bad("certificate-not-trusted"),
  },
  {
    is: "digest agility: a wrong SHA-512 is not saved by a right SHA-256 (RFC 7671 §9)",
    world: () => {
      const leaf = mint();
      return oneHost([tlsa("3 1 1", leaf), `3 1 2 ${OTHER_512}`], { sends: [leaf] });
    },
    gives: bad("validation-failure"),
  },
  {
    is: "digest agility: each usage and selector by itself (RFC 7671 §9)",
    world: () => {
      const leaf = mint();
      return oneHost([tlsa("3 1 1", leaf), `3 0 2 ${OTHER_512}`], { sends: [leaf] });
    },
    gives: GOOD,
  },
  {
    is: "digest agility: an unusable SHA-512 record does not weigh (RFC 7671 §9)",
    world: () => {
      const leaf = mint();
      return oneHost([tlsa("3 1 1", leaf), "3 1 2 00"], { sends: [leaf] });
    },
    gives: GOOD,
  },
  {
    is: "DANE-EE and DANE-TA together, the second alone matches (RFC 7672 §2.2)",
    world: ({ ca, name }) => {
      const anchor = ca();
      const leaf = mint({ issuer: anchor, names: [name("mx.S")] });
      return oneHost([`3 1 1 ${OTHER}`, tlsa("2 0 1", anchor)], { sends: [leaf, anchor] });
    },
    gives: GOOD,
  },
  {
    is: "only PKIX-TA: unusable, so TLS without authentication (RFC 7672 §3.1.3)",
    world: (kit) => oneHost([tlsa("0 0 1", kit.root)], { sends: [mint()] }),
    gives: UNUSABLE,
  },
  {
    is: "only PKIX-EE that does not match: unusable all the same (RFC 7672 §3.1.3)",
    world: () => oneHost([`1 1 1 ${OTHER}`], { sends: [mint()] }),
    gives: UNUSABLE,
  },
  {
    is: "only a digest of the wrong length (RFC 7672 §2.2)",
    world: () => oneHost(["3 1 1 0011"], { sends: [mint()] }),
    gives: UNUSABLE,
  },
  {
    is: "only numbers that are not known (RFC 7672 §2.2)",
    world: () => oneHost([`3 7 1 ${OTHER}`, `9 1 1 ${OTHER}`, `3 1 9 ${OTHER}`], { sends: [mint()] }),
    gives: UNUSABLE,
  },
  {
    is: "only a whole certificate that is none (RFC 7672 §2.2)",
    world: () => oneHost(["3 0 0 3003020101"], { sends: [mint()] }),
    gives: UNUSABLE,
  },
  {
    is: "PKIX-EE that matches beside DANE-EE that does not (RFC 7672 §3.1.3)",
    world: () => {
      const leaf = mint();
      return oneHost([tlsa("1 1 1", leaf), `3 1 1 ${OTHER}`], { sends: [leaf] });
    },
    gives: bad("validation-failure"),
  },
  {
    is: "malformed records beside a good one (RFC 7672 §2.2)",
    world: () => {
      const leaf = mint();
      return oneHost(["3 1 1 00", `4 4 4 ${OTHER}`, tlsa("3 1 1", leaf)], { sends: [leaf] });
    },
    gives: GOOD,
  },
];
