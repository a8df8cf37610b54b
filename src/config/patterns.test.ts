import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "./load.ts";
import { asciiPattern } from "./patterns.ts";

test("asciiPattern: domains become what mail has, local parts and what is no domain stay (RFC 5891)", () => {
  const table = {
    "bücher.example": "xn--bcher-kva.example",
    ".Bücher.Example": ".xn--bcher-kva.example",
    "Bø@bücher.example": "Bø@xn--bcher-kva.example",
    '"a@b"@Rook.example': '"a@b"@rook.example',
    "rook.example": "rook.example",
    "[192.0.2.1]": "[192.0.2.1]",
    "*": "*",
    "": "",
    "@": "@",
    ".": ".",
    "a b": "a b",
    "ü..example": "ü..example",
  };
  for (const [pattern, expected] of Object.entries(table)) assert.equal(asciiPattern(pattern), expected);
});

test("parseConfig: a route and a TLS policy named in U-labels are those of the A-labels that mail has", () => {
  const parsed = parseConfig(
    `
hostname = "mx.rook.example"
data_dir = "/var/lib/hopseal"
postmaster = "bo@rook.example"
[[listen]]
address = "127.0.0.1:2525"
tls = "none"
[[route]]
recipients = ["Bücher.example", ".bücher.example"]
deliver = "discard"
[[tls_policy]]
destination = "bücher.example"
level = "encrypt"
`,
    "x.toml",
  );
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.value.config.route[0]?.recipients, ["xn--bcher-kva.example", ".xn--bcher-kva.example"]);
  assert.equal(parsed.value.config.tls_policy[0]?.destination, "xn--bcher-kva.example");
});
