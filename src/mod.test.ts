import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as library from "./mod.ts";
import type { NamePattern } from "./policy/mod.ts";

test("the library gives what docs/library.md names, and nothing else", () => {
  const text = readFileSync(new URL("../docs/library.md", import.meta.url), "utf8");
  const cells = text.split("\n").flatMap((line) => (line.startsWith("| `") ? [line.split("|")[1] ?? ""] : []));
  const named = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name));
  assert.deepEqual(named.toSorted(), Object.keys(library).toSorted());
});

test("what the library reads, it reads from the octets alone", () => {
  const report = library.parseDeliveryReport(new TextEncoder().encode("Subject: x\r\n\r\n"));
  assert.equal(report.ok, false);
  const policy = library.parseStsPolicy(
    library.stsPolicyText({ mode: "enforce", maxAge: 86_400_000, mx: [pattern("mx.rook.example")] }),
  );
  assert.deepEqual(policy.ok && [policy.value.mode, policy.value.mx], ["enforce", ["mx.rook.example"]]);
  const [group] = library.parseAddressList("Bo <bo@rook.example>");
  assert.equal(group?.members[0]?.address, "bo@rook.example");
  assert.equal(library.matchesName("*.rook.example", "mx.rook.example"), true);
});

function pattern(text: string): NamePattern {
  const parsed = library.parseNamePattern(text);
  assert.ok(parsed.ok);
  return parsed.value;
}
