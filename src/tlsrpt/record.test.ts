import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { selectTlsRptRecord } from "./record.ts";
import { processorTime } from "../../test/support/processor.ts";

const GOOD: readonly (readonly [readonly string[], readonly string[]])[] = [
  [["v=TLSRPTv1; rua=mailto:tls@pine.example"], ["mailto:tls@pine.example"]],
  [["v=TLSRPTv1;rua=mailto:tls@pine.example;"], ["mailto:tls@pine.example"]],
  [["v=TLSRPTv1 "], []],
  [
    ["v=TLSRPTv1;rua=mailto:tls@pine.example,https://r.pine.example/v1"],
    ["mailto:tls@pine.example", "https://r.pine.example/v1"],
  ],
  [
    ["v=TLSRPTv1; rua=mailto:tls@pine.example \t, https://r.pine.example/v1 ; x=1"],
    ["mailto:tls@pine.example", "https://r.pine.example/v1"],
  ],
  [["v=spf1 -all", "v=TLSRPTv1; x-y.z_1=a:b; rua=https://r.pine.example/?a%2Cb"], ["https://r.pine.example/?a%2Cb"]],
  [["v=TLSRPTv1; rua=mailto:a@pine.example; rua=mailto:b@pine.example"], ["mailto:a@pine.example"]],
];

const BAD: readonly (readonly [readonly string[], string])[] = [
  [[], "no TXT record begins with v=TLSRPTv1;"],
  [["v=tlsrptv1; rua=mailto:tls@pine.example"], "no TXT record begins with v=TLSRPTv1;"],
  [["v=TLSRPTv1"], "no TXT record begins with v=TLSRPTv1;"],
  [["v=TLSRPTv1;rua=mailto:a@b", "v=TLSRPTv1;rua=mailto:a@b"], "2 TXT records begin with v=TLSRPTv1;"],
  [["v=TLSRPTv1;"], '"" is no field'],
  [["v=TLSRPTv1; x=1"], "the record has no rua"],
  [["v=TLSRPTv1; rua="], '"" is no mailto: or https: address'],
  [["v=TLSRPTv1; rua=tls@pine.example"], '"tls@pine.example" is no mailto: or https: address'],
  [["v=TLSRPTv1; rua=http://r.pine.example/"], '"http://r.pine.example/" is no mailto: or https: address'],
  [["v=TLSRPTv1; rua=mailto:tls"], '"mailto:tls" is no mailto: or https: address'],
  [["v=TLSRPTv1; rua=mailto:a!b@pine.example"], '"mailto:a!b@pine.example" is no mailto: or https: address'],
  [["v=TLSRPTv1; rua=mailto:a@b@pine.example"], '"mailto:a@b@pine.example" is no mailto: or https: address'],
  [["v=TLSRPTv1; rua=mailto:tls@pine.example, "], '"" is no mailto: or https: address'],
  [["v=TLSRPTv1;; rua=mailto:tls@pine.example"], '"" is no field'],
  [["v=TLSRPTv1; rua=mailto:tls@pine.example; -x=1"], '"-x=1" is no field'],
  [["v=TLSRPTv1; rua=mailto:tls@pine.example; x=a b"], '"x=a b" is no field'],
  [[`v=TLSRPTv1; rua=mailto:tls@pine.example; x=${"a".repeat(4096)}`], "the record is too long"],
];

test("selectTlsRptRecord: what counts, and in which order (RFC 8460 §3)", () => {
  for (const [records, rua] of GOOD) {
    const found = selectTlsRptRecord(records);
    assert.deepEqual(
      found,
      rua.length === 0 ? { ok: false, error: "no TXT record begins with v=TLSRPTv1;" } : { ok: true, value: { rua } },
    );
  }
});

test("selectTlsRptRecord: what does not count, and why (RFC 8460 §3)", () => {
  for (const [records, error] of BAD) assert.deepEqual(selectTlsRptRecord(records), { ok: false, error });
});

test("selectTlsRptRecord: of any text the result is a list of addresses without delimiters, or an error", () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom("v=TLSRPTv1;", " ", ";", ",", "rua=", "mailto:a@b", "https://r.example/", "x=1", "\t", "=", "!"),
  );
  const record = fc.array(word, { maxLength: 12 }).map((words) => words.join(""));
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          record,
          record.map((text) => `v=TLSRPTv1;${text}`),
        ),
        { maxLength: 3 },
      ),
      (records) => {
        const found = selectTlsRptRecord(records);
        if (!found.ok) return found.error !== "";
        return found.value.rua.length > 0 && found.value.rua.every((uri) => /^(?:mailto|https):[^,;! \t]+$/i.test(uri));
      },
    ),
    { numRuns: 3000 },
  );
});

test("selectTlsRptRecord: a long record costs no more than its length", () => {
  const began = processorTime();
  for (const filler of [" ", ";", ",", "a", "@", "mailto:"]) {
    selectTlsRptRecord([`v=TLSRPTv1; rua=mailto:${filler.repeat(2_000_000 / filler.length)}`]);
    selectTlsRptRecord([`v=TLSRPTv1; rua=mailto:${filler.repeat(4000 / filler.length)}`]);
  }
  assert.ok(processorTime() - began < 1000);
});
