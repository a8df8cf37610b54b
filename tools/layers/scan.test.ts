import assert from "node:assert/strict";
import { test } from "node:test";
import { scanImports } from "./scan.ts";

test("scanImports: every form of import, with its line", () => {
  const source = [
    'import a from "./a.ts";',
    'import type { B } from "./b.ts";',
    "import { type C, d } from './c.ts';",
    'import "./side.ts";',
    'export * from "./e.ts";',
    'export { f } from "./f.ts";',
    "export {",
    "  g,",
    '} from "./g.ts";',
    'const h = await import("./h.ts");',
    'type I = import("./i.ts").I;',
    'new Worker(new URL("./worker.ts", import.meta.url));',
  ].join("\n");
  assert.deepEqual(
    scanImports(source).map((one) => `${one.line} ${one.specifier}`),
    [
      "1 ./a.ts",
      "2 ./b.ts",
      "3 ./c.ts",
      "4 ./side.ts",
      "5 ./e.ts",
      "6 ./f.ts",
      "9 ./g.ts",
      "10 ./h.ts",
      "11 ./i.ts",
      "12 ./worker.ts",
    ],
  );
});

test("scanImports: what only looks like an import", () => {
  const lines = [
    '// import "./a.ts";',
    '/* import "./a.ts";\n import "./b.ts" */',
    "const text = 'import \"./a.ts\"';",
    'const text = "it is from \\"./a.ts\\" here";',
    'const text = `import "./a.ts" ${b} from "./c.ts"`;',
    'const regex = /from "x"/;',
    "const regex = /[/\"]from 'x'/g.test(y);",
    'new URL("./data.json", import.meta.url);',
    'Array.from("./a.ts");',
    'const folder = new URL("../", import.meta.url);',
  ];
  for (const line of lines) assert.deepEqual(scanImports(line), [], line);
});

test("scanImports: goes on after templates, nested braces, regular expressions and comments", () => {
  const lines = [
    'const t = `a ${f({ b: `c ${d} "` })} e`; import "./z.ts";',
    'const r = /["\'`/*]\\/[/]/; import "./z.ts";',
    'const q = a / b; const s = "/"; import "./z.ts";',
    'const c = "it\'s"; /* \' */ import "./z.ts";',
    'const o = { a: { b: 1 } }; // "\nimport "./z.ts";',
  ];
  for (const line of lines) {
    assert.deepEqual(
      scanImports(line).map((one) => one.specifier),
      ["./z.ts"],
      line,
    );
  }
});
