import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { systemRandom } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import { srsSecrets } from "./srs_secrets.ts";

const folder = mkdtempSync(join(tmpdir(), "hopseal-srs-"));
after(() => rmSync(folder, { recursive: true }));
const path = join(folder, "srs.secrets");

function read(srs: boolean): ReturnType<typeof srsSecrets> {
  return srsSecrets({ data_dir: folder, domain: [{ srs }] } as unknown as Config, systemRandom);
}

test("srsSecrets: made once, for its owner alone, and only where a domain rewrites senders", () => {
  assert.equal(read(false), undefined);
  assert.throws(() => statSync(path));
  const made = read(true);
  assert.equal(made?.length, 1);
  assert.ok((made?.[0] ?? "").length >= 43);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(read(true), made);
});

test("srsSecrets: a new secret on top makes tags, those below still prove them", () => {
  const before = readFileSync(path, "utf8");
  writeFileSync(path, `# 2026\nanother secret of 2026\n\n${before}`);
  assert.deepEqual(read(true), ["another secret of 2026", before.trim()]);
  for (const broken of ["", "short\n", "# nothing\n"]) {
    writeFileSync(path, broken);
    assert.throws(() => read(true), /at least 16 characters/);
  }
});
