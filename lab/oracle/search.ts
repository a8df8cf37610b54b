import type { CellRecord, RawPlace } from "../world/record.ts";

/** The forms in which a canary may pass: as it is, and the three alignments of base64. Quoted-printable leaves it alone. */
export function formsOf(canary: string): readonly string[] {
  const coded = [0, 1, 2].map((skipped) => {
    const text = Buffer.from(`${" ".repeat(skipped)}${canary}`).toString("base64");
    // What is shared with the octets around it is left out.
    return text.slice(skipped === 0 ? 0 : 4, text.length - 4);
  });
  return [canary, ...coded];
}

/** How often any form stands in the octets; line ends of soft line breaks and of base64 are looked through. */
export function countIn(octets: Buffer, canary: string): number {
  const text = octets.toString("latin1").replaceAll(SOFT_BREAK, "");
  return formsOf(canary).reduce((sum, form) => sum + text.split(form).length - 1, 0);
}

/**
 * The second search, over what passed each place octet by octet: it knows nothing of SMTP, so that no fault in a server of
 * the lab can hide a leak. Places at which the canary was seen.
 */
export function placesOf(record: CellRecord, canary: string): ReadonlySet<RawPlace> {
  const found = new Set<RawPlace>();
  const forms = formsOf(canary).map((form) => Buffer.from(form, "latin1"));
  for (const { place, chunks } of record.raw.values()) {
    const whole = Buffer.concat(chunks);
    if (forms.some((form) => whole.includes(form))) found.add(place);
  }
  return found;
}

const SOFT_BREAK = /=?\r\n/g;
