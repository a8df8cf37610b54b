import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { needs } from "../../test/support/programs.ts";
import { COMMAND_NAMES } from "../../src/cli/commands.ts";
import { manualPages } from "./write.ts";

test("manual pages: one for every command, and one for the program", async () => {
  const pages = await manualPages();
  assert.deepEqual([...pages.keys()].sort(), ["hopseal.1", ...COMMAND_NAMES.map((name) => `hopseal-${name}.1`)].sort());
  assert.match(pages.get("hopseal-queue.1") ?? "", /\.SH "QUEUE LIST"[^]*\.B \\-\\-json/);
  assert.match(pages.get("hopseal-policy.1") ?? "", /\.SH "POLICY LIST VERIFY"/);
  assert.match(pages.get("hopseal-sendmail.1") ?? "", /\\-oi/);
});

test("manual pages: groff reads each of them without a word", { skip: needs("groff") }, async () => {
  for (const [name, text] of await manualPages()) {
    const { status, stdout, stderr } = spawnSync("groff", ["-man", "-ww", "-Tutf8", "-Kutf8"], {
      input: text,
      encoding: "utf8",
    });
    assert.deepEqual({ name, status, stderr }, { name, status: 0, stderr: "" });
    assert.match(stdout, /hopseal/);
  }
});
