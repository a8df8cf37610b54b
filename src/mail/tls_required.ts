import type { Because, TlsDemand } from "./demand.ts";

/** Whose `TLS-Required: No` counts (RFC 8689 §4.1); only "all" conforms. */
export type NoTlsTaking = "all" | "authenticated" | "ignore";

export interface NoTlsRequest {
  /** The values of all TLS-Required fields of the header. */
  readonly values: readonly string[] | undefined;
  readonly taking: NoTlsTaking;
  /** The client is known by its network, its identity, or as one of this machine. */
  readonly known: boolean;
  /** Who asks, for people. */
  readonly who: string;
}

/**
 * Whether a header asks for delivery before transport security (RFC 8689 §3). `values` are those of all its TLS-Required
 * fields, unfolded and without white space around. The one value that is defined is "No", in any letter case; a comment
 * makes it something else. Fields that do not all say so say nothing, since there must be only one.
 */
export function asksForNoTls(values: readonly string[] | undefined): boolean {
  // RFC 8689 §3
  return values !== undefined && values.length > 0 && values.every((value) => value.toLowerCase() === "no");
}

/**
 * The demand once the header is known. REQUIRETLS, or another level that its sender asked for, stands whatever the header
 * says; what is not taken is kept as a reason.
 */
export function withHeader(demand: TlsDemand, request: NoTlsRequest): TlsDemand {
  if (!asksForNoTls(request.values)) return demand;
  const { who, taking, known } = request;
  // RFC 8689 §4.1
  if (demand.propagate) return noted(demand, `TLS-Required: No in the message of ${who} yields to REQUIRETLS`);
  if (demand.level !== "may")
    return noted(demand, `TLS-Required: No in the message of ${who} yields to the level that was asked for`);
  if (taking === "ignore") return noted(demand, `TLS-Required: No in the message of ${who} is ignored here`);
  if (taking === "authenticated" && !known)
    return noted(demand, `TLS-Required: No in the message of ${who} is ignored, as it is not one of our senders`);
  return { ...noted(demand, `${who} wrote TLS-Required: No`), tlsOptional: true };
}

function noted(demand: TlsDemand, says: string): TlsDemand {
  const because: Because = { source: "tls-required-no", says, rule: "RFC 8689 §4.1" };
  return { ...demand, because: [...demand.because, because] };
}

/** The field's name as a header scanner wants it. */
export const TLS_REQUIRED = "tls-required";
