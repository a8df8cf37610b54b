import assert from "node:assert/strict";
import { test } from "node:test";
import { domain } from "../../mail/mod.ts";
import type { LocalPolicy } from "../types.ts";
import { localPolicies } from "./local.ts";

const entry = (destination: string): LocalPolicy => ({ destination, level: "encrypt" });

/** Whichever way an operator or a route writes a name, no entry is passed by (RFC 5890 §2.3.2.1, RFC 1034 §3.1). */
test("localPolicies: finds an entry by U-label, A-label, any case and with a trailing dot", () => {
  const bücher = domain("bücher.example");
  const rows: readonly (readonly [string, string, boolean])[] = [
    ["bücher.example", bücher, true],
    ["Bücher.Example", bücher, true],
    [bücher.toUpperCase(), "bücher.example", true],
    [".bücher.example", `mx.${bücher}`, true],
    [".bücher.example", bücher, false],
    ["relay.isp.example", "Relay.ISP.example.", true],
    ["relay.isp.example.", "relay.isp.example", true],
    [".isp.example", "relay.isp.example.", true],
    [".ISP.example", "relay.isp.example", true],
    ["relay.isp.example:25", "Relay.isp.example:25", true],
    ["relay.isp.example", "relay.isp.example:25", false],
    [".isp.example", "relay.isp.example:25", false],
    ["[192.0.2.1]", "[192.0.2.1]", true],
    [".2.1]", "[192.0.2.1]", false],
    ["*", "pine.example", true],
    ["*", "[192.0.2.1]", true],
    ["*", "2001:db8::1", true],
    ["*", "relay.isp.example:25", false],
  ];
  for (const [written, asked, found] of rows) {
    assert.equal(
      localPolicies([entry(written)])(asked)?.destination,
      found ? written : undefined,
      `${written} ${asked}`,
    );
  }
});

test("localPolicies: the exact name before the longest suffix, that before the catch-all, the first of two alike", () => {
  const names = ["*", ".example", ".pine.example", "pine.example", "PINE.example."];
  const policies = localPolicies(names.map(entry));
  const found = ["pine.example", "mx.pine.example", "oak.example", "example"].map(
    (name) => policies(name)?.destination,
  );
  assert.deepEqual(found, ["pine.example", ".pine.example", ".example", "*"]);
});
