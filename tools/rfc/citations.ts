export interface Citation {
  readonly rfc: number;
  /** Absent when the RFC is named as a whole. */
  readonly section?: string;
  readonly line: number;
}

/** A mention of a section that no reader of ours understands. */
export interface OddForm {
  readonly text: string;
  readonly line: number;
}

/** Finds `RFC 5321 §4.1.1.4`, `RFC 4034 Appendix B`, lists such as `RFC 6531 §3.7.4, §3.5`, and RFCs without a section. */
export function citations(text: string): { readonly found: Citation[]; readonly odd: OddForm[] } {
  const found: Citation[] = [];
  const odd: OddForm[] = [];
  for (const [at, content] of text.split("\n").entries()) {
    const line = at + 1;
    for (const match of content.matchAll(CITATION)) {
      const rfc = Number(match[1]);
      const sections = match[2]?.match(SECTION) ?? [];
      if (sections.length === 0) found.push({ rfc, line });
      for (const section of sections) found.push({ rfc, section: section.replace(SIGN, ""), line });
    }
    for (const match of content.matchAll(ODD)) odd.push({ text: match[0], line });
  }
  return { found, odd };
}

const CITATION =
  /\bRFC (\d{3,5})((?: (?:§|Appendix )[A-Z0-9]+(?:\.\d+)*(?:(?:,| and|, and| or| to)(?= (?:§|Appendix )))?)*)/g;
const SECTION = /(?:§|Appendix )[A-Z0-9]+(?:\.\d+)*/g;
const SIGN = /^(?:§|Appendix )/;
const ODD = /\bRFC[- ]?\d{3,5},? (?:[Ss]ections?|[Ss]ec\.|§ |§§)|\bRFC \d{3,5}(?=, §)|\bRFC-?\d{3,5}(?=,? §)/g;
