import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "./tree.ts";

const top = mkdtempSync(join(tmpdir(), "hopseal-gate-"));
after(() => rmSync(top, { recursive: true }));

/** A tree of files, and what a tool says about it. */
function judged(tool: string, name: string, files: Readonly<Record<string, string>>): readonly [number | null, string] {
  const tree = join(top, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(tree, path, ".."), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  const { status, stderr } = spawnSync(process.execPath, [join(root, tool), tree], { encoding: "utf8" });
  return [status, stderr];
}

test("layers: the command fails on a tree with a forbidden import, and passes one without", () => {
  const good = { "src/base/mod.ts": "", "src/mail/mod.ts": 'import "../base/mod.ts";\n' };
  assert.deepEqual(judged("tools/layers/main.ts", "layers-good", good), [0, ""]);
  const bad = { ...good, "src/base/a.ts": '\nimport { x } from "../mail/mod.ts";\n' };
  const [status, text] = judged("tools/layers/main.ts", "layers-bad", bad);
  assert.equal(status, 1);
  assert.match(text, /^src\/base\/a\.ts:2: imports src\/mail\/mod\.ts; src\/base \(row 0\) may not import [^\n]+\n$/);
});

test("rfc: the command fails on a section or an RFC that does not exist, in sources and documents", () => {
  const good = { "src/a.ts": "// RFC 5321 §4.1.1.4\n", "README.md": "RFC 8461 §5\n" };
  assert.deepEqual(judged("tools/rfc/check.ts", "rfc-good", good), [0, ""]);
  const bad = { "src/a.ts": "\n// RFC 5321 §4.99\n", "docs/b.md": "RFC 99999 and RFC 5321 section 4\n" };
  assert.deepEqual(judged("tools/rfc/check.ts", "rfc-bad", bad), [
    1,
    [
      'docs/b.md:1: "RFC 5321 section…": write "RFC 5321 §4.1.1.4"',
      "docs/b.md:1: RFC 99999 is not in rfc/index.tsv",
      "src/a.ts:2: RFC 5321 has no §4.99",
      "",
    ].join("\n"),
  ]);
});

test("ok: an unknown step is refused before anything runs", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "tools/ok.ts"), "nonsense"], { encoding: "utf8" });
  assert.equal(status, 2);
  assert.match(stderr, /^Unknown step nonsense; the steps are types, lint, format, layers, rfc, unused, tests\n$/);
});
