import assert from "node:assert/strict";
import { test } from "node:test";
import type { Lookup, ProofNode } from "../dns/mod.ts";
import { findingJson, findingText } from "./dns-report.ts";
import { trustTree } from "./dns-tree.ts";

const step = (subject: string, detail: string, children: readonly ProofNode[] = []): ProofNode => ({
  kind: "records",
  subject,
  verdict: "secure",
  detail,
  children,
});

const anchor = step(".", "the anchor");
const top = step("example. DNSKEY", "keys", [anchor]);
const mx = step("a.example. MX", "mx", [top]);
const broken: ProofNode = { ...step("b.example. A", "b.example. A: no signature", [top]), verdict: "bogus" };

test("trustTree grows from the anchor, on one trunk where steps share it, to the records and to the step that failed", () => {
  assert.deepEqual(trustTree(step("a.example. MX", "answer", [mx, broken])), [
    ".: secure, the anchor",
    "└─ example. DNSKEY: secure, keys",
    "   ├─ a.example. MX: secure, mx",
    "   └─ b.example. A: bogus, no signature",
  ]);
  assert.deepEqual(trustTree(step("a.example. MX", "AD is set")), ["a.example. MX: secure, AD is set"]);
});

test("trustTree stays small however wide the proof is", () => {
  const wide = step(
    "w.",
    "wide",
    Array.from({ length: 5_000 }, (_, at) => step(`n${at}.`, "one", [anchor])),
  );
  assert.ok(trustTree(wide).length <= 201);
});

const found: Lookup = {
  answer: {
    name: "a.example",
    chain: [{ owner: "a.example", target: "b.example", security: "secure" }],
    kind: "data",
    security: "insecure",
    expires: Date.UTC(2026, 2, 3),
    records: [
      {
        owner: { labels: [Uint8Array.of(0x62), new TextEncoder().encode("example")], key: "\u0001b\u0007example" },
        type: 1,
        class: 1,
        ttl: 60,
        rdata: Uint8Array.of(192, 0, 2, 1),
      },
    ],
  },
  proof: mx,
};
const base = { name: "a.example.", type: "A", mode: "validate", servers: ["127.0.0.1:53"], took: 1.4 } as const;

test("findingJson has the documented shape, version 1", () => {
  assert.deepEqual(findingJson({ ...base, found }, false), {
    version: 1,
    name: "a.example.",
    type: "A",
    mode: "validate",
    servers: ["127.0.0.1:53"],
    took: 1,
    kind: "data",
    security: "insecure",
    chain: [{ owner: "a.example", target: "b.example", security: "secure" }],
    expires: "2026-03-03T00:00:00.000Z",
    records: [{ owner: "b.example.", type: "A", ttl: 60, data: "192.0.2.1", rdata: "c0000201" }],
  });
  const failure: Lookup = {
    answer: { name: "a.example", chain: [], kind: "failure", cause: "bogus", detail: "a.example. A has no signature" },
    proof: broken,
  };
  assert.deepEqual(findingJson({ ...base, found: failure }, true), {
    version: 1,
    name: "a.example.",
    type: "A",
    mode: "validate",
    servers: ["127.0.0.1:53"],
    took: 1,
    kind: "failure",
    cause: "bogus",
    detail: "a.example. A has no signature",
    chain: [],
    proof: broken,
  });
});

test("findingText says what was found, by whose word, and how each alias stands", () => {
  assert.deepEqual(findingText({ ...base, found }, false), [
    "a.example. A: data, insecure (proved to be unsigned)",
    "  a.example. is an alias of b.example. (secure)",
    "  b.example. 60 IN A 192.0.2.1",
  ]);
  assert.equal(
    findingText({ ...base, mode: "trust-ad", found }, false)[0],
    "a.example. A: data, insecure (the trusted server does not set AD)",
  );
});
