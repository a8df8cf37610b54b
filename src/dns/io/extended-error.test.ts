import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat, seededRandom, utf8 } from "../../base/mod.ts";
import { octets16 } from "../wire/encode.ts";
import type { Message } from "../wire/message.ts";
import { OPTION } from "../wire/message.ts";
import { extendedErrorText } from "./extended-error.ts";
import { pooledRandom } from "./pooled-random.ts";

function replyWith(...options: readonly Uint8Array[]): Message {
  return {
    id: 1,
    opcode: 0,
    flags: { qr: true, aa: false, tc: false, rd: true, ra: true, ad: false, cd: false },
    rcode: 2,
    question: [],
    answer: [],
    authority: [],
    additional: [],
    edns: {
      udpSize: 1232,
      do: true,
      version: 0,
      options: options.map((data) => ({ code: OPTION.EXTENDED_ERROR, data })),
    },
  };
}

test("extendedErrorText names codes and shows the text as harmless ASCII (RFC 8914 §2)", () => {
  assert.equal(extendedErrorText(replyWith()), undefined);
  assert.equal(extendedErrorText(replyWith(Uint8Array.of(0))), undefined);
  assert.equal(extendedErrorText(replyWith(octets16(7))), "signature expired");
  assert.equal(
    extendedErrorText(replyWith(concat([octets16(6), utf8("a\r\nb\u001b[2J é")]))),
    "DNSSEC bogus: a??b?[2J ??",
  );
  assert.equal(
    extendedErrorText(replyWith(octets16(22), octets16(4999))),
    "no reachable authority, extended error 4999",
  );
  const four = Array.from({ length: 4 }, () => octets16(0));
  assert.equal(extendedErrorText(replyWith(...four)), "other error, other error, other error");
});

test("extendedErrorText is short and plain, whatever comes", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 2_000 }), { maxLength: 20 }), (options) => {
      const text = extendedErrorText(replyWith(...options)) ?? "";
      assert.match(text, /^[ -~]{0,500}$/);
    }),
  );
});

test("pooledRandom gives ids over the whole range, each octet of the source used once", () => {
  const random = pooledRandom(seededRandom(7));
  const ids = Array.from({ length: 20_000 }, () => random.below(0x10000));
  assert.ok(ids.every((id) => Number.isInteger(id) && id >= 0 && id <= 0xffff));
  assert.ok(Math.min(...ids) < 50 && Math.max(...ids) > 65_480);
  assert.ok(new Set(ids).size > 16_500);
  assert.notDeepEqual(random.bytes(16), random.bytes(16));
  assert.equal(random.bytes(4_000).length, 4_000);
  assert.ok(random.below(3) < 3);
});
