import assert from "node:assert/strict";
import { isIPv6, SocketAddress } from "node:net";
import { test } from "node:test";
import * as fc from "fast-check";
import { formatIpv6, parseIpv4, parseIpv6 } from "./ip.ts";
import { literalAddress, literalOf, parseAddressLiteral, unmapped } from "./literal.ts";

test("parseIpv4: four decimal numbers, RFC 5321 §4.1.3", () => {
  assert.deepEqual(parseIpv4("192.0.2.1"), [192, 0, 2, 1]);
  assert.deepEqual(parseIpv4("010.000.002.255"), [10, 0, 2, 255]);
  for (const text of [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "256.0.0.1",
    "1.2.3.0004",
    "1.2.3.a",
    "1.2.3.4 ",
    "0x1.2.3.4",
    "1.2.3.-4",
  ]) {
    assert.equal(parseIpv4(text), undefined, text);
  }
});

test("parseIpv6: groups, the double colon and an IPv4 tail, RFC 5321 §4.1.3", () => {
  const cases: readonly [string, string | undefined][] = [
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["2001:DB8::0:1", "2001:db8::1"],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::ffff:192.0.2.1", "::ffff:c000:201"],
    ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
    ["0:0:1:0:0:0:0:1", "0:0:1::1"],
    ["1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0"],
    ["", undefined],
    [":", undefined],
    [":::", undefined],
    ["1:2:3:4:5:6:7", undefined],
    ["1:2:3:4:5:6:7:8:9", undefined],
    ["1:2:3:4:5:6:7:8::", undefined],
    ["1::2::3", undefined],
    [":1::2", undefined],
    ["1::2:", undefined],
    ["12345::", undefined],
    ["g::", undefined],
    ["1.2.3.4::", undefined],
    ["1.2.3.4::1", undefined],
    ["1.2.3.4:1::", undefined],
    ["::1.2.3.4:1", undefined],
    ["::1.2.3", undefined],
    ["::1%lo", undefined],
    [`::${"0".repeat(60)}`, undefined],
  ];
  for (const [text, expected] of cases) {
    const groups = parseIpv6(text);
    assert.equal(groups === undefined ? undefined : formatIpv6(groups), expected, text);
  }
});

test("parseIpv6, formatIpv6: agree with Node's own on every address, RFC 5952 §4", () => {
  const group = fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const text = formatIpv6(groups);
      assert.ok(isIPv6(text));
      assert.deepEqual(parseIpv6(text), groups);
      const theirs = new SocketAddress({ family: "ipv6", address: text }).address;
      assert.deepEqual(parseIpv6(theirs), groups);
    }),
  );
});

test("parseIpv6: accepts no text that Node refuses", () => {
  const text = fc.string({ unit: fc.constantFrom(...Array.from("0:1:a:.:2")), maxLength: 20 });
  fc.assert(
    fc.property(text, (text) => {
      // Leading zeros in the IPv4 tail are RFC 5321's, not Node's.
      if (parseIpv6(text) !== undefined && !/\b0\d/.test(text.slice(text.lastIndexOf(":"))))
        assert.ok(isIPv6(text), text);
    }),
    { numRuns: 2000 },
  );
});

test("parseAddressLiteral: one canonical spelling, RFC 5321 §4.1.3", () => {
  const cases: readonly [string, string | undefined, string | undefined][] = [
    ["[192.0.2.1]", "[192.0.2.1]", "192.0.2.1"],
    ["[192.000.002.001]", "[192.0.2.1]", "192.0.2.1"],
    ["[IPv6:2001:DB8:0::1]", "[IPv6:2001:db8::1]", "2001:db8::1"],
    ["[ipv6:::1]", "[IPv6:::1]", "::1"],
    ["[tag:any~thing@x]", "[tag:any~thing@x]", undefined],
    ["[2001:db8::1]", "[2001:db8::1]", undefined],
    ["[]", undefined, undefined],
    ["[192.0.2.1", undefined, undefined],
    ["192.0.2.1", undefined, undefined],
    ["[192.0.2.256]", undefined, undefined],
    ["[IPv6:192.0.2.1]", undefined, undefined],
    ["[IPv6:]", undefined, undefined],
    ["[tag-:x]", undefined, undefined],
    ["[tag:]", undefined, undefined],
    ["[tag:a b]", undefined, undefined],
    ["[tag:a]b]", undefined, undefined],
    [`[tag:${"x".repeat(300)}]`, undefined, undefined],
  ];
  for (const [text, literal, address] of cases) {
    const parsed = parseAddressLiteral(text);
    assert.equal(parsed.ok ? parsed.value : undefined, literal, text);
    if (parsed.ok) assert.equal(literalAddress(parsed.value), address, text);
  }
});

test("literalOf, unmapped: addresses as sockets print them", () => {
  assert.equal(literalOf("192.0.2.1"), "[192.0.2.1]");
  assert.equal(literalOf("::ffff:192.0.2.1"), "[192.0.2.1]");
  assert.equal(literalOf("2001:db8::1"), "[IPv6:2001:db8::1]");
  assert.equal(literalOf("fe80::1%eth0"), "[IPv6:fe80::1]");
  assert.equal(unmapped("::FFFF:192.0.2.1"), "192.0.2.1");
  assert.equal(unmapped("::1"), "::1");
});
