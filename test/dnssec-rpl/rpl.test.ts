import assert from "node:assert/strict";
import { test } from "node:test";
import { vectors } from "../support/vectors.ts";
import { tableLines } from "./run.ts";
import { playFile, playFolder } from "./table.ts";

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

test("the table names every script, its verdict and the reason", () => {
  const rows = [
    { file: "a.rpl", verdict: "passed", checks: 2, faked: false, reason: "" },
    { file: "b.rpl", verdict: "failed", checks: 1, faked: false, reason: "step 10: expected secure, have bogus" },
    { file: "c.rpl", verdict: "not applicable", checks: 0, faked: false, reason: "checks no answer" },
  ] as const;
  assert.deepEqual(tableLines(rows), [
    "passed          a.rpl  2 answers",
    "failed          b.rpl  1 answers  step 10: expected secure, have bogus",
    "not applicable  c.rpl  0 answers  checks no answer",
    "1 passed, 1 failed, 1 not applicable",
  ]);
});

test("a script that expects what is not so fails, and one that cannot be read fails too", async () => {
  const wrong = SCRIPT.replace("REPLY QR RD RA DO NOERROR", "REPLY QR RD RA AD DO NOERROR");
  const results = await Promise.all(
    [SCRIPT, wrong, `${SCRIPT}\nRANGE_BEGIN 0 1\nENTRY_BEGIN\nSECTION ANSWER\nx. NOTYPE 1\nENTRY_END`].map((text) =>
      playFile("x.rpl", text),
    ),
  );
  assert.deepEqual(
    results.map(({ verdict, reason }) => `${verdict}: ${reason}`),
    [
      "passed: ",
      "failed: step 10: expected secure, have insecure data",
      'failed: Error: Cannot read "x. NOTYPE 1": the type is missing or unknown',
    ],
  );
});

const SCRIPT = `
server:
	trust-anchor: "pine.example. DS 1 13 2 00"
stub-zone:
	name: "."
	stub-addr: 192.0.2.53
CONFIG_END
RANGE_BEGIN 0 100
	ADDRESS 192.0.2.53
ENTRY_BEGIN
MATCH opcode qtype qname
ADJUST copy_id
REPLY QR AA NOERROR
SECTION QUESTION
rook.example. IN A
SECTION ANSWER
rook.example. IN A 192.0.2.1
ENTRY_END
RANGE_END
STEP 1 QUERY
ENTRY_BEGIN
REPLY RD DO
SECTION QUESTION
rook.example. IN A
ENTRY_END
STEP 10 CHECK_ANSWER
ENTRY_BEGIN
MATCH all
REPLY QR RD RA DO NOERROR
SECTION QUESTION
rook.example. IN A
SECTION ANSWER
rook.example. IN A 192.0.2.1
ENTRY_END
`;
