import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { checkLayers, type Layers, placeOf } from "./check.ts";

const layers: Layers = JSON.parse(readFileSync(new URL("./layers.json", import.meta.url), "utf8"));

/** Files that exist for the imports of a case. */
const AROUND: readonly string[] = [
  "src/base/mod.ts",
  "src/base/result.ts",
  "src/mail/mod.ts",
  "src/mail/domain.ts",
  "src/dns/mod.ts",
  "src/dns/io/mod.ts",
  "src/tls/mod.ts",
  "src/tls/io/mod.ts",
  "src/tls/io/handshake.ts",
  "src/policy/mod.ts",
  "src/smtp/grammar/mod.ts",
  "src/smtp/server/mod.ts",
  "src/smtp/server/step.ts",
  "src/smtp/client/mod.ts",
  "src/smtp/io/mod.ts",
  "src/queue/mod.ts",
  "src/queue/entry.ts",
  "src/queue/store/sqlite/mod.ts",
  "src/receive/mod.ts",
  "src/delivery/mod.ts",
  "src/delivery/plan.ts",
  "src/delivery/remote/mod.ts",
  "src/config/mod.ts",
  "src/daemon/mod.ts",
  "src/cli/main.ts",
  "src/mod.ts",
  "lab/mod.ts",
  "bench/main.ts",
  "test/support/clock.ts",
];

/** What `file` is told about `text`, without the line. */
function told(file: string, text: string): readonly string[] {
  const files = new Map([...AROUND.map((path): [string, string] => [path, ""]), [file, text]]);
  return checkLayers(files, layers).map((one) => `${one.file}:${one.line}: ${one.message}`);
}

test("layers: arrows that are allowed", () => {
  const cases: readonly [string, string][] = [
    ["src/mail/a.ts", 'import { ok } from "../base/mod.ts";'],
    ["src/mail/a.ts", 'import { x } from "./domain.ts";'],
    ["src/mail/a.ts", 'import { toASCII } from "tr46";'],
    ["src/mail/a.ts", 'import { createHash } from "node:crypto";'],
    ["src/policy/a.ts", 'import type { Tlsa } from "../dns/mod.ts";'],
    ["src/policy/sources/a.ts", 'import type { Tlsa } from "../../dns/mod.ts"; import { b } from "../mod.ts";'],
    ["src/smtp/server/a.ts", 'import { parse } from "../grammar/mod.ts";'],
    ["src/smtp/client/a.ts", 'import type { Proceed } from "../../policy/mod.ts";'],
    ["src/smtp/io/a.ts", 'import { step } from "../server/step.ts"; import { connect } from "node:net";'],
    ["src/smtp/io/a.ts", 'import { accept } from "../../tls/io/mod.ts";'],
    ["src/dns/io/a.ts", 'import { createSocket } from "node:dgram"; import { x } from "../mod.ts";'],
    ["src/queue/store/sqlite/a.ts", 'import { DatabaseSync } from "node:sqlite"; import { e } from "../../entry.ts";'],
    ["src/delivery/a.ts", 'import { c } from "../queue/mod.ts"; import { s } from "../smtp/client/mod.ts";'],
    ["src/delivery/remote/a.ts", 'import { d } from "../../smtp/io/mod.ts"; import { p } from "../plan.ts";'],
    ["src/daemon/a.ts", 'import { load } from "../config/mod.ts"; import { d } from "../delivery/remote/mod.ts";'],
    ["src/cli/demo.ts", 'const { lab } = await import("../../lab/mod.ts");'],
    ["src/mod.ts", 'export { decide } from "./policy/mod.ts";'],
    ["lab/a.ts", 'import { run } from "../src/daemon/mod.ts";'],
    [
      "src/mail/domain.test.ts",
      'import { x } from "../queue/entry.ts"; import * as fc from "fast-check"; import "node:fs";',
    ],
    ["bench/a.ts", 'import { x } from "../src/queue/entry.ts";'],
    ["src/mail/a.ts", '// import { x } from "../queue/mod.ts";\nconst t = `import "node:fs" ${"`"} from`;'],
  ];
  for (const [file, text] of cases) assert.deepEqual(told(file, text), [], `${file}: ${text}`);
});

