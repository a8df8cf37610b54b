import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ROOT } from "../wire/name.ts";
import { parseAnchors } from "./anchor-file.ts";

const DIGEST = "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D";
const KEY = "3pJ/SQKg4uHjAUA6JEASkTZ+CtsfSBXWJfOI6/4SvIC0RFYjT6obor4cyDKR83x8h7gZw2kDIPXhs5LPB8jjAA==";

test("parseAnchors reads DS and DNSKEY lines in every usual layout (RFC 4034 §2.2, §5.3)", () => {
  const layouts = [
    `. DS 20326 8 2 ${DIGEST}`,
    `.\t172800\tIN\tDS\t20326 8 2 ${DIGEST.toLowerCase()} ; the key of 2017`,
    `; anchors\n\n. IN 172800 DS 20326 8 2 (\n  ${DIGEST.slice(0, 32)} ; first half\n  ${DIGEST.slice(32)} )\n`,
  ];
  for (const text of layouts) {
    const parsed = parseAnchors(text);
    assert.ok(parsed.ok, text);
    const voucher = parsed.value.get(ROOT.key);
    assert.deepEqual(
      voucher?.ds.map(({ keyTag, algorithm, digestType, digest }) => [
        keyTag,
        algorithm,
        digestType,
        Buffer.from(digest).toString("hex"),
      ]),
      [[20326, 8, 2, DIGEST.toLowerCase()]],
    );
  }
  const key = parseAnchors(
    `pine.example. 3600 IN DNSKEY 257 3 13 ${KEY.slice(0, 40)} ${KEY.slice(40)} ;{id = 5784 (ksk)} ;;state=2`,
  );
  assert.ok(key.ok);
  const [voucher] = key.value.values();
  assert.equal(voucher?.keys?.[0]?.length, 68);
  assert.deepEqual([...(voucher?.keys?.[0]?.subarray(0, 4) ?? [])], [1, 1, 3, 13]);
});

test("parseAnchors keeps the anchors of one zone together, and zones apart", () => {
  const parsed = parseAnchors(`. DS 20326 8 2 ${DIGEST}\nexample. DS 1 13 2 ${DIGEST}\n. DS 38696 8 2 ${DIGEST}\n`);
  assert.ok(parsed.ok);
  assert.deepEqual(
    [...parsed.value.values()].map(({ ds }) => ds.map(({ keyTag }) => keyTag)),
    [[20326, 38696], [1]],
  );
});

test("parseAnchors names the line and the mistake, and takes no file without an anchor", () => {
  const table: readonly (readonly [string, string])[] = [
    ["", "there is no DS or DNSKEY record"],
    ["; nothing\n", "there is no DS or DNSKEY record"],
    [
      `. DS 20326 8 2 ${DIGEST}\n. NS a.root-servers.net.`,
      'line 2: ". NS a.root-servers.net." is neither a DS nor a DNSKEY record',
    ],
    [
      `. DS 65536 8 2 ${DIGEST}`,
      "line 1: a DS record needs a key tag, an algorithm, a digest type and a digest in hex",
    ],
    [". DS 20326 8 2", "line 1: a DS record needs a key tag, an algorithm, a digest type and a digest in hex"],
    [`. DS 20326 8 2 ${DIGEST.slice(2)}`, "line 1: the digest has 31 octets, not 32"],
    [
      `. DS 20326 8 2 ${DIGEST}0`,
      "line 1: a DS record needs a key tag, an algorithm, a digest type and a digest in hex",
    ],
    [
      `. DNSKEY 257 3 13 ${KEY.slice(0, -4)}!!!!`,
      "line 1: a DNSKEY record needs flags, a protocol, an algorithm and a key in base64",
    ],
    [`. DNSKEY 1 3 13 ${KEY}`, "line 1: the key is no zone key (RFC 4034 §2.1)"],
    [`. DNSKEY 257 2 13 ${KEY}`, "line 1: the key is no zone key (RFC 4034 §2.1)"],
    [`. DNSKEY 385 3 13 ${KEY}`, "line 1: the key is revoked (RFC 5011 §2.1)"],
    [`a..b DS 20326 8 2 ${DIGEST}`, 'line 1: "a..b" is no domain name: empty-label'],
  ];
  for (const [text, expected] of table) {
    const parsed = parseAnchors(text);
    assert.equal(parsed.ok ? "read" : parsed.error, expected, text);
  }
});

test("parseAnchors never throws, whatever the text", () => {
  const word = fc.constantFrom(".", "DS", "DNSKEY", "IN", "(", ")", ";", "\n", "8", "2", DIGEST, KEY, "\\300", "x");
  fc.assert(fc.property(fc.array(fc.oneof(word, fc.string())), (words) => void parseAnchors(words.join(" "))));
});
