import { relative } from "node:path";
import { root } from "../tree.ts";

export interface FileCoverage {
  readonly path: string;
  readonly totalLineCount: number;
  readonly coveredLineCount: number;
  readonly totalBranchCount: number;
  readonly coveredBranchCount: number;
}

/** One row per folder of src, and the sum. Files that no test loads are in no row. */
export function coverageTable(files: readonly FileCoverage[]): string {
  const folders = new Map<string, FileCoverage[]>();
  for (const file of files) {
    const name = folderOf(relative(root, file.path));
    const group = folders.get(name);
    if (group === undefined) folders.set(name, [file]);
    else group.push(file);
  }
  const rows = [...folders].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, group]) => row(name, group));
  return ["\ncoverage                     files  branches     lines\n", ...rows, row("all", files), "\n"].join("");
}

/** "src/dns", "src/smtp/server", "src/dns/io": two folders deep for what has shells or parts, else one. */
function folderOf(path: string): string {
  const folders = path.split("/").slice(0, -1);
  const deep = folders[1] === "smtp" || folders[2] === "io" || folders[2] === "store";
  return folders.slice(0, deep ? 3 : 2).join("/");
}

function row(name: string, files: readonly FileCoverage[]): string {
  const sum = (key: Exclude<keyof FileCoverage, "path">): number => files.reduce((total, file) => total + file[key], 0);
  const branches = percent(sum("coveredBranchCount"), sum("totalBranchCount"));
  const lines = percent(sum("coveredLineCount"), sum("totalLineCount"));
  return `${name.padEnd(26)}${String(files.length).padStart(8)}${branches.padStart(10)}${lines.padStart(10)}\n`;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "-" : `${((100 * part) / whole).toFixed(1)} %`;
}
