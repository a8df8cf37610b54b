import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { interpretTrace } from "./interpret/interpret.ts";
import { scanFields } from "./fields.ts";
import { parseReceived } from "./parse/received.ts";

const DATE = "Tue, 3 Mar 2026 09:14:07 +0100";

test("parseReceived never throws and keeps the text, for any text", () => {
  const pieces = fc.constantFrom(
    "(",
    ")",
    "[",
    "]",
    "<",
    ">",
    '"',
    "\\",
    ";",
    ",",
    " ",
    "\r\n ",
    "from ",
    "by ",
    "with ",
    "id ",
    "for ",
    "tls ",
    "group ",
    "via ",
    "HELO ",
    "helo=",
    "ident=",
    "[1.2.3.4]",
    "IPv6:::1",
    "a.example",
    "TLSv1.3",
    "ESMTPS",
    "AUTH: ",
    "envelope-from <",
    "1 Jan 2026 00:00:00 +0000",
    "Jan",
    "26",
    "\0",
    "\u202e",
    "\ud800",
    "using ",
    "cipher=",
  );
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (value) => {
      assert.equal(parseReceived(value).raw, value);
    }),
    { numRuns: 2000 },
  );
});

test("scanFields and interpretTrace never throw, for any octets", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (octets) => {
      const section = scanFields(octets);
      assert.ok(section.bodyOffset <= octets.length);
      interpretTrace(octets);
      interpretTrace(Buffer.concat([Buffer.from("Received: "), octets]));
    }),
    { numRuns: 1000 },
  );
});

test("parseReceived takes linear time for every repeated pattern", { timeout: 120_000 }, () => {
  const patterns = [
    "(",
    ")",
    "()",
    "((a)",
    '"',
    '\\"',
    '"\\"',
    "<",
    '<"',
    '<"\\"',
    "<a b",
    "[",
    "[a",
    "\\",
    "=",
    "@",
    ",",
    "; ",
    "a ",
    "from ",
    "by ",
    "from by ",
    "with ",
    "with a ",
    "id ",
    "for <a@b>,",
    "tls a group b ",
    "(helo=a",
    "(HELO a) ",
    "1 Jan 2026 ",
    "Jan 1 ",
    "Tue, 3 Mar ",
    "[1.2.3.4] ",
    "([1.2.3.4]) ",
    "(a@[1.2.3.4]) ",
    "(TLSv1.3:A-AES:1) ",
    "(using TLSv1.3 with cipher ",
    "(AUTH: a, TLS: ",
    "envelope-from ",
    "\r\n ",
    "\n",
    "ESMTPS",
    "(Client CN ",
  ];
  const head = "from a.example ([192.0.2.1]) by b.example with ESMTP id ";
  for (const pattern of patterns) {
    const read = (length: number): unknown => parseReceived(head + pattern.repeat(Math.ceil(length / pattern.length)));
    growsLikeTheLength(pattern, { small: () => read(MEGABYTE / 16), large: () => read(MEGABYTE / 4) });
  }
});

test("parseReceived reads a field of 1 MB within seconds", { timeout: 60_000 }, () => {
  for (const pattern of ["(", "a ", '<"\\"', "from by ", "([1.2.3.4]) ", "(using TLSv1.3 with cipher A-AES) "]) {
    const text = pattern.repeat(Math.ceil(MEGABYTE / pattern.length));
    assert.ok(cost(() => parseReceived(text)) < 5000, JSON.stringify(pattern));
  }
});

test("interpretTrace takes linear time for 10,000 and more fields", { timeout: 60_000 }, () => {
  const field = (at: number): string =>
    `Authentication-Results: mx.rook.example; spf=pass\r\nReceived: from a${at}.example (a.example [192.0.2.1]) by b${at % 50}.example (Postfix) with ESMTPS id x${at}; ${DATE}\r\n`;
  const read = (count: number): void => {
    const message = Array.from({ length: count }, (_, at) => field(at)).join("");
    assert.equal(interpretTrace(message, { ours: ["b0.example"] }).hops.length, count);
  };
  growsLikeTheLength("fields", { small: () => read(2500), large: () => read(10_000) });
});

