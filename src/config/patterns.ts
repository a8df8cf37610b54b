import { parseDomain } from "../mail/mod.ts";

/**
 * A pattern of `[[route]]` or `[[tls_policy]]` with its domain as mail has it: A-labels in lower case (RFC 5891). What is
 * none stays as it is, for the check to name.
 */
export function asciiPattern(pattern: string): string {
  const at = pattern.lastIndexOf("@") + 1;
  const start = pattern[at] === "." ? at + 1 : at;
  const domain = parseDomain(pattern.slice(start), { utf8: true });
  return domain.ok ? pattern.slice(0, start) + domain.value : pattern;
}
