import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isAlreadyRunning } from "./already_running.ts";

test("isAlreadyRunning: who listens at the control socket counts; an empty folder and a left-over file do not", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-running-"));
  const path = join(folder, "control.sock");
  try {
    assert.equal(await isAlreadyRunning(folder), false);
    assert.equal(await isAlreadyRunning(join(folder, "absent")), false);
    const server = createServer().listen(path);
    await once(server, "listening");
    assert.equal(await isAlreadyRunning(folder), true);
    server.close();
    await once(server, "close");
    await writeFile(path, "");
    assert.equal(await isAlreadyRunning(folder), false);
  } finally {
    await rm(folder, { recursive: true });
  }
});
