import { asksForNoTls, type Because, NO_DEMAND, type TlsDemand } from "../mail/mod.ts";

/** Whose `TLS-Required: No` counts (RFC 8689 §4.1); only "all" conforms. */
export type NoTlsTaking = "all" | "authenticated" | "ignore";

export interface HeaderRequest {
  /** The values of all TLS-Required fields of the header. */
  readonly values: readonly string[] | undefined;
  readonly taking: NoTlsTaking;
  /** The client may send anywhere: it is known by its network or its identity. */
  readonly known: boolean;
  /** Who asks, for people. */
  readonly who: string;
}

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

/** The demand once the header is known. REQUIRETLS stands whatever the header says; what is not taken is kept as a reason. */
export function withHeader(demand: TlsDemand, request: HeaderRequest): TlsDemand {
  if (!asksForNoTls(request.values)) return demand;
  const { who, taking, known } = request;
  // RFC 8689 §4.1
  if (demand.propagate) return noted(demand, `TLS-Required: No in the message of ${who} yields to REQUIRETLS`);
  if (taking === "ignore") return noted(demand, `TLS-Required: No in the message of ${who} is ignored here`);
  if (taking === "authenticated" && !known)
    return noted(demand, `TLS-Required: No in the message of ${who} is ignored, as it is not one of our senders`);
  return { ...noted(demand, `${who} wrote TLS-Required: No`), tlsOptional: true };
}

function noted(demand: TlsDemand, says: string): TlsDemand {
  const because: Because = { source: "tls-required-no", says, rule: "RFC 8689 §4.1" };
  return { ...demand, because: [...demand.because, because] };
}
