import type { Row } from "./table.ts";
import { playFolder } from "./table.ts";

/** One line for each script and a last one with the sums. */
export function tableLines(rows: readonly Row[]): readonly string[] {
  const lines = rows.map(({ file, verdict, checks, faked, reason }) => {
    const how = faked ? "only with faked SHA-1 signatures, as the script asks" : "";
    return [verdict.padEnd(14), file, `${checks} answers`, reason || how].join("  ").trimEnd();
  });
  const count = (verdict: string): number => rows.filter((row) => row.verdict === verdict).length;
  return [...lines, `${count("passed")} passed, ${count("failed")} failed, ${count("not applicable")} not applicable`];
}

// node test/dnssec-rpl/run.ts FOLDER [PART-OF-NAME]; the exit code is 1 when a script failed.
if (import.meta.main) {
  const [folder, only] = process.argv.slice(2);
  if (folder === undefined) throw new Error("Name the folder with the scripts");
  const rows = await playFolder(folder, only);
  console.log(tableLines(rows).join("\n"));
  if (rows.some(({ verdict }) => verdict === "failed")) process.exitCode = 1;
}
