import { type Because, NO_DEMAND, type TlsDemand } from "../mail/mod.ts";

/**
 * Whether the original asked for protection that a notice about it may not get: it then returns Message-ID and Date alone,
 * and none of the words of other hosts, which may quote the message (RFC 8689 §5).
 */
export function isProtected(demand: TlsDemand): boolean {
  return demand.propagate || demand.level !== "may";
}

/**
 * What a notice asks of its own transport: REQUIRETLS as its original did, and the same indifference where the original
 * preferred delivery. A null reverse-path keeps REQUIRETLS from holding it back.
 */
export function noticeDemand(demand: TlsDemand): TlsDemand {
  // RFC 8689 §5
  if (demand.propagate) return { ...demand, because: [...demand.because, ABOUT_PROTECTED] };
  if (waivesTls(demand)) return { ...NO_DEMAND, tlsOptional: true, because: demand.because };
  return NO_DEMAND;
}

/** The original had `TLS-Required: No` and no REQUIRETLS, so that its notice has the field too (RFC 8689 §4.1). */
export function waivesTls(demand: TlsDemand): boolean {
  return demand.tlsOptional === true && !demand.propagate;
}

const ABOUT_PROTECTED: Because = {
  source: "requiretls",
  says: "a notice asks for what its message asked for",
  rule: "RFC 8689 §5",
};
