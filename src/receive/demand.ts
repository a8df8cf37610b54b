import { NO_DEMAND, type TlsDemand } from "../mail/mod.ts";

/** What MAIL asks of the onward way: `who` gave REQUIRETLS, or nothing was given. */
export function demandOfMail(requireTls: boolean, who: string): TlsDemand {
  if (!requireTls) return NO_DEMAND;
  return {
    level: "secure",
    // RFC 8689 §4.2.1
    mxAuthentic: "dnssec-or-sts",
    propagate: true,
    because: [{ source: "requiretls", says: `${who} gave REQUIRETLS`, rule: "RFC 8689 §4.1" }],
  };
}
