import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { domain, formatMailbox, type Mailbox, parseMailHost } from "../mail/mod.ts";
import type { ReceivedFacts } from "./facts.ts";
import { commentText } from "./generate/comment.ts";
import { generateReceived } from "./generate.ts";
import { interpretTrace } from "./interpret/interpret.ts";
import { isLoopback, readAddress } from "./parse/address.ts";
import { parseReceived } from "./parse/received.ts";

test("parseReceived reads back all that generateReceived wrote, for random connections and hostile EHLO texts", () => {
  fc.assert(
    fc.property(connections(), (facts) => {
      const text = generateReceived(facts);
      const field = parseReceived(text);
      assert.deepEqual(read(field), written(facts), text);
      assert.equal(field.doubtful, false, text);
      assert.equal(field.software, "hopseal", text);
    }),
    { numRuns: 3000 },
  );
});

test("generateReceived keeps RFC 5322 §2.1.1: lines of at most 998 octets, and only folds between CRLFs", () => {
  fc.assert(
    fc.property(connections(), (facts) => {
      const text = generateReceived(facts);
      assert.ok(text.endsWith("\r\n"));
      const lines = text.slice(0, -2).split("\r\n");
      for (const [at, line] of lines.entries()) {
        assert.ok(Buffer.byteLength(line) <= 998, line);
        assert.match(line, at === 0 ? /^Received: \S/ : /^ {8}\S/);
        assert.doesNotMatch(line, /[\r\n\0]/);
      }
      if (!facts.smtpUtf8) assert.match(text, /^[\x20-\x7e\r\n]*$/);
    }),
    { numRuns: 1000 },
  );
});

test("generateReceived meets RFC 5321 §4.4 in its own parser's judgement, unless there was no client", () => {
  fc.assert(
    fc.property(connections(), (facts) => {
      const { syntax, syntaxErrors } = parseReceived(generateReceived(facts));
      assert.deepEqual(
        [syntax, syntaxErrors],
        facts.from === undefined ? ["5322", ["no from clause at the beginning"]] : ["5321", []],
      );
    }),
    { numRuns: 1000 },
  );
});

test("interpretTrace sees the channel that generateReceived wrote down", () => {
  fc.assert(
    fc.property(connections(), (facts) => {
      const [hop] = interpretTrace(generateReceived(facts)).hops;
      const inside = facts.from === undefined || isLoopback(readAddress(facts.from.address)?.ip ?? "");
      if (facts.tls !== undefined && !inside) assert.equal(hop?.tls.state, "tls");
      if (facts.tls === undefined) assert.notEqual(hop?.tls.state, "tls");
      assert.equal(hop?.auth.state === "authenticated", facts.authenticated && facts.from !== undefined);
    }),
    { numRuns: 1000 },
  );
});

type Reading = Record<string, unknown>;

function read(field: ReturnType<typeof parseReceived>): Reading {
  const clause = field.tls.find((one) => one.source === "clause");
  const comment = field.tls.find((one) => one.source === "comment");
  return {
    by: field.by?.name,
    id: field.id,
    helo: field.from?.helo,
    ip: field.from?.ip,
    name: field.from?.rdns,
    protocol: field.protocol?.raw,
    local: field.local !== undefined,
    version: comment?.version,
    sni: comment?.sni,
    cipher: clause?.cipher,
    group: clause?.group,
    authenticated: field.auth !== undefined,
    for: field.for,
    instant: field.date.instant,
    offset: field.date.offset,
    quality: field.date.quality,
  };
}

