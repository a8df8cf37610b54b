import type { PolicyId, Position } from "../types.ts";

/** What a column stands for, in words for people. */
export interface Column {
  /** Fits over a table. */
  readonly short: string;
  readonly about: string;
  /** Whether the column promises that nothing leaves in clear or to the wrong host. */
  readonly enforces: boolean;
}

export const COLUMNS: Readonly<Record<PolicyId, Column>> = {
  P0: { short: "plain", about: "SMTP as in 1982: TLS is never used", enforces: false },
  P1: {
    short: "may",
    about: "TLS where the host offers it, with anybody, and clear text where it does not",
    enforces: false,
  },
  P2: { short: "encrypt", about: "A local rule: TLS always, with anybody", enforces: false },
  P3: {
    short: "secure",
    about: "A local rule: TLS with a certificate of a trusted CA for MX names that the rule fixes",
    enforces: true,
  },
  P4: { short: "list", about: "A signed list of domains, delivered beforehand, names the MX hosts", enforces: true },
  P5t: {
    short: "sts test",
    about: "MTA-STS in testing: failures are reported, mail goes all the same",
    enforces: false,
  },
  P5f: { short: "sts 1st", about: "MTA-STS enforced, at the first contact: nothing is remembered yet", enforces: true },
  P5c: { short: "sts", about: "MTA-STS enforced, its policy remembered from before", enforces: true },
  P6: { short: "dane", about: "DANE: the key of the host stands in DNS, signed by DNSSEC", enforces: true },
  P7: {
    short: "require",
    about: "REQUIRETLS: the message itself demands proof at every hop; over MTA-STS, or DANE in rows about DNS",
    enforces: true,
  },
  P8: { short: "465", about: "A mail client that hands in by TLS from the first octet", enforces: true },
  P9: { short: "587", about: "A mail client that hands in by STARTTLS and insists on it", enforces: true },
};

/** By the first letter of a row. */
export const GROUPS: Readonly<Record<string, string>> = {
  A: "The wire and STARTTLS",
  B: "Certificates",
  C: "DNS and the choice of the host",
  D: "DANE",
  E: "MTA-STS",
  F: "Local policy, lists, reuse",
  G: "REQUIRETLS and what a message asks for",
  H: "TLS reports",
  I: "Submission and mail clients",
  J: "Grammar and messages",
  K: "Other protocols and the state of TLS",
  L: "Resources",
  M: "Organisation",
};

/** Who attacks, and from where. */
export const ATTACKERS: Readonly<Record<Position, string>> = {
  PA: "listens on the path",
  AC: "reads, changes, adds and drops octets on the path",
  DN: "forges and withholds DNS answers",
  RR: "runs a relay that mail passes through",
  CA: "has a certificate that a trusted CA should not have issued",
  HP: "holds the policy host",
  RG: "holds the registrar's account or a zone key",
  MC: "connects to us as a client",
  MS: "runs the domain that we send to, with its DNS and policy host",
  OP: "nobody: an operator made a mistake",
};
