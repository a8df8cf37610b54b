import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { namePattern, type NamePattern, parseNamePattern, parseStsPolicy, selectStsRecord } from "../policy/mod.ts";
import { domain } from "../mail/mod.ts";
import { stsRecordText } from "./records.ts";
import { stsPolicyId, stsPolicyText } from "./sts_text.ts";
import type { StsHosting } from "./types.ts";

const HOSTING: StsHosting = { mode: "enforce", maxAge: 1_209_600_000, mx: [namePattern(domain("mx1.rook.example"))] };

test("stsPolicyText: the file, and the id that belongs to it (RFC 8461 §3.1, §3.2)", () => {
  const text = stsPolicyText(HOSTING);
  assert.equal(text, "version: STSv1\r\nmode: enforce\r\nmx: mx1.rook.example\r\nmax_age: 1209600\r\n");
  // printf 'version: STSv1\r\n…' | sha256sum | cut -c1-20
  assert.equal(stsPolicyId(text), "e199227362b86493ca16");
  assert.equal(stsRecordText(text), "v=STSv1; id=e199227362b86493ca16;");
});

const labels = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const patterns: fc.Arbitrary<NamePattern> = fc
  .tuple(fc.boolean(), fc.array(labels, { minLength: 2, maxLength: 4 }))
  .map(([wild, parts]) => {
    const parsed = parseNamePattern(`${wild ? "*." : ""}${parts.join(".")}`);
    return parsed.ok ? parsed.value : namePattern(domain("x.example"));
  });
const hostings: fc.Arbitrary<StsHosting> = fc.record({
  mode: fc.constantFrom("enforce", "testing", "none"),
  maxAge: fc.integer({ min: 1000, max: 31_557_600_000 }),
  mx: fc.array(patterns, { minLength: 1, maxLength: 5 }),
});

test("stsPolicyText: what is written is read as it was meant", () => {
  fc.assert(
    fc.property(hostings, (hosting) => {
      const read = parseStsPolicy(stsPolicyText(hosting));
      assert.ok(read.ok);
      const { mode, maxAge, mx } = read.value;
      assert.deepEqual({ mode, maxAge, mx }, { ...hosting, maxAge: Math.floor(hosting.maxAge / 1000) * 1000 });
    }),
  );
});

test("stsPolicyId: changes exactly when the policy does, and is always a valid id (RFC 8461 §3.1)", () => {
  fc.assert(
    fc.property(hostings, hostings, (left, right) => {
      const [one, other] = [stsPolicyText(left), stsPolicyText(right)];
      assert.equal(stsPolicyId(one) === stsPolicyId(other), one === other);
      assert.deepEqual(selectStsRecord([stsRecordText(one)]), { ok: true, value: { id: stsPolicyId(one) } });
    }),
  );
});
