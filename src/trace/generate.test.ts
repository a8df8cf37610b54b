import assert from "node:assert/strict";
import { test } from "node:test";
import { domain } from "../mail/mod.ts";
import type { ReceivedFacts } from "./facts.ts";
import { generateReceived } from "./generate.ts";

const AT = Date.UTC(2026, 2, 3, 8, 14, 7);
const base: ReceivedFacts = {
  by: domain("mx.rook.example"),
  id: "3c1f9e2a7b",
  from: { hello: { verb: "EHLO", text: "out.pine.example" }, address: "192.0.2.10", name: "out.pine.example" },
  authenticated: false,
  smtpUtf8: false,
  at: AT,
  offset: 60,
};
const TLS = { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" };

test("generateReceived writes every clause in the order of RFC 5321 §4.4 and the tls clause of RFC 8314 §4.3", () => {
  const text = generateReceived({
    ...base,
    tls: { ...TLS, group: "X25519MLKEM768", sni: "mx.rook.example" },
    for: { localPart: "bo", domain: domain("rook.example") },
  });
  assert.equal(
    text,
    "Received: from out.pine.example (out.pine.example [192.0.2.10])\r\n" +
      "        (TLSv1.3 sni=mx.rook.example)\r\n" +
      "        by mx.rook.example (Hopseal) with ESMTPS id 3c1f9e2a7b\r\n" +
      "        for <bo@rook.example>\r\n" +
      "        tls TLS_AES_256_GCM_SHA384 group X25519MLKEM768;\r\n" +
      "        Tue, 3 Mar 2026 09:14:07 +0100\r\n",
  );
});

test("generateReceived writes the with values of RFC 3848 §1 and RFC 6531 §4.3", () => {
  const rows: [string, "HELO" | "EHLO" | "LHLO", boolean, boolean, boolean][] = [];
  for (const verb of ["HELO", "EHLO", "LHLO"] as const)
    for (const utf8 of [false, true])
      for (const tls of [false, true])
        for (const auth of [false, true]) {
          const text = generateReceived({
            ...base,
            from: { hello: { verb, text: "a.example" }, address: "192.0.2.1" },
            ...(tls ? { tls: TLS } : {}),
            authenticated: auth,
            smtpUtf8: utf8,
          });
          rows.push([/ with (\S+( \(authenticated\))?)/.exec(text)?.[1] ?? "", verb, utf8, tls, auth]);
        }
  assert.deepEqual(
    rows.map(([value]) => value),
    [
      "SMTP|SMTP (authenticated)|SMTP|SMTP (authenticated)|SMTP|SMTP (authenticated)|SMTP|SMTP (authenticated)",
      "ESMTP|ESMTPA|ESMTPS|ESMTPSA|UTF8SMTP|UTF8SMTPA|UTF8SMTPS|UTF8SMTPSA",
      "LMTP|LMTPA|LMTPS|LMTPSA|UTF8LMTP|UTF8LMTPA|UTF8LMTPS|UTF8LMTPSA",
    ].flatMap((line) => line.split("|")),
  );
});

test("generateReceived keeps hostile EHLO text inside an escaped comment, without controls, bounded", () => {
  const from = (text: string): string =>
    generateReceived({ ...base, from: { hello: { verb: "EHLO", text }, address: "192.0.2.10" } }).split(
      "\r\n        by",
    )[0] ?? "";
  assert.equal(from("by evil with ESMTPS"), "Received: from [192.0.2.10] ([192.0.2.10]) (EHLO by evil with ESMTPS)");
  assert.equal(from("a) by evil (x"), "Received: from [192.0.2.10] ([192.0.2.10]) (EHLO a\\) by evil \\(x)");
  assert.equal(from("a\\"), "Received: from [192.0.2.10] ([192.0.2.10]) (EHLO a\\\\)");
  assert.equal(from("a\r\nX: y\0\x7f"), "Received: from [192.0.2.10] ([192.0.2.10]) (EHLO aX: y)");
  assert.equal(from("b\u00fccher"), "Received: from [192.0.2.10] ([192.0.2.10]) (EHLO b?cher)");
  assert.equal(from(""), "Received: from [192.0.2.10] ([192.0.2.10]) (EHLO)");
  assert.equal(from("[192.0.2.99]"), "Received: from [192.0.2.99] ([192.0.2.10])");
  assert.equal(from("[x-tag:by]"), "Received: from [192.0.2.10] ([192.0.2.10]) (EHLO [x-tag:by])");
  assert.ok(from("(".repeat(100_000)).length < 600);
});

test("generateReceived writes UTF-8 only when the message uses SMTPUTF8 (RFC 6531 §3.7.3)", () => {
  const facts = { ...base, for: { localPart: "bj\u00f6rn", domain: domain("rook.example") } };
  assert.doesNotMatch(generateReceived(facts), / for /);
  assert.match(generateReceived({ ...facts, smtpUtf8: true }), / for <bj\u00f6rn@rook\.example>/);
});

test("generateReceived writes no from and no with for mail made here, and bracketed IPv6 literals", () => {
  const { from: _from, ...local } = base;
  assert.equal(
    generateReceived(local),
    "Received: by mx.rook.example (Hopseal, local) id 3c1f9e2a7b;\r\n        Tue, 3 Mar 2026 09:14:07 +0100\r\n",
  );
  const v6 = { hello: { verb: "EHLO" as const, text: "a.example" }, address: "2001:DB8:0:0::1" };
  assert.match(generateReceived({ ...base, from: v6 }), /^Received: from a\.example \(\[IPv6:2001:db8::1\]\)\r\n/);
});

test("generateReceived writes offsets east and west, and never an obsolete zone", () => {
  const ends = (offset: number): string =>
    generateReceived({ ...base, offset })
      .trim()
      .slice(-31)
      .trim();
  assert.equal(ends(0), "Tue, 3 Mar 2026 08:14:07 +0000");
  assert.equal(ends(-570), "Mon, 2 Mar 2026 22:44:07 -0930");
  assert.equal(ends(345), "Tue, 3 Mar 2026 13:59:07 +0545");
});
