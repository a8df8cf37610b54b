import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Bytes, fromUtf8 } from "../base/mod.ts";
import { base64Of, chooseMechanism, decodeBase64, encodeBase64, redact, secretsOf } from "./mod.ts";

const NOTHING: Bytes = new Uint8Array(0);

test("chooseMechanism: PLAIN before LOGIN, and nothing else", () => {
  const table: readonly (readonly [readonly string[], string | undefined])[] = [
    [["LOGIN", "PLAIN"], "PLAIN"],
    [["CRAM-MD5", "LOGIN"], "LOGIN"],
    [["CRAM-MD5"], undefined],
    [[], undefined],
  ];
  assert.deepEqual(
    table.map(([offered]) => [offered, chooseMechanism(offered)?.name]),
    table,
  );
});

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).filter((one) => !one.includes("\0"));

test("PLAIN: one message that parts again into no identity, user and password (RFC 4616 §2)", () => {
  fc.assert(
    fc.property(text, text, (user, password) => {
      const started = chooseMechanism(["PLAIN"])?.start({ user, password });
      assert.ok(started?.ok === true);
      assert.deepEqual(fromUtf8(started.value.initial ?? NOTHING).split("\0"), ["", user, password]);
      assert.equal(started.value.next(NOTHING).ok, false);
    }),
  );
});

test("LOGIN: user, then password, then no more, whatever the prompts are", () => {
  fc.assert(
    fc.property(text, text, fc.uint8Array(), (user, password, prompt) => {
      const started = chooseMechanism(["LOGIN"])?.start({ user, password });
      assert.ok(started?.ok === true);
      assert.equal(started.value.initial, undefined);
      const first = started.value.next(prompt);
      assert.ok(first.ok);
      const second = first.value.rest.next(prompt);
      assert.ok(second.ok);
      assert.deepEqual([fromUtf8(first.value.response), fromUtf8(second.value.response)], [user, password]);
      assert.equal(second.value.rest.next(prompt).ok, false);
    }),
  );
});

test("base64: what was written is read, and nothing but strict base64 is (RFC 4954 §4)", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 9000 }), (octets) => {
      const read = decodeBase64(encodeBase64(octets));
      assert.deepEqual(read.ok ? [...read.value] : read.error, [...octets]);
    }),
  );
  const table: readonly (readonly [string, boolean])[] = [
    ["", true],
    ["YQ==", true],
    ["YWI=", true],
    ["YWJj", true],
    ["YQ=", false],
    ["YQ", false],
    ["Y", false],
    ["=YQ=", false],
    ["AAA=BBB=", false],
    ["=AAA", false],
    ["====", false],
    ["=", false],
    ["YQ==\n", false],
    ["Y Q==", false],
    [" YQ==", false],
    ["YR==", false],
    ["Y-_j", false],
    ["A".repeat(12288), true],
    ["A".repeat(12292), false],
  ];
  assert.deepEqual(
    table.map(([one]) => [one, decodeBase64(one).ok]),
    table,
  );
});

test("decodeBase64: any text gives octets or a fault", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (one) => {
      const read = decodeBase64(one);
      if (read.ok) assert.equal(encodeBase64(read.value), one);
    }),
  );
});

test("redact: no form of the password is left, however often a host repeats it", () => {
  fc.assert(
    fc.property(text, fc.string({ minLength: 8 }), fc.string(), (user, tail, said) => {
      const login = { user, password: `pw-${tail.replaceAll("\0", "")}` };
      for (const name of ["PLAIN", "LOGIN"]) {
        const started = chooseMechanism([name])?.start(login);
        assert.ok(started?.ok === true);
        const forms = [login.password, base64Of(login.password), encodeBase64(started.value.initial ?? NOTHING)];
        const clean = redact(`${said}${forms.join(said)}`, secretsOf(login));
        for (const form of forms) assert.ok(form === "" || !clean.includes(form) || said.includes(form));
      }
    }),
  );
});
