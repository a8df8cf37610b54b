import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { needs } from "../support/programs.ts";

test("the systemd units: systemd reads them without a complaint, and finds little exposed", {
  skip: needs("systemd-analyze"),
}, () => {
  const folder = mkdtempSync(join(tmpdir(), "hopseal-units-"));
  try {
    const paths = ["hopseal.service", "hopseal.socket"].map((name) => {
      const text = readFileSync(fileURLToPath(new URL(`../../systemd/${name}`, import.meta.url)), "utf8");
      // What they name is not installed here.
      writeFileSync(
        join(folder, name),
        text.replace("/usr/bin/hopseal", "/bin/true").replace(/^Documentation=.*\n/m, ""),
      );
      return join(folder, name);
    });
    const verified = spawnSync("systemd-analyze", ["verify", ...paths], { encoding: "utf8" });
    assert.deepEqual({ status: verified.status, said: verified.stderr }, { status: 0, said: "" });
    const looked = spawnSync("systemd-analyze", ["security", "--offline=true", paths[0] ?? ""], { encoding: "utf8" });
    const level = /Overall exposure level for hopseal\.service: ([\d.]+)/.exec(looked.stdout)?.[1];
    assert.ok(Number(level) <= 2.5, looked.stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
