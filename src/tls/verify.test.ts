import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { leafFor } from "../../test/support/leaf.ts";
import type { Handshake } from "./session.ts";
import { certificateSha256, chainTrusted, matchesPin, spkiSha256 } from "./verify.ts";

test("chainTrusted: only a chain without the library's complaint, never an empty one", () => {
  const session = { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" } as const;
  const seen = (chain: readonly Uint8Array[], chainError?: string): Handshake => ({
    session,
    chain,
    resumed: false,
    ...(chainError === undefined ? {} : { chainError }),
  });
  const leaf = new Uint8Array(1);
  assert.equal(chainTrusted(seen([leaf])), true);
  assert.equal(chainTrusted(seen([leaf], "CERT_HAS_EXPIRED")), false);
  assert.equal(chainTrusted(seen([])), false);
});

test("matchesPin: digests of the whole certificate and of its public key, as OpenSSL has them", async () => {
  const leaf = await leafFor("mx.pine.example");
  const other = await leafFor("mx.pine.example");
  const oracle = new X509Certificate(leaf);
  const key = oracle.publicKey.export({ type: "spki", format: "der" });
  const spki = new Uint8Array(createHash("sha256").update(key).digest());
  const certificate = Uint8Array.from(Buffer.from(oracle.fingerprint256.replaceAll(":", ""), "hex"));
  assert.deepEqual(certificateSha256(leaf), certificate);
  assert.deepEqual(spkiSha256(leaf), spki);
  assert.equal(matchesPin(leaf, { of: "certificate", sha256: certificate }), true);
  assert.equal(matchesPin(leaf, { of: "spki", sha256: spki }), true);
  assert.equal(matchesPin(leaf, { of: "spki", sha256: certificate }), false);
  assert.equal(matchesPin(other, { of: "certificate", sha256: certificate }), false);
  assert.equal(matchesPin(other, { of: "spki", sha256: spki }), false);
  assert.equal(matchesPin(new Uint8Array(3), { of: "spki", sha256: spki }), false);
  assert.equal(matchesPin(leaf, { of: "spki", sha256: new Uint8Array(0) }), false);
});
