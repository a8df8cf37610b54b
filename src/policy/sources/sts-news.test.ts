import assert from "node:assert/strict";
import { test } from "node:test";
import { processorTime } from "../../../test/support/processor.ts";
import { domain } from "../../mail/mod.ts";
import type { NamePattern } from "../types.ts";
import { newsOfPolicy } from "./sts-news.ts";
import type { StsPolicy } from "./sts-policy.ts";

const PINE = domain("pine.example");
const WEEK = 604_800_000;

function policy(more: Partial<StsPolicy> = {}): StsPolicy {
  return { mode: "enforce", mx: ["mx.pine.example" as NamePattern], maxAge: WEEK, lines: [], ...more };
}

function told(before: StsPolicy | undefined, after: StsPolicy): readonly string[] {
  return newsOfPolicy(PINE, before, after).map((news) => `${news.kind}${"says" in news ? `: ${news.says}` : ""}`);
}

test("newsOfPolicy: a lifetime cut short is told as a policy weakened (RFC 8461 §10.3)", () => {
  assert.deepEqual(
    [
      told(policy(), policy({ maxAge: 0 })),
      told(policy(), policy({ maxAge: 60_000 })),
      told(policy(), policy({ maxAge: 86_400_000 })),
      told(policy({ maxAge: 60_000 }), policy({ maxAge: 60_000 })),
      told(policy({ maxAge: 60_000 }), policy({ maxAge: 3_600_000 })),
      told(policy({ mode: "testing" }), policy({ mode: "testing", maxAge: 0 })),
      told(undefined, policy({ maxAge: 0 })),
    ],
    [
      ["weakened: it holds for 0 s, and not for 604800 s"],
      ["weakened: it holds for 60 s, and not for 604800 s"],
      [],
      [],
      [],
      [],
      [],
    ],
  );
});

test("newsOfPolicy: as many names as a policy file can hold cost little, and few are quoted", () => {
  const names = (letter: string): readonly NamePattern[] =>
    Array.from({ length: 9000 }, (_, at) => `${letter}${at}.example` as NamePattern);
  const began = processorTime();
  const [news] = told(policy({ mx: names("a") }), policy({ mx: names("b") }));
  const took = processorTime() - began;
  // Each name against each takes many times as long.
  assert.ok(took < 1000, `${took} ms`);
  assert.equal(
    news,
    "weakened: b0.example, b1.example, b2.example, b3.example, b4.example and 8995 more may take its mail too",
  );
});
