import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { root } from "../tree.ts";
import { closingLines, type Counts, difference, type FailedFile, type RunRecord, sum } from "./record.ts";
import { RECORD } from "./reporter.ts";

/**
 * Runs the tests, or the files that are named, with our reporter and branch coverage of src. A file that fails is run
 * once more, alone, after all others: if it passes then, it is unsteady, which is told at the end and fails nothing
 * unless more than a few are.
 */
function main(named: readonly string[]): number {
  const files = named.length > 0 ? named : ["{src,lab,bench,test,tools}/**/*.test.ts"];
  const first = run(files, COVERAGE);
  if (first.record === undefined) return conclude(first, "the test runner told nothing of its run");
  const { failed, strays } = first.record;
  if (first.status === 0 && failed.length === 0) return conclude(first);
  if (failed.length === 0 || strays.length > 0) return conclude(first, "a failure is of no file that could run again");
  if (failed.length > MOST_UNSTEADY)
    return conclude(first, `${failed.length} files failed; none runs again where more than ${MOST_UNSTEADY} do`);
  return again(first.record, failed);
}

/** Runs each file that failed alone, and tells what came of all. */
function again({ counts, milliseconds }: RunRecord, failed: readonly FailedFile[]): number {
  const unsteady: FailedFile[] = [];
  let all: Counts = counts;
  let took = milliseconds;
  for (const one of failed) {
    console.log(`\n── once more, alone: ${relative(root, one.file)}`);
    const { status, record } = run([one.file], []);
    if (record === undefined) continue;
    took += record.milliseconds;
    if (status !== 0 || record.failed.length > 0 || record.strays.length > 0) continue;
    all = sum(difference(all, one.counts), record.counts);
    unsteady.push(one);
  }
  for (const { file, failures } of unsteady) {
    console.log(`\n⚠ unsteady: ${relative(root, file)} failed beside the others and passed alone; it failed with\n`);
    console.log(failures.join("\n"));
  }
  process.stdout.write(closingLines(all, took, unsteady.length));
  return unsteady.length === failed.length ? 0 : 1;
}

interface Ended {
  readonly status: number;
  /** Absent when the runner did not come to its end. */
  readonly record: RunRecord | undefined;
}

function run(files: readonly string[], options: readonly string[]): Ended {
  const folder = mkdtempSync(join(tmpdir(), "hopseal-record-"));
  const path = join(folder, "record.json");
  const env = { ...process.env, [RECORD]: path };
  const args = [...OPTIONS, ...options, ...files];
  const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"] });
  try {
    return { status: status ?? 1, record: JSON.parse(readFileSync(path, "utf8")) as RunRecord };
  } catch {
    return { status: 1, record: undefined };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function conclude({ status, record }: Ended, why?: string): number {
  if (why !== undefined) console.log(`\n✖ ${why}`);
  if (record !== undefined) process.stdout.write(closingLines(record.counts, record.milliseconds, 0));
  return why === undefined ? status : 1;
}

const MOST_UNSTEADY = 3;
const OPTIONS = [
  "--test",
  // Two at a time: interop and crash tests start processes of their own.
  "--test-concurrency=2",
  "--test-timeout=900000",
  "--test-reporter=./tools/test/reporter.ts",
  "--test-reporter-destination=stdout",
];
const COVERAGE = [
  "--experimental-test-coverage",
  "--test-coverage-include=src/**",
  "--test-coverage-exclude=**/*.test.ts",
];

process.exitCode = main(process.argv.slice(2));
