import { NO_DEMAND, type TlsDemand } from "../mail/mod.ts";

/**
 * Whether the original asked for protection that a notice about it may not get: it then returns Message-ID and Date alone,
 * and none of the words of other hosts, which may quote the message (RFC 8689 §5).
 */
export function isProtected(demand: TlsDemand): boolean {
  return demand.propagate || demand.level !== "may";
}

/**
 * What a notice asks of its own transport: REQUIRETLS as its original did, which with a null reverse-path never holds it
 * back, and the same indifference where the original preferred delivery. Nothing else of the demand is passed on: a notice
 * that holds nothing is better told in clear than kept.
 */
export function noticeDemand(demand: TlsDemand): TlsDemand {
  // RFC 8689 §5
  if (demand.propagate) return ABOUT_PROTECTED;
  if (waivesTls(demand)) return { ...NO_DEMAND, tlsOptional: true, because: demand.because };
  return NO_DEMAND;
}

/** The original had `TLS-Required: No` and no REQUIRETLS, so that its notice has the field too (RFC 8689 §4.1). */
export function waivesTls(demand: TlsDemand): boolean {
  return demand.tlsOptional === true && !demand.propagate;
}

const ABOUT_PROTECTED: TlsDemand = {
  level: "secure",
  propagate: true,
  mxAuthentic: "dnssec-or-sts",
  because: [{ source: "requiretls", says: "a notice asks for REQUIRETLS as its message did", rule: "RFC 8689 §5" }],
};
