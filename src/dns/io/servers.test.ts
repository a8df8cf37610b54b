import assert from "node:assert/strict";
import { test } from "node:test";
import { isLoopback, parseServer, serverText } from "./servers.ts";

test("parseServer reads addresses with and without a port, and no host name", () => {
  const table: readonly (readonly [string, string | undefined])[] = [
    ["127.0.0.1", "127.0.0.1:53"],
    ["127.0.0.1:5353", "127.0.0.1:5353"],
    ["::1", "[::1]:53"],
    ["[::1]", "[::1]:53"],
    ["[2001:db8::1]:853", "[2001:db8::1]:853"],
    [" 192.0.2.1 ", "192.0.2.1:53"],
    ["fe80::1%eth0", "[fe80::1%eth0]:53"],
    ["dns.example", undefined],
    ["dns.example:53", undefined],
    ["127.0.0.1:0", undefined],
    ["127.0.0.1:65536", undefined],
    ["127.0.0.1:5x", undefined],
    ["127.0.0.1:", undefined],
    ["[::1]53", undefined],
    ["[::1", undefined],
    ["", undefined],
  ];
  for (const [text, expected] of table) {
    const parsed = parseServer(text);
    assert.equal(parsed.ok ? serverText(parsed.value) : undefined, expected, text);
  }
});

test("isLoopback knows this machine's addresses and no other", () => {
  const table: readonly (readonly [string, boolean])[] = [
    ["127.0.0.1", true],
    ["127.255.0.3", true],
    ["::1", true],
    ["::ffff:127.0.0.1", true],
    ["0:0:0:0:0:0:0:1", true],
    ["128.0.0.1", false],
    ["10.0.0.1", false],
    ["::2", false],
    ["::ffff:10.0.0.1", false],
    ["0:0:0:0:0:0:1:1", false],
    ["127.0.0.1.example", false],
    ["localhost", false],
  ];
  for (const [address, expected] of table) assert.equal(isLoopback(address), expected, address);
});
