import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { TestEvent } from "node:test/reporters";
import { inspect } from "node:util";
import { root } from "../tree.ts";
import { coverageTable } from "./coverage.ts";
import { recorder } from "./record.ts";

/**
 * Says little about what passes and all about what does not: a line per file, failures and skips as they come, then the
 * coverage of each folder and the failures once more. What the run came to goes into the file that the environment
 * variable `RECORD` names.
 */
// oxlint-disable-next-line import/no-default-export -- node:test takes the default export of a reporter
export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const failures: string[] = [];
  const run = recorder();
  let table = "";
  for await (const event of source) {
    if (event.type === "test:fail" && event.data.todo === undefined && !isOnlyAboutChildren(event.data.details.error)) {
      const text = failure(event.data);
      failures.push(text);
      run.failure(event.data, text);
      yield text;
    } else if (event.type === "test:pass" && event.data.skip !== undefined) {
      yield `﹣ ${where(event.data)} # SKIP ${String(event.data.skip)}\n`;
    } else if (event.type === "test:summary" && event.data.file !== undefined) {
      run.file(event.data.file, event.data);
      yield fileLine(event.data.file, event.data);
    } else if (event.type === "test:summary") {
      run.end(event.data);
    } else if (event.type === "test:stderr") {
      yield event.data.message;
    } else if (event.type === "test:coverage") {
      table = coverageTable(event.data.summary.files);
    }
  }
  yield table;
  if (failures.length > 0) yield `\n✖ failing tests:\n\n${failures.join("\n")}`;
  const record = process.env[RECORD];
  if (record !== undefined) writeFileSync(record, JSON.stringify(run.record()));
}

/** Names the file for what the run came to, a `RunRecord` as JSON. */
export const RECORD = "HOPSEAL_TEST_RECORD";

interface Place {
  readonly name: string;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
}

function where({ name, file, line }: Place): string {
  return file === undefined ? name : `${name} (${relative(root, file)}:${line ?? 1})`;
}

function failure(data: Place & { readonly details: { readonly error: Error } }): string {
  const { error } = data.details;
  return `✖ ${where(data)}\n  ${inspect(error.cause ?? error).replaceAll("\n", "\n  ")}\n`;
}

/** One line for each file when it is through, so that a slow or hanging one is seen. */
function fileLine(
  file: string,
  data: { readonly success: boolean; readonly duration_ms: number; readonly counts: { readonly tests: number } },
): string {
  const seconds = (data.duration_ms / 1000).toFixed(1);
  return `${data.success ? "✔" : "✖"} ${relative(root, file)}: ${data.counts.tests} tests, ${seconds} s\n`;
}

/** A suite or a file fails because of the tests in it, which were told already. */
function isOnlyAboutChildren(error: Error): boolean {
  return "failureType" in error && error.failureType === "subtestsFailed";
}
