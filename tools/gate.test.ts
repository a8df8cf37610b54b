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

test("tests: one that always fails fails the gate; one that passes alone is unsteady; four unsteady files fail it", () => {
  const always = 'import { test } from "node:test";\ntest("always", () => { throw new Error("no") });\n';
  assert.deepEqual(gate("always", { "a.test.ts": always }), {
    status: 1,
    closing: ["tests 1", "pass 0", "fail 1"],
    unsteady: [],
  });
  assert.deepEqual(gate("unloadable", { "a.test.ts": 'import "./nothing.ts";\n' }), {
    status: 1,
    closing: ["tests 1", "pass 0", "fail 1"],
    unsteady: [],
  });
  assert.deepEqual(gate("once", { "a.test.ts": ONCE, "b.test.ts": PASSES }), {
    status: 0,
    closing: ["tests 2", "pass 2", "fail 0", "unsteady 1"],
    unsteady: ["a.test.ts"],
  });
  assert.deepEqual(gate("both", { "a.test.ts": ONCE, "b.test.ts": always }), {
    status: 1,
    closing: ["tests 2", "pass 1", "fail 1", "unsteady 1"],
    unsteady: ["a.test.ts"],
  });
  const four = Object.fromEntries(["a", "b", "c", "d"].map((name) => [`${name}.test.ts`, ONCE]));
  assert.deepEqual(gate("four", four), { status: 1, closing: ["tests 4", "pass 0", "fail 4"], unsteady: [] });
});

/** What the step of the tests says of these files; the failure of an unsteady one must stand there twice. */
function gate(name: string, files: Readonly<Record<string, string>>): object {
  const tree = join(top, `gate-${name}`);
  mkdirSync(tree);
  writeFileSync(join(tree, "package.json"), '{"type":"module"}');
  const paths = Object.entries(files).map(([path, text]) => {
    writeFileSync(join(tree, path), text);
    return join(tree, path);
  });
  // Of a runner of its own, which must not know of this one.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, NODE_V8_COVERAGE: undefined };
  const { status, stdout } = spawnSync(process.execPath, [join(root, "tools/test/run.ts"), ...paths], {
    encoding: "utf8",
    env,
  });
  const [, told = ""] = stdout.split("coverage                     files");
  assert.notEqual(told, "", "the coverage comes out");
  const unsteady = [...stdout.matchAll(/^⚠ unsteady: .*\/(\S+) failed/gm)].map(([, path = ""]) => path);
  for (const path of unsteady) assert.ok(stdout.split(`${path}:3)\n  Error: only once`).length > 3, stdout);
  const closing = [...stdout.matchAll(/^ℹ ((?:tests|pass|fail|unsteady) \d+)$/gm)].map(([, line = ""]) => line);
  return { status, closing, unsteady };
}

const PASSES = 'import { test } from "node:test";\ntest("passes", () => undefined);\n';
const ONCE = `import { test } from "node:test"; import { existsSync, writeFileSync } from "node:fs";
const mark = import.meta.filename + ".ran";
test("fails at first", () => { if (existsSync(mark)) return; writeFileSync(mark, ""); throw new Error("only once"); });
`;
