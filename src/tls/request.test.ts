import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { needs } from "../../test/support/programs.ts";
import { requestSpki } from "./request.ts";

const KEYS: readonly (readonly string[])[] = [
  ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
  ["-newkey", "rsa:2048"],
  ["-newkey", "ed25519"],
];

test("requestSpki: the key of a request that OpenSSL made, octet for octet", { skip: needs("openssl") }, () => {
  const folder = mkdtempSync(join(tmpdir(), "hopseal-request-"));
  try {
    for (const kind of KEYS) {
      const file = join(folder, "csr.der");
      const names = ["-subj", "/CN=mx1.rook.example", "-addext", "subjectAltName=DNS:mx1.rook.example"];
      const made = ["req", "-new", ...kind, "-nodes", "-keyout", join(folder, "key"), ...names, "-outform", "DER"];
      execFileSync("openssl", [...made, "-out", file], { stdio: "ignore" });
      const pem = execFileSync("openssl", ["req", "-inform", "DER", "-in", file, "-noout", "-pubkey"]);
      const wanted = new Uint8Array(createPublicKey(pem).export({ type: "spki", format: "der" }));
      const der = new Uint8Array(execFileSync("openssl", ["req", "-inform", "DER", "-in", file, "-outform", "DER"]));
      assert.deepEqual(requestSpki(der), { ok: true, value: wanted });
      for (let cut = 0; cut < der.length; cut += 7) assert.equal(requestSpki(der.subarray(0, cut)).ok, false);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("requestSpki: any octets give a key or an error", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => typeof requestSpki(octets).ok === "boolean"));
});
