import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatNextHop, parseNextHop } from "./next-hop.ts";

/** The one spelling, "other", or "!". */
function spelt(key: string): string {
  const hop = parseNextHop(key);
  if (!hop.ok) return "!";
  return hop.value.kind === "other" ? "other" : formatNextHop(hop.value);
}

test("parseNextHop: the keys of smtp_tls_policy_maps, as Postfix writes them", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["pine.example", "pine.example"],
    ["PINE.Example", "pine.example"],
    ["pine.example.", "pine.example"],
    ["pine.example:587", "pine.example:587"],
    ["pine.example:submission", "pine.example:587"],
    ["[mx.pine.example]", "[mx.pine.example]"],
    ["[MX.pine.example]:587", "[mx.pine.example]:587"],
    ["[mx.pine.example]:smtps", "[mx.pine.example]:465"],
    ["[192.0.2.1]", "[192.0.2.1]"],
    ["[192.0.2.1]:25", "[192.0.2.1]:25"],
    ["[ipv6:2001:DB8::1]", "[IPv6:2001:db8::1]"],
    ["[2001:db8::1]:2525", "[IPv6:2001:db8::1]:2525"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["localhost", "localhost"],
    [".pine.example", "other"],
    [".", "other"],
    ["/var/run/lmtp", "other"],
    ["", "!"],
    ["[", "!"],
    ["[]", "!"],
    ["[mx.pine.example", "!"],
    ["[mx.pine.example]x", "!"],
    ["[mx.pine.example]x:25", "!"],
    ["mx.pine.example]", "!"],
    ["pine.example:", "!"],
    ["pine.example:0", "!"],
    ["pine.example:65536", "!"],
    ["pine.example:imap", "!"],
    ["pine..example", "!"],
    ["pine example", "!"],
    ["pine.example\n", "!"],
    ["bo@pine.example", "!"],
    ["[x400:c=us]", "!"],
    ["xn--\u00fc.example", "!"],
  ];
  assert.deepEqual(
    cases.map(([key]) => [key, spelt(key)]),
    cases,
  );
});

test("parseNextHop: never throws, and its own spelling means the same", () => {
  const parts = fc.constantFrom(
    "[",
    "]",
    ":",
    ".",
    "a",
    "7",
    "pine.example",
    "192.0.2.1",
    "ipv6:",
    "::1",
    "25",
    "ü",
    " ",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(parts, { maxLength: 8 }).map((list) => list.join("")),
        fc.string(),
      ),
      (key) => {
        const hop = parseNextHop(key);
        if (!hop.ok || hop.value.kind === "other") return;
        assert.deepEqual(parseNextHop(formatNextHop(hop.value)), hop);
      },
    ),
    { numRuns: 1000 },
  );
});
