import { readTop, readTree, root } from "../tree.ts";
import { citations } from "./citations.ts";
import { type Line, readIndex } from "./table.ts";

/**
 * Every section that the tree cites stands in rfc/index.tsv, or the check fails: `node tools/rfc/check.ts [--list] [ROOT]`. For the
 * RFCs marked implemented or partial it counts, and with --list names, the sections with requirements that no source cites.
 */
const index = new Map(readIndex().map((line) => [`${line.rfc} ${line.section}`, line]));
const top = process.argv.slice(2).find((one) => one !== "--list") ?? root;
const folders = ["src", "lab", "bench", "test", "docs"];
const files = new Map([...readTree(top, folders, [".ts", ".md"]), ...readTop(top, [".md"])]);
const faults: string[] = [];
const cited = new Set<string>();
let count = 0;
for (const [file, text] of files) {
  const { found, odd } = citations(text);
  for (const { text: form, line } of odd) faults.push(`${file}:${line}: "${form}…": write "RFC 5321 §4.1.1.4"`);
  for (const { rfc, section, line } of found) {
    count++;
    if (!index.has(`${rfc} ${section ?? "-"}`)) {
      const what = index.has(`${rfc} -`) ? `RFC ${rfc} has no §${section}` : `RFC ${rfc} is not in rfc/index.tsv`;
      faults.push(`${file}:${line}: ${what}`);
    }
    if (section !== undefined && /^(?:src|lab)\/(?!.*\.test\.ts$)/.test(file)) cited.add(`${rfc} ${section}`);
  }
}
for (const fault of faults) console.error(fault);
report([...index.values()]);
process.exitCode = faults.length === 0 ? 0 : 1;

function report(lines: readonly Line[]): void {
  const done = new Set(
    lines.filter((line) => ["implemented", "partial"].includes(line.support)).map((line) => line.rfc),
  );
  const asking = lines.filter((line) => done.has(line.rfc) && line.section !== "-" && line.musts !== 0);
  const open = asking.filter((line) => !cited.has(`${line.rfc} ${line.section}`));
  if (process.argv.includes("--list")) {
    for (const { rfc, section, title, musts } of open)
      console.log(`RFC ${rfc} §${section} (${musts ?? "?"}): ${title}`);
  }
  console.log(
    `rfc: ${count} citations, ${faults.length} faults; of ${asking.length} sections with requirements in ` +
      `${done.size} supported RFCs, ${open.length} are cited by no source (--list names them)`,
  );
}
