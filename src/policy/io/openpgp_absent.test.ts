import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { registerHooks } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/clock.ts";
import { seededRandom, utf8 } from "../../base/mod.ts";
import { domain } from "../../mail/mod.ts";
import type { ListSource } from "./list-held.ts";
import { openPolicyLists, type PolicyLists } from "./list-keeper.ts";
import { writeStoredList } from "./list-store.ts";
import { verifyDetached } from "./openpgp.ts";

registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== "openpgp") return next(specifier, context);
    throw Object.assign(new Error("Cannot find package 'openpgp'"), { code: "ERR_MODULE_NOT_FOUND" });
  },
});

const INSTALL = /OpenPGP\.js is not here, and signed lists need it; install it: npm install openpgp@6/;

test("verifyDetached without the optional package says what to install", async () => {
  const key = { octets: utf8("x"), fingerprint: "0".repeat(40) };
  const verified = await verifyDetached({ content: utf8("x"), signature: utf8("x"), key });
  assert.match(verified.ok ? "" : verified.error, INSTALL);
});

test("without the optional package a stored signed list ends the start, and a list that needs no signature works", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-absent-"));
  try {
    const clock = new ManualClock();
    const list = utf8(
      '{"timestamp":0,"expires":4000000000,"version":"0.1","policy-aliases":{},"policies":{"pine.example":{"mode":"enforce","mxs":["mx.pine.example"]}}}',
    );
    await writeFile(join(folder, "list.json"), list);
    await writeFile(join(folder, "key.asc"), "x");
    const key = { file: join(folder, "key.asc"), fingerprint: "0".repeat(40) };
    const open = async (source: ListSource): Promise<PolicyLists> =>
      await openPolicyLists([source], {
        directory: join(folder, "lists"),
        clock,
        random: seededRandom(1),
        fetch: async () => assert.fail("nobody is asked"),
        onFault: (text) => assert.fail(text),
      });
    const file = { kind: "file", list: join(folder, "list.json"), signature: join(folder, "list.json.asc") } as const;
    await using lists = await open({ name: "own", mode: "enforce", refresh: 1000, from: file });
    assert.equal(lists.find(domain("pine.example")).kind, "policy");
    await writeStoredList(join(folder, "lists"), "signed", {
      octets: list,
      signature: utf8("x"),
      takenAt: 0,
      from: "",
    });
    const signed = { name: "signed", mode: "enforce", refresh: 1000, from: { kind: "import" }, key } as const;
    await assert.rejects(open(signed), INSTALL);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
