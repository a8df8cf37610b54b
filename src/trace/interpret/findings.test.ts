import assert from "node:assert/strict";
import { test } from "node:test";
import { interpretTrace } from "./interpret.ts";
import type { InterpretOptions, Path } from "./types.ts";

const date = (second: number): string => {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `Tue, 3 Mar 2026 09:${two(Math.floor(second / 60))}:${two(second % 60)} +0100`;
};
const message = (...fields: readonly string[]): string => fields.map((field) => `Received: ${field}\r\n`).join("");
const codes = (text: string, options: InterpretOptions = {}): string[] =>
  interpretTrace(text, options).findings.map(({ code, level, index }) => `${index} ${level} ${code}`);

test("interpretTrace finds each contradiction, with its level and hop", () => {
  const good = `from a.example (a.example [192.0.2.1]) by b.example (Postfix) with ESMTP id 1; ${date(5)}`;
  const rows: readonly (readonly [string, string, readonly string[], InterpretOptions?])[] = [
    ["nothing", message(good), []],
    [
      "FROM_BY_GAP",
      message(good, `from x ([192.0.2.7]) by y.example (Postfix) with ESMTP id 2; ${date(1)}`),
      ["0 info FROM_BY_GAP"],
    ],
    ["a link by name", message(good, `from x ([192.0.2.7]) by A.Example. (Postfix) with ESMTP id 2; ${date(1)}`), []],
    ["a link by address", message(good, `from x ([192.0.2.7]) by [192.0.2.1] with SMTP id 2; ${date(1)}`), []],
    ["WITH_S", message(`from a ([192.0.2.1]) by b with ESMTPS; ${date(5)}`), ["0 info WITH_S_NO_TLS_COMMENT"]],
    [
      "TLS_COMMENT",
      message(`from a ([192.0.2.1]) by b with ESMTP (version=TLSv1.3 cipher=TLS_AES_128_GCM_SHA256); ${date(5)}`),
      ["0 warn TLS_COMMENT_BUT_PLAIN_WITH"],
    ],
    [
      "TLS_WEAK",
      message(`from a ([192.0.2.1]) by b with ESMTPS (version=TLSv1.0 cipher=AECDH-NULL-SHA); ${date(5)}`),
      ["0 warn TLS_WEAK"],
    ],
    [
      "TIME_REVERSED",
      message(good, `from x ([192.0.2.7]) by a.example (Postfix) with ESMTP id 2; ${date(66)}`),
      ["0 warn TIME_REVERSED"],
    ],
    ["skew of a minute", message(good, `from x ([192.0.2.7]) by a.example (Postfix) with ESMTP id 2; ${date(65)}`), []],
    ["FUTURE_DATE", message(good), ["0 warn FUTURE_DATE"], { now: Date.UTC(2026, 2, 3, 8, 0) - 10 * 60_000 }],
    ["a future within tolerance", message(good), [], { now: Date.UTC(2026, 2, 3, 8, 0) - 9 * 60_000 }],
    [
      "OFFSET_IMPOSSIBLE",
      message("from a ([192.0.2.1]) by b with ESMTP; Tue, 3 Mar 2026 09:14:07 +1500"),
      ["0 warn OFFSET_IMPOSSIBLE"],
    ],
    [
      "BY_LITERAL_MISMATCH",
      message(good, `from x ([192.0.2.7]) by a.example ([192.0.2.99]) with ESMTP id 2; ${date(1)}`),
      ["0 info BY_LITERAL_MISMATCH"],
    ],
    [
      "AUTH_ON_MX",
      message(`from a (a.example [192.0.2.1]) by mx1.b.example (Postfix) with ESMTPA id 1; ${date(5)}`),
      ["0 info AUTH_ON_MX"],
    ],
    [
      "PRIVATE_IP_AFTER_PUBLIC",
      message(
        `from y.other (y.other [10.0.0.1]) by b.example (Postfix) with ESMTP id 1; ${date(5)}`,
        `from x ([192.0.2.7]) by y.other (Postfix) with ESMTP id 2; ${date(1)}`,
      ),
      ["0 info PRIVATE_IP_AFTER_PUBLIC"],
    ],
    [
      "DUPLICATE_ID",
      message(
        `from b.example (b.example [192.0.2.1]) by b.example (Postfix) with ESMTP id SAME; ${date(5)}`,
        `from x ([192.0.2.7]) by b.example (Postfix) with ESMTP id SAME; ${date(1)}`,
      ),
      ["1 warn DUPLICATE_ID"],
    ],
    [
      "FOR_MULTIPLE",
      message(`from a ([192.0.2.1]) by b with ESMTP for <x@b>,<y@b>; ${date(5)}`),
      ["0 info FOR_MULTIPLE"],
    ],
    [
      "HELO_IP_MISMATCH",
      message(`from [192.0.2.2] (a.example [192.0.2.1]) by b.example (Postfix) with ESMTP id 1; ${date(5)}`),
      ["0 info HELO_IP_MISMATCH"],
    ],
    [
      "IMITATED_CLAUSE",
      message(`from x by evil with ESMTPS (a.example [192.0.2.1]) by b.example (Postfix) with ESMTP id 1; ${date(5)}`),
      ["0 warn IMITATED_CLAUSE"],
    ],
    [
      "FORGED_OUR_NAME",
      // What the client says of itself proves nothing.
      message(
        `from a.example (unknown [192.0.2.1]) by b.example (Postfix) with ESMTP id 1; ${date(5)}`,
        `from x ([192.0.2.7]) by a.example (Postfix) with ESMTP id 2; ${date(1)}`,
      ),
      ["1 warn FORGED_OUR_NAME"],
      { ours: ["b.example", "A.example"] },
    ],
    [
      "FORGED_OUR_RESULTS",
      `${message(good)}Authentication-Results: b.example; spf=pass\r\n`,
      ["0 warn FORGED_OUR_RESULTS"],
      { ours: ["b.example"] },
    ],
    ["our own results", `Authentication-Results: b.example; spf=pass\r\n${message(good)}`, [], { ours: ["b.example"] }],
  ];
  for (const [name, text, want, options] of rows) {
    assert.deepEqual(codes(text, options), want, name);
  }
});

