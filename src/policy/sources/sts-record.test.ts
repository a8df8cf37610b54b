import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { selectStsRecord } from "./sts-record.ts";

const LONGEST = "a".repeat(32);
const GOOD: readonly (readonly [readonly string[], string])[] = [
  [["v=STSv1; id=20260303a;"], "20260303a"],
  [["v=STSv1;id=1"], "1"],
  [["v=STSv1; id=1 ; "], "1"],
  [["v=STSv1;\tid=1\t;\t"], "1"],
  [["v=STSv1; other=x:y; id=1; more=z"], "1"],
  [["v=STSv1; id=1; id=2;"], "1"],
  [["v=STSv1; id=1; id=!;"], "1"],
  [[`v=STSv1; id=${LONGEST};`], LONGEST],
  [["v=spf1 -all", "v=STSv1; id=1;", "v=stsv1; id=2;", "v=STSv2; id=3"], "1"],
];
const BAD: readonly (readonly [readonly string[], string])[] = [
  [[], "no TXT record begins with v=STSv1;"],
  [["v=STSv1"], "no TXT record begins with v=STSv1;"],
  [["V=STSv1; id=1;"], "no TXT record begins with v=STSv1;"],
  [[" v=STSv1; id=1;"], "no TXT record begins with v=STSv1;"],
  [["v=STSv1 ; id=1;"], "no TXT record begins with v=STSv1;"],
  [["v=STSv1; id=1;", "v=STSv1; id=1;"], "2 TXT records begin with v=STSv1;"],
  [["v=STSv1;"], '"" is no field'],
  [["v=STSv1; ;id=1"], '"" is no field'],
  [["v=STSv1; id=1;;"], '"" is no field'],
  [["v=STSv1; x=1;"], "the record has no id"],
  [["v=STSv1; ID=1;"], "the record has no id"],
  [["v=STSv1; id=;"], '"id=" is no field'],
  [["v=STSv1; id;"], '"id" is no field'],
  [["v=STSv1; id=1 "], '"id=1 " is no field'],
  [["v=STSv1; id=1\u00a0;"], '"id=1\u00a0" is no field'],
  [["v=STSv1; id=a=b;"], '"id=a=b" is no field'],
  [[`v=STSv1; id=${LONGEST}a;`], "the id is not 1 to 32 letters and digits"],
  [["v=STSv1; id=a-b;"], "the id is not 1 to 32 letters and digits"],
  [[`v=STSv1; id=1; ${"x".repeat(33)}=1;`], `${JSON.stringify(`${"x".repeat(33)}=1`)} is no field`],
  [["v=STSv1; id=1; -x=1;"], '"-x=1" is no field'],
  [[`v=STSv1; id=1; x=${"y".repeat(5000)}`], "the record is too long"],
];

test("selectStsRecord: the ABNF to the letter, and one record or none (RFC 8461 §3.1)", () => {
  for (const [records, id] of GOOD) assert.deepEqual(selectStsRecord(records), { ok: true, value: { id } });
  for (const [records, error] of BAD) assert.deepEqual(selectStsRecord(records), { ok: false, error });
});

test("selectStsRecord: an id comes out of the record and is one, whatever the record is", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      const record = selectStsRecord([`v=STSv1;${text}`]);
      if (!record.ok) return;
      assert.match(record.value.id, /^[A-Za-z0-9]{1,32}$/);
      assert.ok(text.includes(`id=${record.value.id}`));
    }),
  );
});
