import assert from "node:assert/strict";
import { test } from "node:test";
import { vectors } from "../support/vectors.ts";
import { playFolder } from "./table.ts";

const { path, skip } = vectors("dnssec/unbound");

/** The scripts that do not apply; the reasons are in applicable.ts. */
const NOT_APPLICABLE: readonly string[] = [
  "val_anchor_nx_nosig.rpl",
  "val_any_cap.rpl",
  "val_faildnskey_ok.rpl",
  "val_negcache_nta.rpl",
  "val_ta_algo_missing.rpl",
];

test("every resolver script of unbound that concerns validation passes, with real signatures throughout", {
  skip,
}, async () => {
  const rows = await playFolder(path);
  const of = (verdict: string): readonly string[] =>
    rows.filter((row) => row.verdict === verdict).map(({ file }) => file);
  assert.deepEqual(of("failed"), []);
  assert.deepEqual(of("not applicable"), NOT_APPLICABLE);
  assert.ok(of("passed").length >= 152);
  assert.deepEqual(
    rows.filter(({ faked }) => faked),
    [],
  );
  assert.ok(rows.filter(({ verdict }) => verdict === "passed").every(({ checks }) => checks > 0));
});