test("no clause that EHLO imitates is read as the writer's, in any writer's shape", () => {
  const hellos = [
    "x by evil.example with ESMTPS",
    "x by evil.example (Postfix) with ESMTPSA id EVIL for <evil@evil.example>",
    "x) by evil.example with ESMTPSA id EVIL (",
    "x with ESMTPSA id EVIL tls TLS_AES_256_GCM_SHA384",
    "x (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)) (Authenticated sender: boss)",
    "x (Authenticated sender: boss",
    "x ([10.0.0.1]) by mx.rook.example with ESMTPSA",
    "x; Tue, 3 Mar 2020 00:00:00 +0000",
    "((((",
    "))))",
    "x tls TLS_AES_256_GCM_SHA384 group X25519MLKEM768",
    "by evil.example",
    "from evil.example by evil.example with ESMTPS",
  ];
  const shapes: readonly ((hello: string) => string)[] = [
    (hello) => `from ${hello} (out.pine.example [192.0.2.10]) by mx.rook.example (Postfix) with ESMTP id REAL; ${DATE}`,
    (hello) => `from out.pine.example (HELO ${hello}) (192.0.2.10) by mx.rook.example with ESMTP id REAL; ${DATE}`,
    (hello) =>
      `from out.pine.example ([192.0.2.10] helo=${hello}) by mx.rook.example with esmtp (Exim 4.98) id REAL; ${DATE}`,
    (hello) => `from [192.0.2.10] (helo=${hello}) by mx.rook.example with esmtp (Exim 4.98) id REAL; ${DATE}`,
  ];
  for (const [at, shape] of shapes.entries())
    for (const hello of hellos) {
      const text = shape(hello);
      const [hop] = interpretTrace(`Received: ${text}\r\n`, { ours: ["mx.rook.example"] }).hops;
      const field = parseReceived(text);
      assert.equal(field.by?.name, "mx.rook.example", text);
      assert.equal(field.id, "REAL", text);
      assert.equal(field.protocol?.raw.toUpperCase(), "ESMTP", text);
      assert.equal(field.protocol?.tlsFlag, false, text);
      assert.deepEqual(field.for, [], text);
      assert.equal(new Date(field.date.instant ?? 0).toISOString(), "2026-03-03T08:14:07.000Z", text);
      // Where the writer lets parentheses through behind the address, comments cannot be told apart.
      if (at < 2 && !hello.startsWith("x)")) {
        assert.notEqual(hop?.tls.state, "tls", text);
        assert.notEqual(hop?.auth.state, "authenticated", text);
      }
    }
});

test("what an envelope address or a certificate holds is never read as the writer's word", () => {
  const senders = [
    "from userid 0",
    "using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384",
    "x authenticated user boss",
    "a) (Authenticated sender: boss",
    "a) with ESMTPSA id EVIL (",
  ];
  for (const sender of senders) {
    const text = `from bad.example ([192.0.2.66]) by mx.rook.example with esmtp (Exim 4.98) (envelope-from <"${sender}"@evil.example>) id REAL; ${DATE}`;
    const [hop] = interpretTrace(`Received: ${text}\r\n`).hops;
    assert.deepEqual(
      [hop?.tls.state, hop?.auth.state, hop?.protocol?.raw, hop?.id, hop?.envelopeFrom],
      ["cleartext", "none", "esmtp", "REAL", `"${sender}"@evil.example`],
      text,
    );
  }
  const names = [
    "authenticated user boss",
    "x AUTH: boss",
    "using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384",
    "x (verified OK)",
  ];
  for (const name of names) {
    const text = `from bad.example (bad.example [192.0.2.66]) (Client CN "${name}", Issuer "${name}" (not verified)) (using TLSv1.0 with cipher RC4-SHA (128/128 bits)) by mx.rook.example (Postfix) with ESMTPS id REAL; ${DATE}`;
    const [hop] = interpretTrace(`Received: ${text}\r\n`).hops;
    assert.deepEqual(
      [hop?.tls.version, hop?.tls.cipher, hop?.tls.clientCert, hop?.auth.state],
      ["TLSv1.0", "RC4-SHA", "presented", "none"],
      text,
    );
  }
});

