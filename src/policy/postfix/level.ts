/** The levels of smtp_tls_policy_maps that are answered with; Postfix's `none` and `verify` never are. */
export type PostfixLevel = "may" | "encrypt" | "dane" | "dane-only" | "secure" | "fingerprint";

/** An entry of smtp_tls_policy_maps. */
export interface PostfixPolicy {
  readonly level: PostfixLevel;
  readonly match?: readonly string[];
}

/** The right-hand side of an entry, such as "secure match=mx.pine.example servername=hostname protocols=>=TLSv1.2". */
export function formatPolicy({ level, match = [] }: PostfixPolicy): string {
  const words: string[] = [level];
  if (match.length > 0) words.push(`match=${match.join(level === "fingerprint" ? "|" : ":")}`);
  if (level === "secure") words.push("servername=hostname");
  // What we insist on ourselves wherever TLS is required.
  if (level !== "may") words.push("protocols=>=TLSv1.2");
  return words.join(" ");
}

/** RFC 8461 §4.1 patterns as Postfix writes them; its suffixes match any number of labels. */
export function matchOf(pattern: string): string {
  return pattern.startsWith("*.") ? pattern.slice(1) : pattern;
}

/** Octets as Postfix compares fingerprints: "AB:CD:…". */
export function fingerprint(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0").toUpperCase()).join(":");
}