test("interpretTrace finds a loop, but not a list server's second visit or a content filter", () => {
  const hop = (from: string, by: string, to: string, at: number): string =>
    `from ${from} (${from} [192.0.2.1]) by ${by} (Postfix) with ESMTPS id i${at} for <${to}>; ${date(at)}`;
  const loop = message(
    hop("b.example", "a.example", "x@a.example", 9),
    hop("a.example", "b.example", "x@b.example", 6),
    hop("c.example", "a.example", "x@a.example", 3),
  );
  assert.ok(codes(loop).includes("0 warn LOOP"));
  const list = message(
    hop("b.example", "a.example", "list@a.example", 9),
    hop("a.example", "b.example", "x@b.example", 6),
    hop("c.example", "a.example", "y@a.example", 3),
  );
  assert.ok(!codes(list).some((code) => code.endsWith("LOOP")));
  const filter = message(
    `from localhost (localhost [127.0.0.1]) by a.example (Postfix) with ESMTP id 3 for <x@a.example>; ${date(9)}`,
    `from a.example ([127.0.0.1]) by localhost (a.example [127.0.0.1]) (amavisd-new, port 10024) with ESMTP id 2 for <x@a.example>; ${date(6)}`,
    hop("c.example", "a.example", "x@a.example", 3),
  );
  assert.ok(!codes(filter).some((code) => code.endsWith("LOOP")));
});

test("interpretTrace finds more than 100 fields too many (RFC 5321 §6.3)", () => {
  const fields = (count: number): string =>
    message(
      ...Array.from({ length: count }, (_, at) => `from a (a.example [192.0.2.1]) by h${at}.example; ${date(5)}`),
    );
  assert.ok(!codes(fields(100)).includes("0 warn TOO_MANY"));
  assert.ok(codes(fields(101)).includes("0 warn TOO_MANY"));
});

const chain = message(
  `from mx.rook.example (mx.rook.example [198.51.100.1]) by imap.rook.example (Postfix) with ESMTPS id 3; ${date(9)}`,
  `from out.pine.example (out.pine.example [192.0.2.1]) by mx.rook.example (Postfix) with ESMTPS id 2; ${date(6)}`,
  `from x (x.example [192.0.2.9]) by out.pine.example (Postfix) with ESMTP id 1; ${date(3)}`,
);
const trusts = (path: Path): string[] => path.hops.map((hop) => hop.trust);

test("interpretTrace follows our hosts by address, network, confirmed name or domain, and by nothing else", () => {
  const rows: readonly (readonly [readonly string[], readonly string[]])[] = [
    [[], ["ours", "claimed", "claimed"]],
    [["imap.rook.example"], ["neighbour", "claimed", "claimed"]],
    [
      ["imap.rook.example", "mx.rook.example"],
      ["ours", "neighbour", "claimed"],
    ],
    [[".rook.example"], ["ours", "neighbour", "claimed"]],
    [
      ["IMAP.rook.example.", "198.51.100.1"],
      ["neighbour", "claimed", "claimed"],
    ],
    [
      ["imap.rook.example", "198.51.100.0/24", "mx.rook.example"],
      ["ours", "neighbour", "claimed"],
    ],
    [["mx.rook.example"], ["claimed", "claimed", "claimed"]],
  ];
  for (const [ours, want] of rows) assert.deepEqual(trusts(interpretTrace(chain, { ours })), want, ours.join(" "));
  // A name that the writer does not confirm may be the client's own invention.
  const unconfirmed = chain.replaceAll("(Postfix)", "(Unknown MTA)");
  assert.deepEqual(trusts(interpretTrace(unconfirmed, { ours: [".rook.example"] })), [
    "neighbour",
    "claimed",
    "claimed",
  ]);
  assert.deepEqual(trusts(interpretTrace(unconfirmed, { ours: [".rook.example", "[198.51.100.1]"] })), [
    "ours",
    "neighbour",
    "claimed",
  ]);
});

