import assert from "node:assert/strict";
import { test } from "node:test";
import { leafFor } from "../../test/support/leaf.ts";
import { certifiedNames } from "./certified.ts";

test("certifiedNames: a trusted certificate for the host's own name, and nothing less (RFC 9525 §6.3)", async () => {
  const session = { version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256" } as const;
  const leaf = await leafFor("mx.pine.example", "*.birch.example");
  const seen = { session, chain: [leaf], resumed: false };
  const names = ["mx.pine.example", "*.birch.example"];
  assert.deepEqual(
    [
      certifiedNames(seen, "mx.pine.example"),
      certifiedNames(seen, "mx.birch.example"),
      certifiedNames(seen, "mx.evil.example"),
      certifiedNames(seen, "a.mx.birch.example"),
      certifiedNames({ ...seen, chainError: "SELF_SIGNED_CERT_IN_CHAIN" }, "mx.pine.example"),
      certifiedNames({ ...seen, resumed: true }, "mx.pine.example"),
      certifiedNames({ ...seen, chain: [] }, "mx.pine.example"),
      certifiedNames({ ...seen, chain: [Uint8Array.of(0x30, 0)] }, "mx.pine.example"),
    ],
    [names, names, undefined, undefined, undefined, undefined, undefined, undefined],
  );
});
