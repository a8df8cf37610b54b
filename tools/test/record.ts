import type { EventData } from "node:test";

/** What a run of the test runner came to, told to whoever started it. */
export interface RunRecord {
  readonly counts: Counts;
  readonly milliseconds: number;
  readonly failed: readonly FailedFile[];
  /** Failures of no file that can be named: nothing that runs again mends them. */
  readonly strays: readonly string[];
}

export interface Counts {
  readonly tests: number;
  readonly suites: number;
  readonly passed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly skipped: number;
  readonly todo: number;
}

export interface FailedFile {
  readonly file: string;
  /** What it put into the counts of the run. */
  readonly counts: Counts;
  readonly failures: readonly string[];
}

/** Folds the events of a run into its record. The runner tells file by file: what fails belongs to the next file that ends. */
export function recorder(): {
  failure(data: EventData.TestFail, text: string): void;
  file(path: string, data: EventData.TestSummary): void;
  end(data: EventData.TestSummary): void;
  record(): RunRecord;
} {
  const files = new Map<string, { counts: Counts; failures: string[] }>();
  let open: string[] = [];
  let counts = NONE;
  let milliseconds = 0;
  const note = (path: string, more: Counts, failures: readonly string[]): void => {
    const known = files.get(path);
    const before = known ?? { counts: NONE, failures: [] };
    files.set(path, { counts: sum(before.counts, more), failures: [...before.failures, ...failures] });
  };
  return {
    failure(data, text) {
      open.push(text);
      // A file that cannot be loaded, that ends early, or whose hook fails has a failure of its own and may have no summary.
      if (data.file === undefined || !isAboutFile(data)) return;
      note(data.file, isCancelled(data) ? { ...ONE, cancelled: 1 } : { ...ONE, failed: 1 }, open);
      open = [];
    },
    file(path, data) {
      if (!data.success || open.length > 0 || files.has(path)) note(path, countsOf(data), open);
      open = [];
    },
    end(data) {
      counts = countsOf(data);
      milliseconds = data.duration_ms;
    },
    record: () => ({
      counts,
      milliseconds,
      failed: [...files].map(([file, { counts: its, failures }]) => ({ file, counts: its, failures })),
      strays: open,
    }),
  };
}

export function sum(left: Counts, right: Counts): Counts {
  return combine(left, right, 1);
}

export function difference(left: Counts, right: Counts): Counts {
  return combine(left, right, -1);
}

/** The runner's closing lines, in its own words. */
export function closingLines(counts: Counts, milliseconds: number, unsteady: number): string {
  const rows: readonly (readonly [string, number])[] = [
    ["tests", counts.tests],
    ["suites", counts.suites],
    ["pass", counts.passed],
    ["fail", counts.failed],
    ["cancelled", counts.cancelled],
    ["skipped", counts.skipped],
    ["todo", counts.todo],
    ...(unsteady === 0 ? [] : [["unsteady", unsteady] as const]),
    ["duration_ms", Math.round(milliseconds)],
  ];
  return rows.map(([name, figure]) => `ℹ ${name} ${figure}\n`).join("");
}

function combine(left: Counts, right: Counts, sign: 1 | -1): Counts {
  return {
    tests: left.tests + sign * right.tests,
    suites: left.suites + sign * right.suites,
    passed: left.passed + sign * right.passed,
    failed: left.failed + sign * right.failed,
    cancelled: left.cancelled + sign * right.cancelled,
    skipped: left.skipped + sign * right.skipped,
    todo: left.todo + sign * right.todo,
  };
}

function countsOf({ counts }: EventData.TestSummary): Counts {
  const { tests, suites, passed, cancelled, skipped, todo } = counts;
  const { failed } = counts as typeof counts & { readonly failed?: number };
  return {
    tests,
    suites,
    passed,
    failed: failed ?? tests - passed - cancelled - skipped - todo,
    cancelled,
    skipped,
    todo,
  };
}

/** Whether the failure stands for its file: its name is the file's, whole or as it was called. */
function isAboutFile({ name, file, nesting }: EventData.TestFail): boolean {
  return (
    nesting === 0 && file !== undefined && name.endsWith(".test.ts") && (file === name || file.endsWith(`/${name}`))
  );
}

function isCancelled({ details }: EventData.TestFail): boolean {
  const { error } = details;
  return "failureType" in error && (error.failureType === "testTimeoutFailure" || error.failureType === "testAborted");
}

const NONE: Counts = { tests: 0, suites: 0, passed: 0, failed: 0, cancelled: 0, skipped: 0, todo: 0 };
const ONE: Counts = { ...NONE, tests: 1 };
