import type { RowName } from "../../../src/policy/mod.ts";

/** Who answers at the host: itself, or somebody on the path who hides STARTTLS or shows a certificate of his own. */
export type Situation = "honest" | "stripped" | "self-signed" | "wrong-name";

/** What becomes of a message: taken with TLS or without, or it waits. */
export type Fate = "tls" | "clear" | "waits";

export interface Policy {
  /** Also the label of its domains. */
  readonly name: string;
  readonly zone: "signed" | "plain" | "forged";
  readonly tlsa?: "good" | "unusable";
  readonly sts?: "enforce" | "testing";
  /** The policy names "*." and the destination. */
  readonly wild?: true;
  readonly listed?: true;
  /** `[[tls_policy]]`, where HOST is the host and PIN its key. */
  readonly local?: string;
  /** What Postfix is told; HOST is the host, PINS its key, DESTINATION the domain. */
  readonly answer: string;
  readonly row: RowName;
  /** What Postfix does, by situation, and we as well. */
  readonly fates: Readonly<Record<Situation, Fate>>;
}

const TLS = "protocols=>=TLSv1.2";
const OPEN: Policy["fates"] = { honest: "tls", stripped: "clear", "self-signed": "tls", "wrong-name": "tls" };
const ENCRYPTED: Policy["fates"] = { honest: "tls", stripped: "waits", "self-signed": "tls", "wrong-name": "tls" };
const PROVED: Policy["fates"] = { honest: "tls", stripped: "waits", "self-signed": "waits", "wrong-name": "waits" };
const NOBODY: Policy["fates"] = { honest: "waits", stripped: "waits", "self-signed": "waits", "wrong-name": "waits" };

/** Every kind of policy, each met by every situation; in all of them Postfix is as strict as we are. */
export const POLICIES: readonly Policy[] = [
  { name: "none", zone: "plain", answer: "OK may", row: "open", fates: OPEN },
  { name: "signed", zone: "signed", answer: "OK may", row: "open", fates: OPEN },
  { name: "testing", zone: "plain", sts: "testing", answer: "OK may", row: "open", fates: OPEN },
  { name: "dane", zone: "signed", tlsa: "good", answer: `OK dane-only ${TLS}`, row: "dane", fates: PROVED },
  {
    name: "dane-sts",
    zone: "signed",
    tlsa: "good",
    sts: "enforce",
    answer: `OK dane-only ${TLS}`,
    row: "dane",
    fates: PROVED,
  },
  { name: "unusable", zone: "signed", tlsa: "unusable", answer: `OK encrypt ${TLS}`, row: "encrypt", fates: ENCRYPTED },
  { name: "bogus", zone: "forged", tlsa: "good", answer: "TEMP", row: "failed", fates: NOBODY },
  {
    name: "sts",
    zone: "plain",
    sts: "enforce",
    answer: `OK secure match=HOST servername=hostname ${TLS}`,
    row: "named",
    fates: PROVED,
  },
  {
    name: "sts-wild",
    zone: "plain",
    sts: "enforce",
    wild: true,
    answer: `OK secure match=.DESTINATION servername=hostname ${TLS}`,
    row: "named",
    fates: PROVED,
  },
  {
    name: "listed",
    zone: "plain",
    listed: true,
    answer: `OK secure match=HOST servername=hostname ${TLS}`,
    row: "named",
    fates: PROVED,
  },
  {
    name: "secure",
    zone: "plain",
    local: 'level = "secure"\nmx = ["HOST"]',
    answer: `OK secure match=HOST servername=hostname ${TLS}`,
    row: "named",
    fates: PROVED,
  },
  {
    name: "secure-signed",
    zone: "signed",
    local: 'level = "secure"',
    answer: `OK secure match=HOST servername=hostname ${TLS}`,
    row: "hosts",
    fates: PROVED,
  },
  {
    name: "encrypt",
    zone: "plain",
    local: 'level = "encrypt"',
    answer: `OK encrypt ${TLS}`,
    row: "encrypt",
    fates: ENCRYPTED,
  },
  {
    name: "pinned",
    zone: "plain",
    local: 'level = "secure"\npin = ["spki:PIN"]',
    answer: `OK fingerprint match=PINS ${TLS}`,
    row: "pin",
    fates: PROVED,
  },
];

export const SITUATIONS: readonly Situation[] = ["honest", "stripped", "self-signed", "wrong-name"];

/** What single hosts cannot show; the fates of Postfix and of our own delivery. */
export const SPECIAL: Readonly<
  Record<
    string,
    { readonly answer: string; readonly row: RowName; readonly postfix: Fate; readonly own: Fate; readonly at: string }
  >
> = {
  // The first host has TLSA records and hides STARTTLS; the second has none.
  "some-dane.signed.example": { answer: `OK dane ${TLS}`, row: "some-dane", postfix: "tls", own: "tls", at: "second" },
  // DNS names a host that the policy does not.
  "sts-other-mx.plain.example": { answer: "TEMP", row: "refused", postfix: "waits", own: "waits", at: "" },
  // As before, beside one that the policy names and that is down; the other shows a certificate for its name.
  "sts-borrowed.plain.example": {
    answer: `OK secure match=first.sts-borrowed.plain.example servername=hostname ${TLS}`,
    row: "named",
    postfix: "tls",
    own: "waits",
    at: "second",
  },
};

/** Where Postfix asks. */
export const SERVICE = "127.0.0.1:8461";

/** Destinations that a Postfix without DNSSEC is tried with. */
export const BLIND: readonly string[] = [
  "dane-honest.signed.example",
  "dane-stripped.signed.example",
  "sts-honest.plain.example",
  "sts-stripped.plain.example",
  "some-dane.signed.example",
];
/** A destination that takes mail from anybody. */
export const ANYBODY = "none-honest.plain.example";