test("layers: every kind of forbidden arrow is named with its file, its line and the way out", () => {
  const cases: readonly [string, string, RegExp][] = [
    [
      "src/base/a.ts",
      'import "../mail/mod.ts";',
      /^src\/base\/a\.ts:1: imports src\/mail\/mod\.ts; src\/base \(row 0\) may not import src\/mail \(row 1\); turn the arrow/,
    ],
    [
      "src/mail/a.ts",
      '\n\nimport type { Entry } from "../queue/mod.ts";',
      /:3: .*src\/mail \(row 1\) may not import src\/queue \(row 3a\)/,
    ],
    ["src/mail/a.ts", 'type E = import("../queue/mod.ts").Entry;', /may not import src\/queue/],
    ["src/mail/a.ts", 'export * from "../queue/mod.ts";', /may not import src\/queue/],
    ["src/mail/a.ts", 'export type { A } from "../dns/mod.ts";', /may not import src\/dns/],
    ["src/mail/a.ts", 'const q = await import("../queue/mod.ts");', /may not import src\/queue/],
    ["src/mail/a.ts", 'new Worker(new URL("../queue/mod.ts", import.meta.url));', /may not import src\/queue/],
    ["src/mail/a.ts", 'import { ok } from "../base/result.ts";', /past its door; import src\/base\/mod\.ts/],
    ["src/smtp/server/a.ts", 'import { x } from "../client/mod.ts";', /may not import src\/smtp\/client/],
    ["src/smtp/server/a.ts", 'import { x } from "../../dns/mod.ts";', /may not import src\/dns/],
    ["src/smtp/server/a.ts", 'import { x } from "../io/mod.ts";', /may not import src\/smtp\/io/],
    ["src/smtp/grammar/a.ts", 'import { x } from "../server/mod.ts";', /may not import src\/smtp\/server/],
    ["src/dns/a.ts", 'import { x } from "./io/mod.ts";', /does not import its shell/],
    ["src/delivery/a.ts", 'import { x } from "./remote/mod.ts";', /does not import its shell/],
    ["src/dns/io/a.ts", 'import { x } from "../../smtp/io/mod.ts";', /may not import src\/smtp\/io \(row 4a\)/],
    [
      "src/smtp/io/a.ts",
      'import { x } from "../../tls/io/handshake.ts";',
      /past its door; import src\/tls\/io\/mod\.ts/,
    ],
    ["src/receive/a.ts", 'import { x } from "../delivery/mod.ts";', /may not import src\/delivery/],
    [
      "src/config/a.ts",
      'import { x } from "../daemon/mod.ts";',
      /src\/config \(row 5a\) may not import src\/daemon \(row 5b\)/,
    ],
    ["src/queue/a.ts", 'import { x } from "../config/mod.ts";', /may not import src\/config/],
    ["src/cli/send.ts", 'import { x } from "../../lab/mod.ts";', /only src\/cli\/lab, src\/cli\/demo may import lab\//],
    ["src/daemon/a.ts", 'import { x } from "../../lab/mod.ts";', /may import lab\//],
    ["src/mail/a.ts", 'import { c } from "../../test/support/clock.ts";', /only tests and tools may import row 6/],
    ["lab/a.ts", 'import { c } from "../bench/main.ts";', /only tests and tools may import row 6/],
    ["src/mail/a.ts", 'import "./domain.test.ts";', /does not exist/],
    [
      "src/mail/a.ts",
      'import { readFileSync } from "node:fs";',
      /"node:fs" in src\/mail \(row 1\), which is pure; move the I\/O/,
    ],
    ["src/mail/a.ts", 'import { readFile } from "node:fs/promises";', /which is pure/],
    ["src/mail/a.ts", 'import { readFile } from "fs";', /write "node:fs"/],
    ["src/daemon/a.ts", 'import { DatabaseSync } from "node:sqlite";', /belongs to src\/queue\/store\/sqlite alone/],
    ["src/queue/store/contract.ts", 'import { test } from "node:test";', /belongs to tests alone/],
    ["src/daemon/a.ts", 'import pino from "pino";', /"pino", which belongs to src\/observe\/io alone/],
    ["src/daemon/a.ts", 'import { x } from "@scope/name/sub";', /package "@scope\/name", which no folder may name/],
    ["src/newcomer/a.ts", "", /stands in no row/],
  ];
  for (const [file, text, expected] of cases) {
    const messages = told(file, text);
    assert.equal(messages.length, 1, `${file}: ${text}: ${messages.join("; ")}`);
    assert.match(messages[0] ?? "", expected);
  }
});

test("placeOf: the longest folder that fits counts, and a test is a test everywhere", () => {
  const rows = (file: string): string | undefined => placeOf(file, layers)?.row.row;
  assert.deepEqual(
    ["src/dns/wire/a.ts", "src/dns/io/a/b.ts", "src/smtp/io/a.ts", "src/queue/store/a.ts", "src/queue/a.ts"].map(rows),
    ["2a", "4a", "4a", "4a", "3a"],
  );
  assert.deepEqual(["src/dns/io/a.test.ts", "src/delivery/remote/a.ts", "src/mod.ts", "src/iota/a.ts"].map(rows), [
    "6",
    "4b",
    "5f",
    undefined,
  ]);
});