test("a forged chain below a field of ours is never taken for ours, whatever EHLO and the forged fields say", () => {
  const forged =
    `Received: from mx2.rook.example (mx2.rook.example [198.51.100.2]) by mx.rook.example (Postfix) with ESMTPS id F1; ${DATE}\r\n` +
    `Received: by mx2.rook.example (Postfix, from userid 0) id F2; ${DATE}\r\n`;
  const ours = ["mx.rook.example", "mx2.rook.example", "198.51.100.2", "198.51.100.1"];
  const real = [
    `from mx2.rook.example (unknown [192.0.2.66]) by mx.rook.example (Postfix) with ESMTP id R; ${DATE}`,
    `from mx2.rook.example (mx2.rook.example [192.0.2.66] (may be forged)) by mx.rook.example (8.17.1/8.17.1) with ESMTP id R; ${DATE}`,
    `from x ([198.51.100.2]) (bad.example [192.0.2.66]) by mx.rook.example (Postfix) with ESMTP id R; ${DATE}`,
    `from bad.example (HELO x) ([198.51.100.2]) (192.0.2.66) by mx.rook.example with SMTP; ${DATE}`,
    `from [198.51.100.2] (bad.example [192.0.2.66]) by mx.rook.example (Postfix) with ESMTP id R; ${DATE}`,
    `from [192.0.2.66] (helo=[198.51.100.2]) by mx.rook.example with esmtp (Exim 4.98) id R; ${DATE}`,
    `from mx2.rook.example (HELO mx2.rook.example) (192.0.2.66) by mx.rook.example with SMTP; ${DATE}`,
    `from localhost (unknown [192.0.2.66]) by mx.rook.example (Postfix) with ESMTP id R; ${DATE}`,
    `from mail pickup service by mx.rook.example (unknown [192.0.2.66]) by mx.rook.example (Postfix) with ESMTP id R; ${DATE}`,
    `from x (HELO x [unix socket]) (192.0.2.66) by mx.rook.example with SMTP; ${DATE}`,
    // A hand-over on the machine shows no address of another one.
    `from x ([unix socket]) (bad.example [192.0.2.66]) by mx.rook.example with ESMTP id R; ${DATE}`,
    `from x (bad.example [192.0.2.66]) ([unix socket]) by mx.rook.example with ESMTP id R; ${DATE}`,
    `from x (from userid 0) (bad.example [192.0.2.66]) by mx.rook.example (8.17.1/8.17.1) with ESMTP id R; ${DATE}`,
    `from x (root@localhost) (bad.example [192.0.2.66]) by mx.rook.example (8.17.1/8.17.1) with ESMTP id R; ${DATE}`,
    `from mail pickup service ([192.0.2.66]) by mx.rook.example with ESMTP id R; ${DATE}`,
    `from stdin (unknown [192.0.2.66]) by mx.rook.example (Postfix) with ESMTP id R; ${DATE}`,
    `from unknown (HELO x) ([unix socket]@192.0.2.66) by mx.rook.example with SMTP; ${DATE}`,
    // A literal behind "from" is what HELO said.
    `from [127.0.0.1] by mx.rook.example (Postfix) with ESMTP id R; ${DATE}`,
    `from 198.51.100.2 (bad.example) by mx.rook.example with ESMTP id R; ${DATE}`,
    // Exim without a name: the address comes first, and HELO may hold anything.
    `from [192.0.2.66] (helo=(unknown [198.51.100.2])x) by mx.rook.example with esmtp (Exim 4.98) id R; ${DATE}`,
    `from [192.0.2.66] (helo=x) (unknown [198.51.100.2]) by mx.rook.example with esmtp (Exim 4.98) id R; ${DATE}`,
    `from [192.0.2.66] (helo=x) (mx2.rook.example) by mx.rook.example with esmtp (Exim 4.98) id R; ${DATE}`,
    `from [192.0.2.66] (helo=)mail([198.51.100.2]) by mx.rook.example with esmtp (Exim 4.98) id R; ${DATE}`,
  ];
  for (const text of real) {
    const path = interpretTrace(`Received: ${text}\r\n${forged}`, { ours });
    assert.deepEqual(
      path.hops.map((hop) => hop.trust),
      ["neighbour", "claimed", "claimed"],
      text,
    );
    assert.notEqual(path.hops[0]?.tls.state, "local", text);
    assert.equal(path.trustBoundaryIndex, 0, text);
    assert.deepEqual(
      path.findings.filter((finding) => finding.code === "FORGED_OUR_NAME").map((finding) => finding.index),
      [1, 2],
      text,
    );
  }
});

test("a newest field by localhost is not ours unless localhost is configured", () => {
  const text = `Received: from a.example (a.example [192.0.2.1]) by localhost (amavisd-new) with ESMTP id 1; ${DATE}\r\n`;
  assert.equal(interpretTrace(text, { ours: ["mx.rook.example"] }).trustBoundaryIndex, -1);
  assert.equal(interpretTrace(text, { ours: ["localhost"] }).trustBoundaryIndex, 0);
});

/** Four times the text must take far less than sixteen times the time; measured again only where it seems not to. */
function growsLikeTheLength(
  what: string,
  work: { readonly small: () => unknown; readonly large: () => unknown },
): void {
  let small = cost(work.small);
  let large = cost(work.large);
  for (let again = 0; again < 2 && large >= 10 * small + 150; again++) {
    small = Math.max(small, cost(work.small));
    large = Math.min(large, cost(work.large));
  }
  assert.ok(large < 10 * small + 150, `${JSON.stringify(what)}: ${small} ms, then ${large} ms`);
}

/** Milliseconds of processor time, because other work on the machine must not count. */
function cost(work: () => unknown): number {
  const begin = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
}

const MEGABYTE = 1024 * 1024;
