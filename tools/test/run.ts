import { spawnSync } from "node:child_process";
import { root } from "../tree.ts";

/** Runs the tests, or the files that are named, with our reporter and branch coverage of src. */
const named = process.argv.slice(2);
const files = named.length > 0 ? named : ["{src,lab,bench,test,tools}/**/*.test.ts"];
const args = [
  "--test",
  // Two at a time: interop and crash tests start processes of their own.
  "--test-concurrency=2",
  "--test-timeout=900000",
  "--experimental-test-coverage",
  "--test-coverage-include=src/**",
  "--test-coverage-exclude=**/*.test.ts",
  "--test-reporter=./tools/test/reporter.ts",
  "--test-reporter-destination=stdout",
  ...files,
];
process.exitCode =
  spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] }).status ?? 1;