function written(facts: ReceivedFacts): Reading {
  const { from, tls } = facts;
  const plain = from !== undefined && parseMailHost(from.hello.text).ok;
  const said = from === undefined ? "" : commentText(from.hello.text, { utf8: facts.smtpUtf8, limit: 200 });
  // What stands escaped in the comment is read unescaped; an empty one says nothing.
  const helo = plain ? from.hello.text : said === "" ? undefined : said.replace(/\\(.)/gu, "$1");
  return {
    by: facts.by,
    id: facts.id,
    helo: from === undefined ? undefined : helo,
    ip: from === undefined ? undefined : readAddress(from.address)?.ip,
    name: from?.name,
    protocol: from === undefined ? undefined : protocol(facts),
    local: from === undefined,
    version: tls?.version,
    sni: tls?.sni,
    cipher: tls?.cipher,
    group: tls?.group,
    authenticated: facts.authenticated && from !== undefined,
    for: facts.for === undefined ? [] : [formatMailbox(facts.for)],
    instant: facts.at,
    offset: facts.offset,
    quality: "ok",
  };
}

function protocol(facts: ReceivedFacts): string {
  const verb = facts.from?.hello.verb;
  if (verb === "HELO") return "SMTP";
  const kind = verb === "LHLO" ? "LMTP" : facts.smtpUtf8 ? "SMTP" : "ESMTP";
  return `${facts.smtpUtf8 ? "UTF8" : ""}${kind}${facts.tls === undefined ? "" : "S"}${facts.authenticated ? "A" : ""}`;
}

function connections(): fc.Arbitrary<ReceivedFacts> {
  const names = fc.constantFrom("mx.rook.example", "by", "with", "from.example", "a".repeat(63), "x-1.pine.example");
  const hello = fc.oneof(
    names,
    fc.constantFrom(
      "by",
      "for",
      "with",
      "id",
      "via",
      "tls",
      "from",
      "[192.0.2.77]",
      "[IPv6:2001:db8::77]",
      "localhost",
    ),
    fc.constantFrom(
      "by evil with ESMTPS",
      "x) by evil.example with ESMTPSA id 1 (",
      "([10.0.0.1]) by mx.rook.example with ESMTPS",
      "a; Tue, 3 Mar 2026 09:14:07 +0100",
      'q"uote',
      "[1.2.3.4",
      "back\\slash\\",
      "(((((",
      ")))))",
      "using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384",
      "<x@y>",
    ),
    fc.string({ maxLength: 80 }),
    fc.string({ unit: "binary", maxLength: 300 }),
  );
  const local = fc.constantFrom("bo", "bo.x", "by evil", 'q"(x', "a;b", "x\\y", "with");
  const mailbox: fc.Arbitrary<Mailbox> = fc.record({
    localPart: local,
    domain: fc.constantFrom(domain("rook.example"), domain("x.pine.example")),
  });
  return fc
    .record({
      by: names.map((name) => domain(name)),
      id: fc.stringMatching(/^[A-Za-z0-9]{1,20}$/),
      from: fc.option(
        fc.record(
          {
            hello: fc.record({ verb: fc.constantFrom("HELO" as const, "EHLO" as const, "LHLO" as const), text: hello }),
            address: fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant("::ffff:192.0.2.1")),
            name: fc.constantFrom("out.pine.example", "localhost", "with.example"),
          },
          { requiredKeys: ["hello", "address"] },
        ),
        { nil: undefined },
      ),
      tls: fc.option(
        fc.record(
          {
            version: fc.constantFrom("TLSv1.2", "TLSv1.3"),
            cipher: fc.constantFrom("TLS_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
            group: fc.constantFrom("x25519", "X25519MLKEM768", "secp256r1"),
            sni: names,
          },
          { requiredKeys: ["version", "cipher"] },
        ),
        { nil: undefined },
      ),
      authenticated: fc.boolean(),
      smtpUtf8: fc.boolean(),
      for: fc.option(mailbox, { nil: undefined }),
      at: fc
        .integer({ min: Date.UTC(2000, 0) / 1000, max: Date.UTC(2099, 11) / 1000 })
        .map((seconds) => seconds * 1000),
      offset: fc.integer({ min: -14 * 60, max: 14 * 60 }),
    })
    .map(
      (facts) =>
        Object.fromEntries(
          Object.entries(facts).filter(([, value]) => value !== undefined),
        ) as unknown as ReceivedFacts,
    );
}
