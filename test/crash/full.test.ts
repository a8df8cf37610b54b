import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { needs } from "../support/programs.ts";

const SCRIPT = fileURLToPath(new URL("./full.ts", import.meta.url));
const skip = needs("unshare", "mount") || (process.getuid?.() === 0 ? false : "only root can mount a small disk");

test("a disk is never filled with mail; one that others fill, or its files, costs nothing that was taken (RFC 5321 §4.2.5)", {
  skip,
}, async () => {
  const folder = await mkdtemp(`${tmpdir()}/hopseal-full-`);
  try {
    const script = 'mount -t tmpfs -o size=192m,nr_inodes=300 tmpfs "$1" && exec "$2" "$3" "$1"';
    const words = ["-m", "sh", "-c", script, "sh", folder, process.execPath, SCRIPT];
    const { stdout, stderr } = await promisify(execFile)("unshare", words);
    assert.equal(stderr, "");
    assert.deepEqual(JSON.parse(stdout), {
      bounded: "no-space disk-space",
      "kept free": true,
      taken: true,
      left: 0,
      full: "no-space disk-space",
      "opened when full": true,
      "delivered when full": "0 wrong, 0 missing",
      after: "taken",
      large: "taken",
      "no files": "no-space",
      "delivered without files": "0 wrong, 0 missing",
      "left over": 0,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
