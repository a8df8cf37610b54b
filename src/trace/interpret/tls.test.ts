import assert from "node:assert/strict";
import { test } from "node:test";
import { interpretTrace } from "./interpret.ts";

const DATE = "Tue, 3 Mar 2026 09:14:07 +0100";

/** Field, state, confidence, weaknesses. */
const ROWS: readonly (readonly [string, string, string, (readonly string[])?])[] = [
  // local
  ["from ann by b.example with local (Exim 4.98) id 1", "local", "asserted"],
  ["from root (helo=localhost) by b.example with local-bsmtp (Exim 4.98) id 1", "local", "asserted"],
  ["by b.example (Postfix, from userid 1000) id 1", "local", "asserted"],
  ["(qmail 1234 invoked by uid 0)", "local", "asserted"],
  ["from mail pickup service by b.example with Microsoft SMTPSVC", "local", "asserted"],
  ["from A ([fe80::1]) by A ([fe80::1%6]) with mapi id 15.20.1.1", "local", "asserted"],
  ["from localhost (localhost [127.0.0.1]) by b.example (Postfix) with ESMTP id 1", "local", "asserted"],
  ["from localhost (localhost [::1]) by b.example (Postfix) with ESMTPS id 1", "local", "asserted"],
  ["from b.example by b.example with LMTP id 1", "local", "inferred"],
  ["by b.example with LMTP id 1", "local", "inferred"],
  ["by b.example (Hopseal, local) id 1", "local", "asserted"],
  ["from x by y ([127.0.0.1]) by b.example (Postfix) with ESMTP id 1", "local", "inferred"],
  // tls
  ["from a.example (a.example [192.0.2.1]) by b.example with ESMTPS id 1", "tls", "asserted"],
  ["from a.example (a.example [192.0.2.1]) by b.example with UTF8SMTPSA id 1", "tls", "asserted"],
  ["from a.example (a.example [192.0.2.1]) by b.example with LMTPS id 1", "tls", "asserted"],
  ["from a.example ([192.0.2.1]) by b.example with ESMTP tls TLS_AES_128_GCM_SHA256", "tls", "asserted"],
  ["from a.example ([192.0.2.1]) by b.example with ESMTP-TLS id 1", "tls", "asserted"],
  [
    "from a.example (10.1.1.1) by b.example with SMTP (version=TLS1_2 cipher=AES128-SHA bits=128)",
    "tls",
    "asserted",
    ["no-forward-secrecy"],
  ],
  ["from a (192.0.2.1) by b (192.0.2.2) with Microsoft SMTP Server (TLS) id 14.3.1.1", "tls", "asserted"],
  ["from x by evil.example with ESMTPS (a.example [192.0.2.1]) by b.example with ESMTPS id 1", "tls", "inferred"],
  // weak
  [
    "from a ([192.0.2.1]) by b with ESMTPS (using TLSv1.2 with cipher AECDH-AES256-SHA (256/256 bits))",
    "tls",
    "asserted",
    ["anonymous"],
  ],
  [
    "from a ([192.0.2.1]) by b with ESMTPS (using TLSv1.2 with cipher ADH-AES256-SHA (256/256 bits))",
    "tls",
    "asserted",
    ["anonymous"],
  ],
  [
    "from a ([192.0.2.1]) by b with ESMTPS (using TLSv1.1 with cipher ECDHE-RSA-AES128-SHA (128/128 bits))",
    "tls",
    "asserted",
    ["old-version"],
  ],
  [
    "from a ([192.0.2.1]) by b with ESMTPS (version=SSLv3 cipher=RC4-SHA bits=128)",
    "tls",
    "asserted",
    ["rc4", "old-version", "no-forward-secrecy"],
  ],
  [
    "from a ([192.0.2.1]) by b with ESMTPS (version=TLSv1.2 cipher=EDH-RSA-DES-CBC3-SHA bits=168)",
    "tls",
    "asserted",
    ["3des"],
  ],
  [
    "from a ([192.0.2.1]) by b with ESMTPS (version=TLSv1.2 cipher=EXP-RC4-MD5 bits=40)",
    "tls",
    "asserted",
    ["export", "rc4"],
  ],
  [
    "from a ([192.0.2.1]) by b with ESMTPS (version=TLSv1.2 cipher=ECDHE-RSA-NULL-SHA bits=0)",
    "tls",
    "asserted",
    ["null-cipher"],
  ],
  ["from a ([192.0.2.1]) by b with ESMTPS tls TLS_DH_anon_WITH_AES_128_CBC_SHA", "tls", "asserted", ["anonymous"]],
  [
    "from a ([192.0.2.1]) by b (8.13/8.13.8) with ESMTP (version=TLSv1/SSLv3 cipher=DHE-RSA-AES256-SHA bits=256)",
    "tls",
    "asserted",
  ],
  // cleartext
  ["from a.example (a.example [192.0.2.1]) by b.example (Postfix) with ESMTP id 1", "cleartext", "inferred"],
  ["from a.example ([192.0.2.1]) by b.example with esmtp (Exim 4.98) id 1", "cleartext", "inferred"],
  ["from a.example (a.example [192.0.2.1]) by b.example (8.17.1/8.17.1) with ESMTP id 1", "cleartext", "inferred"],
  ["from a.example (a.example. [192.0.2.1]) by mx.google.com with ESMTP id 1", "cleartext", "inferred"],
  [
    "from a.example (a.example [192.0.2.1]) by b.example ([192.0.2.9]) via tcp with ESMTP id 1",
    "cleartext",
    "inferred",
  ],
  ["from a.example (a.example [192.0.2.1]) by b.example (Hopseal) with UTF8SMTP id 1", "cleartext", "inferred"],
  // unknown
  ["from a.example (a.example [10.0.0.1]) by b.example (Postfix) with ESMTP id 1", "unknown", "unknown"],
  ["from a.example (a.example [fd00::1]) by b.example (Postfix) with ESMTP id 1", "unknown", "unknown"],
  ["from a.example (a.example [192.0.2.1]) by b.example with ESMTP id 1", "unknown", "unknown"],
  ["from a.example (HELO a) (192.0.2.1) by b.example with SMTP", "unknown", "unknown"],
  ["from a ([192.0.2.1]) by inbound-smtp.eu-west-1.amazonaws.com with SMTP id 1", "unknown", "unknown"],
  ["from a ([192.0.2.1]) by b.example with Microsoft SMTPSVC", "unknown", "unknown"],
  ["by 2002:a05:6a00:1234:b0:5a:1:2 with SMTP id 1", "unknown", "unknown"],
  ["by b.example (Postfix) id 1 for <bo@b.example>", "unknown", "unknown"],
  ["from a ([192.0.2.1]) by b.example", "unknown", "unknown"],
  ["from [127.0.0.1] by b.example (Postfix) with ESMTP id 1", "unknown", "unknown"],
  ["from [192.0.2.1] by b.example (Postfix) with ESMTP id 1", "unknown", "unknown"],
  ["from a (a [192.0.2.1]) by b.localdomain (Postfix) with ESMTP id 1", "unknown", "unknown"],
];

