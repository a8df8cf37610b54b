import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseStsPolicy } from "./sts-policy.ts";
import { processorTime } from "../../../test/support/processor.ts";

const GOOD = "version: STSv1\r\nmode: enforce\r\nmx: mx.pine.example\r\nmx: *.hosted.example\r\nmax_age: 86400\r\n";

test("parseStsPolicy: a policy, compared whole (RFC 8461 §3.2)", () => {
  assert.deepEqual(parseStsPolicy(GOOD), {
    ok: true,
    value: {
      mode: "enforce",
      mx: ["mx.pine.example", "*.hosted.example"],
      maxAge: 86_400_000,
      lines: ["version: STSv1", "mode: enforce", "mx: mx.pine.example", "mx: *.hosted.example", "max_age: 86400"],
    },
  });
});

/** A change to the good policy, and what comes of it: mode, MX names and seconds, or what is wrong. */
const ROWS: readonly (readonly [string, string, string])[] = [
  ["LF alone", GOOD.replaceAll("\r\n", "\n"), "enforce mx.pine.example,*.hosted.example 86400"],
  ["no end of line at the end", GOOD.slice(0, -2), "enforce mx.pine.example,*.hosted.example 86400"],
  ["blank lines at the end", `${GOOD}\r\n\n`, "enforce mx.pine.example,*.hosted.example 86400"],
  ["a blank line in the middle", GOOD.replace("mode", "\r\nmode"), '"" is no line of a policy'],
  ["any order", "max_age:1\nmx:a.example\nmode:testing\nversion:STSv1", "testing a.example 1"],
  ["blanks around", "version:\t STSv1 \t\nmode: none  \nmax_age: 0\t", "none  0"],
  ["a blank before the colon", GOOD.replace("mode:", "mode :"), '"mode : enforce" is no line of a policy'],
  [
    "said twice",
    `${GOOD}mode: testing\r\nmax_age: 1\r\nversion: STSv2\r\n`,
    "enforce mx.pine.example,*.hosted.example 86400",
  ],
  ["unknown keys", `${GOOD}x-y_z.1: grüße, a:b\r\n`, "enforce mx.pine.example,*.hosted.example 86400"],
  ["an unknown key without a value", `${GOOD}x:\r\n`, '"x:" is no line of a policy'],
  [
    "a key that is too long",
    `${GOOD}${"x".repeat(33)}: y\r\n`,
    `${JSON.stringify(`${"x".repeat(33)}: y`)} is no line of a policy`,
  ],
  ["a byte order mark", `\ufeff${GOOD}`, '"\ufeffversion: STSv1" is no line of a policy'],
  [
    "CR alone",
    GOOD.replaceAll("\r\n", "\r"),
    `${JSON.stringify(GOOD.replaceAll("\r\n", "\r").slice(0, 40))} is no line of a policy`,
  ],
  ["NUL", GOOD.replace("enforce", "enforce\0"), '"mode: enforce\\u0000" is no line of a policy'],
  ["no version", GOOD.replace("version", "v"), "the policy has no version: STSv1"],
  ["another version", GOOD.replace("STSv1", "STSv2"), "the policy has no version: STSv1"],
  ["a version in capitals", GOOD.replace("STSv1", "stsv1"), "the policy has no version: STSv1"],
  ["no mode", GOOD.replace("mode", "m"), "the policy has no mode: enforce, testing or none"],
  ["a mode in capitals", GOOD.replace("enforce", "Enforce"), "the policy has no mode: enforce, testing or none"],
  ["no age", GOOD.replace("max_age", "age"), "the policy has no max_age in seconds"],
  ["a negative age", GOOD.replace("86400", "-1"), "the policy has no max_age in seconds"],
  ["an age with a unit", GOOD.replace("86400", "86400abc"), "the policy has no max_age in seconds"],
  ["an age in scientific notation", GOOD.replace("86400", "1e9"), "the policy has no max_age in seconds"],
  ["an age of 11 digits", GOOD.replace("86400", "10000000000"), "the policy has no max_age in seconds"],
  [
    "an age beyond the maximum",
    GOOD.replace("86400", "4294967296"),
    "enforce mx.pine.example,*.hosted.example 31557600",
  ],
  ["no mx", "version: STSv1\nmode: testing\nmax_age: 1", "the policy names no mx"],
  ["no mx in mode none", "version: STSv1\nmode: none\nmax_age: 1", "none  1"],
  ["mx in capitals", GOOD.replace("mx.pine", "MX.Pine"), "enforce mx.pine.example,*.hosted.example 86400"],
  ["mx: *", GOOD.replace("mx.pine.example", "*"), '"*" is no MX name'],
  ["mx: *.", GOOD.replace("mx.pine.example", "*."), '"*." is no MX name'],
  ["mx: *.com", GOOD.replace("mx.pine.example", "*.com"), '"*.com" covers a whole top-level domain'],
  [
    "mx with a wildcard in a label",
    GOOD.replace("mx.pine.example", "m*.pine.example"),
    '"m*.pine.example" is no MX name',
  ],
  ["mx with a leading dot", GOOD.replace("mx.pine.example", ".pine.example"), '".pine.example" is no MX name'],
  ["mx with a trailing dot", GOOD.replace("mx.pine.example", "mx.pine.example."), '"mx.pine.example." is no MX name'],
  ["mx with U-labels", GOOD.replace("mx.pine.example", "bücher.example"), '"bücher.example" is no MX name'],
  [
    "mx with A-labels",
    GOOD.replace("mx.pine.example", "xn--bcher-kva.example"),
    "enforce xn--bcher-kva.example,*.hosted.example 86400",
  ],
  ["nothing", "", "the policy has no version: STSv1"],
  ["too much", `${GOOD}x: ${"y".repeat(65_536)}`, "the policy is longer than 65536 octets"],
];

for (const [name, text, expected] of ROWS) {
  test(`parseStsPolicy: ${name} (RFC 8461 §3.2)`, () => {
    const policy = parseStsPolicy(text);
    const said = policy.ok
      ? `${policy.value.mode} ${policy.value.mx.join(",")} ${policy.value.maxAge / 1000}`
      : policy.error.replace(/: the domain .*|: the label .*|: ".*$/, "");
    assert.equal(said, expected);
  });
}

test("parseStsPolicy: whatever is accepted says all that it must, and no text makes it throw", () => {
  const lines = fc.constantFrom(
    "version: STSv1",
    "mode: enforce",
    "mode: none",
    "mx: a.example",
    "max_age: 1",
    "x: y",
    "",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(lines, fc.string({ maxLength: 12 })), { maxLength: 8 }), (some) => {
      const policy = parseStsPolicy(some.join("\n"));
      if (!policy.ok) return;
      assert.ok(some.includes("version: STSv1") && some.includes("max_age: 1"));
      assert.ok(policy.value.mx.length > 0 || policy.value.mode === "none");
    }),
  );
});

test("parseStsPolicy: the time it takes grows with the text and no faster", () => {
  for (const piece of ["\n", " ", "mx: a.example\n", "x: \t \t", ":"]) {
    const began = processorTime();
    parseStsPolicy(piece.repeat(Math.floor(65_000 / piece.length)));
    assert.ok(processorTime() - began < 1000, JSON.stringify(piece));
  }
});
