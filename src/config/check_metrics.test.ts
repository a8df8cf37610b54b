import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "./load.ts";
import { explainConfig } from "./explain.ts";

test("[metrics]: off unless named; on loopback or a path, never where somebody listens already", () => {
  const table: readonly (readonly [string, string])[] = [
    ["", "0"],
    ['address = "127.0.0.1:9125"', "0"],
    ['address = "[::1]:9125"', "0"],
    ['path = "/run/metrics.sock"', "0"],
    ['address = "0.0.0.0:9125"', "warning metrics.address"],
    ['address = "192.0.2.1:9125"', "warning metrics.address"],
    ['address = "127.0.0.1:25"', "error metrics.address"],
    ['address = "127.0.0.1:8461"', "error metrics.address"],
    [`path = "/${"x".repeat(110)}"`, "error metrics.path"],
    ['adress = "127.0.0.1:9125"', "error metrics.adress"],
    ['address = "nowhere"', "error metrics.address"],
  ];
  for (const [lines, expected] of table) assert.equal(said(lines), expected, lines);
});

test("[metrics]: explained where there is one", () => {
  const meant = (lines: string): readonly string[] => {
    const parsed = parseConfig(text(lines), "hopseal.toml");
    assert.ok(parsed.ok);
    return explainConfig(parsed.value.config).flatMap(({ key, value }) => (key === "metrics" ? value : []));
  };
  assert.deepEqual(meant(""), []);
  assert.deepEqual(meant('address = "127.0.0.1:9125"\npath = "/run/m"'), ["127.0.0.1:9125, /run/m"]);
});

function said(lines: string): string {
  const parsed = parseConfig(text(lines), "hopseal.toml");
  const issues = parsed.ok ? parsed.value.warnings : parsed.error.issues;
  return issues.map(({ severity, key }) => `${severity} ${key}`).join(", ") || "0";
}

function text(lines: string): string {
  return `hostname = "mx.rook.example"\ndata_dir = "/data"\npostmaster = "bo@rook.example"\n[[listen]]\naddress = "127.0.0.1:25"\ntls = "none"\n[policy_service]\naddress = "127.0.0.1:8461"\n[metrics]\n${lines}\n`;
}
