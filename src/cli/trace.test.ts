import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { vectors } from "../../test/support/vectors.ts";

const corpus = fileURLToPath(new URL("../../test/corpus/received/", import.meta.url));
const START = `
const { traceCommand } = await import(${JSON.stringify(new URL("./trace.ts", import.meta.url).href)});
try { await traceCommand().exitOverride().parseAsync(JSON.parse(process.env.ARGUMENTS), { from: "user" }); }
catch (error) { console.error(error.message); process.exitCode = error.status ?? 2; }`;

/** Runs the command by itself, without a terminal. */
function run(args: readonly string[], input = ""): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ["--input-type=module", "-e", START], {
    env: { PATH: process.env["PATH"], ARGUMENTS: JSON.stringify(args) },
    encoding: "utf8",
    input,
    maxBuffer: 256 * 1024 * 1024,
  });
}

const CLEAN = `Received: from a.example (a.example [192.0.2.1]) by b.example (Postfix) with ESMTPS id 1; Tue, 3 Mar 2026 09:14:07 +0100\n\n`;

test("hopseal trace exits 0 for clean mail, 1 for a finding, and reads standard input", () => {
  const clean = run(["--now", "2026-03-04T00:00:00Z"], CLEAN);
  assert.deepEqual([clean.status, clean.stderr], [0, ""]);
  assert.match(clean.stdout, /● TLS/);
  assert.doesNotMatch(clean.stdout, /\u001b/);
  const plain = run(["-", "--now", "2026-03-04T00:00:00Z"], CLEAN.replace("ESMTPS", "ESMTP"));
  assert.equal(plain.status, 1);
  const weak = run([join(corpus, "ietf-list-2020.eml")]);
  assert.equal(weak.status, 1);
  assert.match(weak.stdout, /! TLS_WEAK/);
});

test("hopseal trace exits 2 for a source that is missing, empty or no message, and for wrong usage", () => {
  const folder = mkdtempSync(join(tmpdir(), "hopseal-trace-"));
  try {
    const empty = join(folder, "empty.eml");
    writeFileSync(empty, "");
    const cases = [
      run([join(folder, "none")]),
      run([empty]),
      run([folder]),
      run(["-"], ""),
      run(["--nonsense"]),
      run(["--now", "soon"], CLEAN),
    ];
    assert.deepEqual(
      cases.map((one) => one.status),
      [2, 2, 2, 2, 2, 2],
    );
    assert.match(cases[0]?.stderr ?? "", /Cannot read ".*none": there is no such file/);
    assert.match(cases[1]?.stderr ?? "", /"\S*empty\.eml" holds no message/);
    assert.match(cases[3]?.stderr ?? "", /Standard input holds no message/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("hopseal trace --json prints one versioned document, --html writes a page", () => {
  const folder = mkdtempSync(join(tmpdir(), "hopseal-trace-"));
  try {
    const page = join(folder, "page.html");
    const result = run([corpus, "--json", "--html", page, "--ours", "ietfa.amsl.com", "4.31.198.44"]);
    const value = JSON.parse(result.stdout) as { version: number; messages: { path: { hops: unknown[] } }[] };
    assert.equal(value.version, 1);
    assert.deepEqual(
      value.messages.map((message) => message.path.hops.length),
      [4, 6],
    );
    assert.match(readFileSync(page, "utf8"), /The way of 2 messages/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("hopseal trace reads every message of vectors/mail", { skip: vectors("mail").skip }, () => {
  const result = run([vectors("mail").path, "--json"]);
  assert.equal(result.stderr, "");
  const value = JSON.parse(result.stdout) as { summary: { messages: number } };
  assert.ok(value.summary.messages >= 107);
});
