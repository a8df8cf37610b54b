/**
 * Whether a header asks for delivery before transport security (RFC 8689 §3). `values` are those of all its TLS-Required
 * fields, unfolded and without white space around. The one value that is defined is "No", in any letter case; a comment
 * makes it something else. Fields that do not all say so say nothing, since there must be only one.
 */
export function asksForNoTls(values: readonly string[] | undefined): boolean {
  // RFC 8689 §3
  return values !== undefined && values.length > 0 && values.every((value) => value.toLowerCase() === "no");
}

/** The field's name as a header scanner wants it. */
export const TLS_REQUIRED = "tls-required";
