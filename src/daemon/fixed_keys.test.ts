import assert from "node:assert/strict";
import { test } from "node:test";
import { type Config, parseConfig } from "../config/mod.ts";
import { takenOver, waitingForRestart } from "./fixed_keys.ts";

const BASE = `hostname = "mx.rook.example"\ndata_dir = "/nonexistent/data"\npostmaster = "ann@rook.example"\n`;

test("takenOver: an unchanged configuration stays equal; what waits for a start is kept as it was", () => {
  const running = configOf(BASE);
  assert.deepEqual(takenOver(running, configOf(BASE)), running);
  const read = configOf(`user = "nobody"\ndrop_dir = "/nonexistent/drop"\n${BASE}[retry]\nfirst = "1 min"\n`);
  assert.deepEqual(waitingForRestart(running, read), ["user", "drop_dir"]);
  assert.deepEqual(takenOver(running, read), { ...running, retry: read.retry });
  assert.deepEqual(takenOver(read, running), { ...read, retry: running.retry });
});

function configOf(text: string): Config {
  const loaded = parseConfig(text, "hopseal.toml");
  assert.ok(loaded.ok);
  return loaded.value.config;
}
