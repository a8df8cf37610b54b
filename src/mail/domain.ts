import { toASCII } from "tr46";
import { type Branded, err, ok, type Result } from "../base/mod.ts";

/** A domain name of host-name syntax in A-label form, lower case, without the trailing dot (RFC 5321 §4.1.2, RFC 5891). */
export type Domain = Branded<string, "Domain">;

export interface DomainFault {
  readonly kind: "empty" | "too-long" | "bad-label" | "not-ascii" | "bad-idn";
  readonly detail: string;
}

export interface DomainOptions {
  /** Accept U-labels and convert them (RFC 6531 §3.3). */
  readonly utf8?: boolean;
  /** Accept one trailing dot, as DNS tools print names. */
  readonly trailingDot?: boolean;
}

/** Parses a domain name as SMTP writes it (RFC 5321 §4.1.2); the limits are octets of the A-label form. */
export function parseDomain(text: string, options: DomainOptions = {}): Result<Domain, DomainFault> {
  const name = options.trailingDot === true && text.endsWith(".") ? text.slice(0, -1) : text;
  if (name === "") return err({ kind: "empty", detail: "the domain is empty" });
  if (name.length > LONGEST_DOMAIN) return tooLong(name);
  if (ASCII.test(name) && !A_LABEL.test(name)) return checked(name.toLowerCase());
  if (!ASCII.test(name) && options.utf8 !== true) {
    return err({ kind: "not-ascii", detail: `the domain ${JSON.stringify(name)} needs SMTPUTF8` });
  }
  const ascii = toASCII(name, IDNA_CHECKS);
  if (ascii === null)
    return err({ kind: "bad-idn", detail: `${JSON.stringify(name)} is no valid internationalised name` });
  return checked(ascii);
}

/** For names that the program itself knows to be right (constants, tests); throws on a mistake. */
export function domain(text: string): Domain {
  const parsed = parseDomain(text, { utf8: true });
  if (!parsed.ok) throw new Error(parsed.error.detail);
  return parsed.value;
}

/** The name without its left-most label, or undefined for a single label. */
export function parentDomain(name: Domain): Domain | undefined {
  const dot = name.indexOf(".");
  return dot < 0 ? undefined : (name.slice(dot + 1) as Domain);
}

function checked(name: string): Result<Domain, DomainFault> {
  if (name.length > LONGEST_DOMAIN) return tooLong(name);
  for (const label of name.split(".")) {
    if (!LABEL.test(label)) {
      return err({
        kind: "bad-label",
        detail: `${JSON.stringify(label)} is no valid label in ${JSON.stringify(name)}`,
      });
    }
  }
  return ok(name as Domain);
}

function tooLong(name: string): Result<Domain, DomainFault> {
  return err({
    kind: "too-long",
    detail: `the domain has ${name.length} octets, at most ${LONGEST_DOMAIN} are possible`,
  });
}

/** RFC 1035 §2.3.4: 255 octets on the wire, which leaves 253 in text. */
const LONGEST_DOMAIN = 253;
const ASCII = /^[\x00-\x7f]*$/;
const A_LABEL = /(?:^|\.)xn--/i;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const IDNA_CHECKS = {
  checkBidi: true,
  checkHyphens: false,
  checkJoiners: true,
  useSTD3ASCIIRules: true,
  verifyDNSLength: true,
} as const;
