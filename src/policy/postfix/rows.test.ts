import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { NOT_EXPRESSED, ROWS } from "./rows.ts";

const DOCUMENT = readFileSync(fileURLToPath(new URL("../../../docs/postfix.md", import.meta.url)), "utf8");

test("ROWS: docs/postfix.md holds the whole table, and what no level can say", () => {
  const table = [
    "| row | what is decided | answer | beside our own delivery | |",
    "|---|---|---|---|---|",
    ...Object.entries(ROWS).map(
      ([name, { when, answer, beside, differs }]) => `| ${name} | ${when} | \`${answer}\` | ${beside} | ${differs} |`,
    ),
  ];
  const from = DOCUMENT.split("\n").filter((line) => line.startsWith("| ") || line.startsWith("|-"));
  assert.deepEqual(from, table);
  for (const what of NOT_EXPRESSED) assert.ok(DOCUMENT.includes(`- ${what}\n`), what);
});