test("interpretTrace states the weakest link for facts and claims apart", () => {
  const path = interpretTrace(chain, { ours: [".rook.example"] });
  assert.deepEqual(path.weakestTls, {
    facts: { index: 0, strength: "tls" },
    claims: { index: 2, strength: "cleartext" },
  });
  assert.deepEqual(path.allTls, { facts: "yes", claims: "no" });
});

test("interpretTrace keeps negative delays as skew of the hosts beside them, and spreads nothing", () => {
  const path = interpretTrace(
    message(
      `from b.example (b [192.0.2.1]) by c.example with ESMTP; ${date(100)}`,
      `from a.example (a [192.0.2.1]) by b.example with ESMTP; ${date(10)}`,
      `from x (x [192.0.2.1]) by a.example with ESMTP; ${date(50)}`,
      "from y (y [192.0.2.1]) by x with ESMTP; Tue, 3 Mar 2026 09:00:00 XYZ",
    ),
  );
  assert.deepEqual(
    path.hops.map((hop) => hop.delay),
    [
      { seconds: 90, corrected: 90, kind: "ok", label: "under 5 minutes" },
      { seconds: -40, corrected: 0, kind: "negative" },
      { kind: "unknown" },
      { kind: "unknown" },
    ],
  );
  assert.deepEqual(path.skewEstimates, [
    { host: "b.example", atLeastSeconds: 40, clock: "slow" },
    { host: "a.example", atLeastSeconds: 40, clock: "fast" },
  ]);
  assert.deepEqual(path.totalDelay, { seconds: 50, corrected: 50, kind: "ok", label: "under a minute" });
});

test("interpretTrace says which hop added results, seals and signatures (RFC 8601 §4.1, RFC 8617 §4.1, RFC 6376 §5.6)", () => {
  const top = `from out.pine.example (out.pine.example [192.0.2.1]) by mx.rook.example (Postfix) with ESMTPS id 2; ${date(6)}`;
  const low = `from x (x.example [192.0.2.9]) by out.pine.example (Postfix) with ESMTPSA id 1; ${date(3)}`;
  const text =
    `Authentication-Results: mx.rook.example 1; dkim=pass (good; "key") header.d=pine.example;\r\n spf=fail smtp.mailfrom="a;b"@pine.example\r\n` +
    `ARC-Seal: i=2; a=rsa-sha256; cv=pass; d=rook.example; s=k1; b=AA==\r\n` +
    `ARC-Authentication-Results: i=2; mx.rook.example; arc=pass\r\n` +
    `Received: ${top}\r\nDKIM-Signature: v=1; d=pine.example; s=sel; b=AAAA\r\nReceived: ${low}\r\nDKIM-Signature: v=1; d=author.example; s=x\r\nFrom: x\r\n`;
  const { marks } = interpretTrace(text, { ours: ["mx.rook.example"] });
  assert.deepEqual(marks, [
    {
      field: "authentication-results",
      addedBy: 0,
      confidence: "asserted",
      trust: "neighbour",
      domain: "mx.rook.example",
      results: [
        { method: "dkim", result: "pass", detail: "header.d=pine.example" },
        { method: "spf", result: "fail", detail: "smtp.mailfrom=a;b@pine.example" },
      ],
    },
    {
      field: "arc-seal",
      addedBy: 0,
      confidence: "asserted",
      trust: "neighbour",
      domain: "rook.example",
      selector: "k1",
      instance: 2,
      chain: "pass",
    },
    {
      field: "arc-authentication-results",
      addedBy: 0,
      confidence: "asserted",
      trust: "neighbour",
      domain: "mx.rook.example",
      instance: 2,
      results: [{ method: "arc", result: "pass", detail: "" }],
    },
    {
      field: "dkim-signature",
      addedBy: 1,
      confidence: "asserted",
      trust: "claimed",
      domain: "pine.example",
      selector: "sel",
    },
    {
      field: "dkim-signature",
      addedBy: null,
      confidence: "inferred",
      trust: "claimed",
      domain: "author.example",
      selector: "x",
    },
  ]);
});

test("interpretTrace hides users unless they are asked for", () => {
  const text = message(
    `from a (a.example [192.0.2.1]) (Authenticated sender: ann) by b.example (Postfix) with ESMTPSA id 1; ${date(5)}`,
  );
  assert.deepEqual(interpretTrace(text).hops[0]?.auth, { state: "authenticated", user: "(redacted)" });
  assert.deepEqual(interpretTrace(text, { showUsers: true }).hops[0]?.auth, { state: "authenticated", user: "ann" });
});

test("interpretTrace reads octets, text, header fields and parsed fields alike, and nothing as nothing", async () => {
  const { scanFields } = await import("../fields.ts");
  const { parseReceived } = await import("../parse/received.ts");
  const octets = new TextEncoder().encode(chain);
  const want = interpretTrace(chain);
  assert.deepEqual(interpretTrace(octets), want);
  assert.deepEqual(interpretTrace(scanFields(octets).fields), want);
  assert.deepEqual(interpretTrace(want.hops.map((hop) => parseReceived(hop.raw))), want);
  assert.deepEqual(interpretTrace("").notes, ["There is no Received field"]);
  assert.equal(interpretTrace([]).trustBoundaryIndex, -1);
});
