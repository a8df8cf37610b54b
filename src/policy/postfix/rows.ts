/**
 * What becomes of our decisions in a program that takes one policy for a whole next hop, finds the hosts itself, and knows
 * no more than its levels. The table is printed in docs/postfix.md and by `hopseal policy DOMAIN --explain postfix`.
 */
export interface Row {
  readonly when: string;
  readonly answer: string;
  /** How Postfix then stands beside our own delivery: as strong, stricter, weaker, or not expressible. */
  readonly beside: "same" | "stricter" | "weaker" | "waits";
  readonly differs: string;
}

export type RowName =
  | "open"
  | "encrypt"
  | "some-encrypt"
  | "dane"
  | "some-dane"
  | "dane-first"
  | "dane-unsigned"
  | "named"
  | "hosts"
  | "named-unsigned"
  | "pin"
  | "several"
  | "kept"
  | "failed"
  | "refused"
  | "nowhere";

export const ROWS: Readonly<Record<RowName, Row>> = {
  open: {
    when: "nothing asks for more than opportunistic TLS (nothing published; testing; audit; an override; an MTA-STS policy that cannot be had and is not stored, RFC 8461 §3.3)",
    answer: "may",
    beside: "same",
    differs: 'or no answer at all, with open = "notfound"',
  },
  encrypt: {
    when: "every host must encrypt (a local entry, TLSA records that cannot be used, port 465)",
    answer: "encrypt",
    beside: "same",
    differs: "Postfix authenticates nobody here, and neither do we",
  },
  "some-encrypt": {
    when: "some hosts must encrypt, of others nothing is asked",
    answer: "encrypt",
    beside: "stricter",
    differs: "the other hosts must encrypt as well",
  },
  dane: {
    when: "every host has usable TLSA records (DANE), and the MX answer is signed",
    answer: "dane-only",
    beside: "same",
    differs:
      "Postfix asks for the records itself; without smtp_dns_support_level = dnssec and a resolver that validates, mail waits",
  },
  "some-dane": {
    when: "some hosts have usable TLSA records, the others none or none that can be used",
    answer: "dane",
    beside: "weaker",
    differs: "without smtp_dns_support_level = dnssec and a resolver that validates, Postfix takes this for may",
  },
  "dane-first": {
    when: "some hosts have usable TLSA records; others ask for something else, or a look-up for them failed",
    answer: "dane-only",
    beside: "stricter",
    differs: "only the hosts with TLSA records get mail",
  },
  "dane-unsigned": {
    when: "TLSA records of hosts that an unsigned MX answer names ([policy] dane_insecure_mx)",
    answer: "dane",
    beside: "weaker",
    differs: "as for some hosts with TLSA records; smtp_tls_dane_insecure_mx_policy must be dane, its default",
  },
  named: {
    when: "a policy names the hosts, and each must show a trusted certificate for its name (MTA-STS enforce, a list, a local entry with mx)",
    answer: "secure match=PATTERNS servername=hostname",
    beside: "weaker",
    differs:
      "the certificate is compared with the names of the policy, not with the host that was dialled: who can show a trusted certificate for any of the names may stand in for each of them (RFC 8461 §4.1), and .suffix covers any number of labels",
  },
  hosts: {
    when: "each host must show a trusted certificate for its own name (a local entry without mx, several policies at once)",
    answer: "secure match=HOSTS servername=hostname",
    beside: "weaker",
    differs:
      "a certificate of one of the hosts is taken for each of them; a host that is new waits until we have looked again",
  },
  "named-unsigned": {
    when: "as above, where TLSA records of a host that an unsigned MX answer names bind as well ([policy] dane_insecure_mx)",
    answer: "secure match=NAMES servername=hostname",
    beside: "weaker",
    differs: "the TLSA records are not asked for",
  },
  pin: {
    when: "the local entry pins certificates or keys",
    answer: "fingerprint match=PINS",
    beside: "same",
    differs:
      "smtp_tls_fingerprint_digest must be sha256 (the default from compatibility level 3.6 on); otherwise mail waits",
  },
  several: {
    when: "a host must prove itself in two ways at once (such as a local pin and DANE)",
    answer: "TEMP",
    beside: "waits",
    differs: "a level has one kind of proof, so mail waits",
  },
  kept: {
    when: "a host must not be used, and no level keeps Postfix from it",
    answer: "TEMP",
    beside: "waits",
    differs: "our own delivery would use the other hosts",
  },
  failed: {
    when: "a look-up of hosts, addresses or TLSA records failed (DNS did not answer, or a signature is wrong)",
    answer: "TEMP",
    beside: "stricter",
    differs: "where other hosts can be used our own delivery would use them; never may",
  },
  refused: {
    when: "no host may be used (such as MX names that an enforced policy does not have)",
    answer: "TEMP",
    beside: "same",
    differs: "mail waits, as ours does",
  },
  nowhere: {
    when: "there is no mail host (no such domain, a null MX, a loop)",
    answer: "TEMP",
    beside: "same",
    differs: "Postfix finds that out itself, and never asks",
  },
};

/** What no level can say, whatever is published: Postfix asks about next hops, and knows nothing of our messages. */
export const NOT_EXPRESSED: readonly string[] = [
  "REQUIRETLS (RFC 8689): it belongs to a message, and Postfix 3.7 does not know it",
  "TLS-Required: No: published policies bind such messages too",
  "a message that asks for more by itself (hopseal send --tls)",
];
