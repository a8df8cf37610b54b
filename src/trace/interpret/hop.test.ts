import assert from "node:assert/strict";
import { test } from "node:test";
import { interpretTrace } from "./interpret.ts";
import type { HopFrom } from "./types.ts";

const DATE = "Tue, 3 Mar 2026 09:14:07 +0100";

/** Field, the client as interpreted, confidence in its address, state of the channel. */
const ROWS: readonly (readonly [string, HopFrom, string, string])[] = [
  // Users are no hosts.
  ["from ann by b.example with local (Exim 4.98) id 1", { ident: "ann" }, "unknown", "local"],
  [
    "from root (helo=a.example) by b.example with local-esmtp (Exim 4.98) id 1",
    { helo: "a.example", helo_cmd: "EHLO", ident: "root" },
    "unknown",
    "local",
  ],
  ["(from ann@localhost) by b.example (8.17.1/8.17.1/Submit) id 1", { ident: "ann@localhost" }, "unknown", "local"],
  ["from ann@a.example by b.example (mail_out) id 1", { ident: "ann@a.example" }, "unknown", "unknown"],
  ["from ann@a.example by b by uid 502 with qmail-scanner-1.14", { ident: "ann@a.example" }, "unknown", "local"],
  [
    "from localhost (ann@localhost) by b.example (8.17.1/8.17.1) with ESMTP id 1",
    { helo: "localhost", rdns: "localhost", rdnsConfirmed: true, ident: "ann", helo_cmd: "EHLO" },
    "unknown",
    "local",
  ],
  // HTTP has no greeting.
  ["from 192.0.2.1 by b.example with HTTP", { ip: "192.0.2.1" }, "asserted", "unknown"],
  // What HELO said of an address is not the connection's.
  ["from [192.0.2.1] by b.example with SMTP id 1", { helo: "[192.0.2.1]", ip: "192.0.2.1" }, "inferred", "unknown"],
  ["from [127.0.0.1] by b.example with SMTP id 1", { helo: "[127.0.0.1]", ip: "127.0.0.1" }, "inferred", "unknown"],
  [
    "from [192.0.2.1] (helo=a.example) by b.example with esmtp (Exim 4.98) id 1",
    { helo: "a.example", ip: "192.0.2.1", helo_cmd: "EHLO" },
    "asserted",
    "cleartext",
  ],
  // Exim's comments hold no looked-up name.
  [
    "from out.a.example (a.example) [192.0.2.1.1234] by b.example with esmtp (Exim 3.35) id 1",
    { helo: "a.example", rdns: "out.a.example", rdnsConfirmed: true, ip: "192.0.2.1", port: 1234, helo_cmd: "EHLO" },
    "asserted",
    "cleartext",
  ],
  // A version is no address.
  [
    "from a.example ([192.0.2.1]) by b.example (8.7.004.06) with ESMTP id 1",
    { helo: "a.example", ip: "192.0.2.1", helo_cmd: "EHLO" },
    "asserted",
    "unknown",
  ],
];

for (const [text, from, confidence, state] of ROWS)
  test(`interpretTrace tells users, greetings and addresses apart: ${text}`, () => {
    const [hop] = interpretTrace(`Received: ${text}; ${DATE}\r\n`).hops;
    assert.deepEqual([hop?.from, hop?.basis.ip.confidence, hop?.tls.state], [from, confidence, state]);
    assert.equal(hop?.by?.ip, undefined);
  });
