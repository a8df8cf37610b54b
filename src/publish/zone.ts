import type { DnsRecord } from "./types.ts";

/** The records as lines of a zone file; what only the postmaster knows becomes a comment. */
export function zoneLines(records: readonly DnsRecord[]): readonly string[] {
  return records.map(({ owner, type, value, what }) =>
    type === "A/AAAA"
      ? `; ${owner}. A and AAAA: ${value}`
      : `${owner}. ${type === "TLSA" ? `${TLSA_TTL} ` : ""}IN ${type} ${value} ; ${oneLine(what)}`,
  );
}

/** A comment ends with its line, whatever a file is called. */
function oneLine(text: string): string {
  return text.replaceAll(CONTROL, "?");
}

const CONTROL = /[\x00-\x1f\x7f-\x9f]/g;
/** Seconds; a new key can come into force as soon as the old answer is forgotten (RFC 7671 §8.1). */
const TLSA_TTL = 3600;
