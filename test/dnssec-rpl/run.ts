import { playFolder } from "./table.ts";

// Usage: node test/dnssec-rpl/run.ts FOLDER [PART-OF-NAME]; the exit code is 1 when a script failed.
const [folder, only] = process.argv.slice(2);
if (folder === undefined) throw new Error("Name the folder with the scripts");
const rows = await playFolder(folder, only);
for (const { file, verdict, checks, faked, reason } of rows) {
  const how = faked ? "only with faked SHA-1 signatures, as the script asks" : "";
  console.log([verdict.padEnd(14), file, `${checks} answers`, reason || how].join("  ").trimEnd());
}
const count = (verdict: string): number => rows.filter((row) => row.verdict === verdict).length;
console.log(`${count("passed")} passed, ${count("failed")} failed, ${count("not applicable")} not applicable`);
if (count("failed") > 0) process.exitCode = 1;
