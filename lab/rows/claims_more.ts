import type { Attack, CertificateSpec, Verdict } from "../types.ts";
import type { ClaimCell, ClaimScenario } from "./claims.ts";

/** Rows in free text about certificates that cost, and about whose policy is whose. */
export const CLAIMS_MORE: readonly ClaimScenario[] = [
  {
    row: "B12",
    claim: "A host whose certificates cost is left or taken soon, and all other mail goes on",
    cells: [
      // RFC 5280 §6.1: a path that ends at a trusted root proves what it says, however long it is.
      ...costly("hundred-certificates", { intermediates: 100 }, ["S", "D"]),
      ...costly("hundreds-of-certificates", { intermediates: 320 }, ["D"]),
      ...costly("thousands-of-names", { names: Array.from({ length: 20_000 }, (_, at) => `h${at}.T`) }, ["D"]),
      ...costly("explicit-curve", { flaw: "explicit-curve" }, ["D"]),
      // No section forbids such a key: one signature by it is checked in a millisecond.
      ...costly("giant-key", { flaw: "giant-key" }, ["S", "D"]),
    ],
  },
  {
    row: "E18",
    claim: "A subdomain inherits no policy, and a relay is bound by what is published under its own name",
    cells: [
      cell(
        "subdomain",
        { ...stripped("mx.T"), world: { add: ["sub.T MX 10 mx.T"] }, message: { domain: "sub.T" } },
        "C",
      ),
      cell(
        "relay-without-a-policy",
        { ...stripped("relay.P"), world: { hosts: { "relay.P": { owner: "victim" } } }, relay: "relay.P" },
        "C",
      ),
      cell(
        "relay-with-a-policy",
        { ...stripped("T"), world: { mx: ["T"] }, message: { domain: "P" }, relay: "T" },
        "D",
      ),
    ],
  },
  {
    row: "E19",
    claim: "A policy host at an address inside is never connected to, and counts as a fetch that failed",
    cells: [
      "A 127.0.0.2",
      "A 0.0.0.0",
      "A 10.0.0.1",
      "A 169.254.169.254",
      "AAAA ::1",
      "AAAA fe80::1",
      "AAAA ::ffff:7f00:2",
    ].flatMap(inside),
  },
  {
    row: "E22",
    claim: "However a domain is written, its stored policy binds and lies in one file; what is no domain is refused",
    cells: [
      spelt("capitals", "sub.T", "SUB.T"),
      spelt("u-label", "xn--mx-xka.T", "m\u00fcx.T"),
      spelt("long", longName(), longName()),
      spelt("no-domain-dot", "T", "T.", "B"),
      spelt("no-domain-dots", "T", "..T", "B"),
      spelt("no-domain-path", "T", "../../T", "B"),
      spelt("no-domain-nul", "T", "T\0", "B"),
    ],
  },
];

function costly(variant: string, certificate: CertificateSpec, ends: readonly Verdict[]): readonly ClaimCell[] {
  const attack: Attack = { world: { hosts: { "mx.T": { owner: "victim", certificate } } } };
  return (["P3", "P5c"] as const).map((policy) => ({ variant, policy, attack, ends }));
}

function cell(variant: string, attack: Attack, end: Verdict): ClaimCell {
  return { variant, policy: "P5c", attack, ends: [end] };
}

/** At addresses of loopback somebody answers with a policy that is good. */
function inside(record: string): readonly ClaimCell[] {
  const attack: Attack = {
    ...stripped("mx.T"),
    world: { remove: ["mta-sts.T A"], add: [`mta-sts.T ${record}`], sts: { txt: ["v=STSv1; id=2;"] } },
    mustNotDial: ["mta-sts.T"],
  };
  const variant = record.replace(" ", "-");
  return [
    { variant, policy: "P5f", attack, ends: ["C"], stored: [] },
    { variant, policy: "P5c", attack, ends: ["D"], stored: ["T"] },
  ];
}

/** The policy of `known` is stored, and nobody learns of it any more. */
function spelt(variant: string, known: string, written: string, end: Verdict = "D"): ClaimCell {
  const attack: Attack = {
    ...stripped("mx.T"),
    world: { add: known === "T" ? [] : [`${known} MX 10 mx.T`], sts: { storedFor: known } },
    dns: [{ at: `_mta-sts.${known} TXT`, does: { kind: "nodata" } }],
    message: { domain: written },
  };
  return { variant, policy: "P5c", attack, ends: [end], stored: [known] };
}

function stripped(host: string): Pick<Attack, "smtp"> {
  const steps = [{ on: "EHLO", kind: "drop-lines", beginning: "STARTTLS" }] as const;
  return { smtp: { [host]: { kind: "script", steps } } };
}

/** So long that it is no name for a file. */
function longName(): string {
  return `${[1, 2, 3].map((at) => String(at).repeat(63)).join(".")}.T`;
}
