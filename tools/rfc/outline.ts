export interface Section {
  /** "4.1.1.2", "A" or "B.1". */
  readonly section: string;
  readonly title: string;
  /** Words of requirement in it: MUST, SHALL and REQUIRED, and their negations (RFC 2119 §1). */
  readonly musts: number;
}

/** Reads the sections of an RFC from its text form: facts about it (numbers, titles, counts), never its prose. */
export function outline(text: string): Section[] {
  const lines = body(text);
  const sections: { section: string; title: string; musts: number }[] = [];
  let previous = "0";
  for (const [at, line] of lines.entries()) {
    const heading = headingAt(lines, at);
    if (heading !== undefined && follows(previous, heading.section)) {
      sections.push({ ...heading, musts: 0 });
      previous = heading.section;
      continue;
    }
    const open = sections.at(-1);
    if (open !== undefined) open.musts += line.match(REQUIREMENT)?.length ?? 0;
  }
  return sections;
}

/** The title of the RFC: what stands last before its abstract or the status of the memo. */
export function titleOf(text: string): string {
  const lines = plain(text);
  const marked = lines.filter((line) => line.startsWith("# "))[1];
  if (marked !== undefined) return marked.slice(2).trim();
  let last = lines.findIndex((line) => BEFORE_TITLE_ENDS.test(line)) - 1;
  while (last > 0 && (lines[last] ?? "").trim() === "") last--;
  let first = last;
  while (first > 0 && (lines[first - 1] ?? "").trim() !== "") first--;
  return lines
    .slice(first, last + 1)
    .map((line) => line.trim())
    .join(" ");
}

/** The lines without page breaks, running heads and table of contents; those of a shifted first page are moved back. */
function body(text: string): string[] {
  const lines = plain(text).map((line, at) => (at < FIRST_PAGE ? line.replace(SHIFTED_HEADING, "") : line));
  const kept = lines.filter((line) => !line.includes("\f") && !PAGE_FOOT.test(line) && !PAGE_HEAD.test(line));
  if (!kept.some((line) => MARKDOWN_HEADING.test(line))) {
    return kept.map((line) => (CONTENTS_LINE.test(line) ? "" : line));
  }
  // What is no marked heading is text, and moves off the margin where headings stand.
  return kept.map((line) => (MARKDOWN_HEADING.test(line) ? line.replace(MARKDOWN_HEADING, "") : ` ${line}`));
}

function plain(text: string): string[] {
  return text.replaceAll("\r", "").replaceAll("\u00a0", " ").split("\n");
}

function headingAt(lines: readonly string[], at: number): { section: string; title: string } | undefined {
  const found = HEADING.exec(lines[at] ?? "");
  if (found === null) return undefined;
  // A title may go on in the next line, under its own beginning.
  const next = lines[at + 1] ?? "";
  const more = /^ {3,}\S/.test(next) && (lines[at + 2] ?? "").trim() === "" ? ` ${next.trim()}` : "";
  return { section: found[1] ?? found[2] ?? "", title: `${found[3] ?? ""}${more}`.trim() };
}

/** Whether a section can come next: the first below, the next beside, or the next beside one above. */
function follows(previous: string, next: string): boolean {
  const before = previous.split(".");
  const parts = next.split(".");
  const last = parts.at(-1) ?? "";
  const above = parts.slice(0, -1);
  if (parts.length === before.length + 1) return above.join(".") === previous && (last === "1" || last === "0");
  if (parts.length > before.length || above.join(".") !== before.slice(0, above.length).join(".")) return false;
  const old = before[parts.length - 1] ?? "";
  if (/^[A-Z]$/.test(last)) return last === (/^[A-Z]$/.test(old) ? String.fromCharCode(old.charCodeAt(0) + 1) : "A");
  return /^\d+$/.test(old) && Number(last) === Number(old) + 1;
}

const HEADING =
  /^(?:(\d+(?:\.\d+)*|[A-Z](?:\.\d+)+|[A-Z](?=\. ))\.?|Appendix ([A-Z](?:\.\d+)*)[.:]?(?: --| -)?)\s+(\S.*)$/;
const SHIFTED_HEADING = /^ {4}(?=\d+(?:\.\d+)*\.? +\S)/;
const MARKDOWN_HEADING = /^#{1,6} /;
const BEFORE_TITLE_ENDS = /^ *(?:\d+\. +)?(?:Abstract|Status of this Memo)\s*$/i;
/** Lines of a printed page. */
const FIRST_PAGE = 60;
const CONTENTS_LINE = /(?:\. ?){3,} *\d+$|\s\.{2,} *\d+$/;
const PAGE_FOOT = /\[Page \d+\]\s*$/;
const PAGE_HEAD = /^RFC \d+ .*\d{4}$/;
const REQUIREMENT = /(?<!"\[?)\b(?:MUST|SHALL|REQUIRED)\b(?! NOT"|\]?")/g;