for (const [text, state, confidence, weaknesses] of ROWS)
  test(`interpretTrace says ${state}, ${confidence}: ${text}`, () => {
    const [hop] = interpretTrace(`Received: ${text}; ${DATE}\r\n`).hops;
    assert.deepEqual(
      [hop?.tls.state, hop?.basis.tls.confidence, hop?.tls.weaknesses],
      [state, confidence, weaknesses ?? []],
    );
    const weak = (weaknesses ?? []).some((one) => one !== "no-forward-secrecy");
    assert.equal(hop?.contradictions.includes("TLS_WEAK"), weak);
  });

test("interpretTrace notes post-quantum key exchange, and its absence only where the group is told", () => {
  const quantum = (rest: string): boolean | undefined =>
    interpretTrace(`Received: from a ([192.0.2.1]) by b with ESMTPS ${rest}; ${DATE}\r\n`).hops[0]?.tls.postQuantum;
  assert.equal(quantum("tls TLS_AES_256_GCM_SHA384 group X25519MLKEM768"), true);
  assert.equal(quantum("tls TLS_AES_256_GCM_SHA384 group x25519"), false);
  assert.equal(quantum("tls TLS_AES_256_GCM_SHA384"), undefined);
  assert.equal(
    quantum("(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519MLKEM768)"),
    true,
  );
});
