import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, cellNames } from "./names.ts";

test("a cell spells the marks of its scenario, and nothing else", () => {
  const { slug, spell } = cellNames({ row: "A06", variant: "454", policy: "P5c" });
  assert.equal(slug, "a06-454-p5c");
  const spelt = {
    "T MX 10 mx.T": "a06-454-p5c.test MX 10 mx.a06-454-p5c.test",
    "_25._tcp.mx.T TLSA": "_25._tcp.mx.a06-454-p5c.test TLSA",
    "mx.E A @mx.E": `mx.e-a06-454-p5c.test A ${addressOf("mx.e-a06-454-p5c.test")}`,
    "T CNAME P": "a06-454-p5c.test CNAME p-a06-454-p5c.test",
    '_smtp._tls.T TXT "v=TLSRPTv1; rua=mailto:tls@T"':
      '_smtp._tls.a06-454-p5c.test TXT "v=TLSRPTv1; rua=mailto:tls@a06-454-p5c.test"',
    "mx: *.T\r\nmax_age: 1": "mx: *.a06-454-p5c.test\r\nmax_age: 1",
    "mx.T\0.E": "mx.a06-454-p5c.test\0.e-a06-454-p5c.test",
    "STARTTLS TLSA EHLO": "STARTTLS TLSA EHLO",
  };
  assert.deepEqual(Object.keys(spelt).map(spell), Object.values(spelt));
});
