import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseConfig } from "../config/mod.ts";
import { domain } from "../mail/mod.ts";
import { recipientRules } from "./directory.ts";

test("recipientRules: with maildirs, whoever delivery has a place for exists", () => {
  const folder = mkdtempSync(join(tmpdir(), "hopseal-directory-"));
  for (const name of ["mail/bo", "apart/ann"]) mkdirSync(join(folder, name), { recursive: true });
  const loaded = parseConfig(
    `hostname = "mx.rook.example"
data_dir = "data"
postmaster = "bo@rook.example"
[[domain]]
name = "rook.example"
[[route]]
recipients = ["ann@rook.example", "eve@rook.example"]
deliver = { maildir = "apart/{localpart}" }
[[route]]
recipients = ["far@rook.example"]
deliver = { smtp = "relay.pine.example" }
[[route]]
recipients = ["Rook.Example"]
deliver = { maildir = "mail/{localpart}" }
`,
    join(folder, "hopseal.toml"),
  );
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const rook = recipientRules(loaded.value.config).domains.get(domain("rook.example"));
  const found = ["bo", "ann", "eve", "far", "nobody", "../mail/bo"].map((name) => [name, rook?.exists(name)]);
  assert.deepEqual(found, [
    ["bo", true],
    ["ann", true],
    ["eve", false],
    ["far", true],
    ["nobody", false],
    ["../mail/bo", false],
  ]);
  rmSync(folder, { recursive: true });
});
