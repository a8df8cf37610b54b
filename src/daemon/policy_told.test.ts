import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ManualClock } from "../../test/support/clock.ts";
import { staticResolver } from "../../test/support/resolver.ts";
import { seededRandom, systemClock } from "../base/mod.ts";
import { parseConfig } from "../config/mod.ts";
import { domain } from "../mail/mod.ts";
import { subscribe } from "../observe/mod.ts";
import { openPolicy } from "./policy.ts";
import { watchedResolver } from "./watched_resolver.ts";

const folder = mkdtempSync(join(tmpdir(), "hopseal-told-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("openPolicy: tells of every policy host that was asked, and what came of it", async () => {
  // Nobody listens on port 1.
  const text = `hostname = "mx.rook.example"\ndata_dir = "data"\npostmaster = "bo@rook.example"\n[policy]\nmta_sts_networks = ["127.0.0.0/8"]\nmta_sts_port = 1\nmta_sts_roots = "bundled"\n`;
  const parsed = parseConfig(text, join(folder, "hopseal.toml"));
  assert.ok(parsed.ok);
  const told: string[] = [];
  using _heard = subscribe("hopseal:sts-fetched", ({ outcome, took }) => void told.push(`${outcome} ${took >= 0}`));
  const resolver = staticResolver({
    "_mta-sts.pine.example": { TXT: ["v=STSv1; id=1;"] },
    "mta-sts.pine.example": { A: ["127.0.0.1"] },
  });
  await using policy = await openPolicy(parsed.value.config, {
    clock: systemClock,
    random: seededRandom(1),
    resolver,
    daneOff: async () => undefined,
  });
  assert.equal((await policy.sources.sts(domain("pine.example"))).kind, "failed");
  assert.equal((await policy.sources.sts(domain("rook.example"))).kind, "none");
  assert.deepEqual(told, ["fetch true"]);
});

test("watchedResolver: tells what each look-up came to, and answers the same", async () => {
  const clock = new ManualClock();
  const inner = staticResolver({
    "a.example": { A: { kind: "data", records: ["192.0.2.1"], security: "secure" } },
    "b.example": { MX: { kind: "failure", cause: "bogus" }, TLSA: { kind: "failure" } },
  });
  const told: unknown[] = [];
  using _heard = subscribe("hopseal:resolved", (event) => void told.push(event));
  const resolver = watchedResolver(inner, clock);
  for (const [name, type] of [
    ["a.example", "A"],
    ["b.example", "MX"],
    ["b.example", "TLSA"],
    ["c.example", "A"],
  ] as const) {
    assert.deepEqual(await resolver.query(name, type), await inner.query(name, type));
  }
  assert.deepEqual(told, [
    { type: "A", result: "secure", took: 0 },
    { type: "MX", result: "bogus", took: 0 },
    { type: "TLSA", result: "unavailable", took: 0 },
    { type: "A", result: "insecure", took: 0 },
  ]);
  const stopped = AbortSignal.abort(new Error("stopped"));
  await assert.rejects(resolver.query("a.example", "A", { signal: stopped }), /stopped/);
  assert.equal(told.length, 4);
});
