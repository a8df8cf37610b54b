import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Bytes, concat, fromUtf8, utf8 } from "../../base/mod.ts";
import { netstring, netstringDecoder } from "./netstring.ts";
import { formatReply, LONGEST_REQUEST, parseRequest } from "./socketmap.ts";

/** What makes lengths, ends and octets differ. */
const PIECE = fc.constantFrom("a", "7", ":", ",", "ü", "\u{1f512}", "\0", "\r\n", "policy ", "x".repeat(30));

function decode(chunks: readonly Bytes[], longest = 500): { strings: string[]; fault?: string } {
  const decoder = netstringDecoder(longest);
  const strings: string[] = [];
  let fault: string | undefined;
  for (const chunk of chunks) {
    const pushed = decoder.push(chunk);
    strings.push(...pushed.strings.map(fromUtf8));
    fault = pushed.fault;
  }
  return { strings, ...(fault === undefined ? {} : { fault }) };
}

test("netstringDecoder: what is not a netstring is told, and ends the stream", () => {
  const cases: readonly (readonly [string, ReturnType<typeof decode>])[] = [
    ["3:abc,0:,", { strings: ["abc", ""] }],
    ["3:ab", { strings: [] }],
    ["100", { strings: [] }],
    ["3:abcd", { strings: [], fault: "a netstring ends with a comma" }],
    ["1:a,x", { strings: ["a"], fault: "a netstring begins with its length" }],
    [":,", { strings: [], fault: "a netstring begins with its length" }],
    ["-1:", { strings: [], fault: "a netstring begins with its length" }],
    ["01:a,", { strings: [], fault: "the length of a netstring begins with no zero" }],
    ["101:", { strings: [], fault: "a netstring has more than 100 octets" }],
    ["99999999999999999999", { strings: [], fault: "a netstring has more than 100 octets" }],
    ["GET / HTTP/1.1\r\n", { strings: [], fault: "a netstring begins with its length" }],
  ];
  assert.deepEqual(
    cases.map(([text]) => [text, decode([utf8(text)], 100)]),
    cases,
  );
});

test("netstringDecoder: any texts, cut into any chunks, come out as they went in", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.array(PIECE, { maxLength: 8 }).map((pieces) => pieces.join("")),
        { maxLength: 8 },
      ),
      fc.array(fc.nat(200), { maxLength: 8 }),
      (texts, cuts) => {
        const whole = concat(texts.map(netstring));
        const places = [...new Set([0, ...cuts.filter((cut) => cut < whole.length), whole.length])].sort(
          (a, b) => a - b,
        );
        const chunks = places.slice(1).map((end, at) => whole.subarray(places[at], end));
        assert.deepEqual(decode(chunks), { strings: texts.map((text) => fromUtf8(utf8(text))) });
      },
    ),
  );
});

test("netstringDecoder: never throws, never goes on after a fault, and reads any octets alike whole and one by one", () => {
  const digits = fc.constantFrom(...utf8("0123456789:,a"));
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: digits }, fc.nat(255))), (octets) => {
      const whole = Uint8Array.from(octets);
      const single = octets.map((octet) => Uint8Array.of(octet));
      const decoded = decode([whole]);
      if (octets.length > 0) assert.deepEqual(decode(single), decoded);
      if (decoded.fault !== undefined) assert.deepEqual(decode([whole, utf8("1:a,")]), decoded);
    }),
  );
});

test("parseRequest and formatReply: socketmap_table(5)", () => {
  const parsed = (text: string): unknown => {
    const result = parseRequest(utf8(text));
    return result.ok ? result.value : result.error;
  };
  const malformed = "a request is the name of a map, a space, and a key";
  assert.deepEqual(["policy pine.example", "policy ", "policy a b", "policy", " key", ""].map(parsed), [
    { map: "policy", key: "pine.example" },
    { map: "policy", key: "" },
    { map: "policy", key: "a b" },
    malformed,
    malformed,
    malformed,
  ]);
  assert.equal(parseRequest(Uint8Array.of(0x70, 0x20, 0xff)).ok, false);
  assert.deepEqual(
    [
      formatReply({ kind: "found", data: "may" }),
      formatReply({ kind: "not-found" }),
      formatReply({ kind: "temp", reason: "a\r\nOK may,ü" }),
      formatReply({ kind: "perm", reason: "x".repeat(100_000) }).length,
    ],
    ["OK may", "NOTFOUND ", "TEMP a??OK may,?", 505],
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: LONGEST_REQUEST }), (octets) => void parseRequest(octets)));
});
