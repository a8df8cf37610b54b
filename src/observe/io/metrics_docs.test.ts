import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { startMetrics } from "./metrics.ts";

const NAME = /hopseal_[a-z_]+/g;

test("docs/metrics.md names every metric of ours, and the documents and alerts name no other", async () => {
  using metrics = await startMetrics();
  const paused = { receiving: false, sending: false, draining: false, destinations: 0 };
  const snapshot = await metrics.snapshot({ underWay: 0, paused, lists: [] });
  const names = snapshot.map(({ name }) => name).filter((name) => name.startsWith("hopseal_"));
  const known = new Set(names);
  const parts = snapshot.flatMap(({ name, type }) => (type === "histogram" ? [`${name}_bucket`] : []));
  const page = namesIn("metrics.md");
  assert.deepEqual(
    names.filter((name) => !page.has(name)),
    [],
    "missing in docs/metrics.md",
  );
  for (const file of ["metrics.md", "alerts.yml", "operations.md"]) {
    const strange = [...namesIn(file)].filter(
      (name) => !known.has(name) && !parts.includes(name) && !name.endsWith("_"),
    );
    assert.deepEqual(strange, [], file);
  }
});

function namesIn(file: string): ReadonlySet<string> {
  const text = readFileSync(new URL(`../../../docs/${file}`, import.meta.url), "utf8");
  return new Set(text.match(NAME) ?? []);
}
