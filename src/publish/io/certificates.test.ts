import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { testCa, type TestCa } from "../../../test/support/certificates.ts";
import { ecKeys, mint, toPem } from "../../../test/support/mint.ts";
import { needs } from "../../../test/support/programs.ts";
import { readOwnCertificates } from "./certificates.ts";

let folder: string;
let ca: TestCa;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "hopseal-own-"));
  ca = await testCa();
});
after(async () => await rm(folder, { recursive: true, force: true }));

async function put(name: string, text: string | Buffer): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

test("readOwnCertificates: names, key, chain, dates; who issued it", async () => {
  const issued = await ca.issue(["mx1.rook.example", "*.rook.example"]);
  const self = mint({ names: ["mx2.rook.example"], keys: ecKeys() });
  const chains = [await put("a.pem", issued.chain), await put("b.pem", `noise\n${toPem(self.der)}`)];
  const read = await readOwnCertificates(chains.map((chain) => ({ chain })));
  assert.ok(read.ok);
  const leafKey = createPublicKey(issued.key).export({ type: "spki", format: "der" });
  assert.deepEqual(
    read.value.map(({ names, keyType, chain, spki, selfIssued, next }) => ({
      names,
      keyType,
      chain,
      spki,
      selfIssued,
      next,
    })),
    [
      {
        names: { dns: ["mx1.rook.example", "*.rook.example"], ip: [] },
        keyType: "ec",
        chain: [issued.der, ca.der],
        spki: new Uint8Array(leafKey),
        selfIssued: false,
        next: undefined,
      },
      {
        names: { dns: ["mx2.rook.example"], ip: [] },
        keyType: "ec",
        chain: [self.der],
        spki: self.spki,
        selfIssued: true,
        next: undefined,
      },
    ],
  );
  assert.equal(read.value[1]?.notAfter, Date.UTC(2036, 0, 1));
});

test("readOwnCertificates: the next key from a private key, a public key or another form of it; faults name the file alone", async () => {
  const chain = await put("c.pem", (await ca.issue(["mx1.rook.example"])).chain);
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
  for (const [name, text] of [
    ["pkcs8", privateKey.export({ type: "pkcs8", format: "pem" })],
    ["sec1", privateKey.export({ type: "sec1", format: "pem" })],
    ["public", publicKey.export({ type: "spki", format: "pem" })],
  ] as const) {
    const nextKey = await put(name, text);
    const read = await readOwnCertificates([{ chain, nextKey }]);
    assert.deepEqual(read.ok && read.value[0]?.next, { file: nextKey, spki }, name);
  }
  const locked = privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" });
  const unusable = "holds no private key, public key or certificate request that can be used (PEM, no passphrase)";
  const request = "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n";
  for (const [name, text, why] of [
    ["locked", locked, unusable],
    ["garbage", "hunter2", unusable],
    ["empty", "", unusable],
    ["request", request, ": the request is not a body, an algorithm and a signature"],
  ] as const) {
    const nextKey = await put(name, text);
    const read = await readOwnCertificates([{ chain, nextKey }]);
    assert.deepEqual(read, { ok: false, error: `${nextKey}${why.startsWith(":") ? "" : " "}${why}` });
  }
});

test("readOwnCertificates: the next key from a request that OpenSSL made", { skip: needs("openssl") }, async () => {
  const chain = await put("d.pem", (await ca.issue(["mx1.rook.example"])).chain);
  const nextKey = join(folder, "next.csr");
  const made = ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", join(folder, "csr.key"), "-subj", "/CN=x"];
  execFileSync("openssl", [...made, "-out", nextKey], { stdio: "ignore" });
  const pem = execFileSync("openssl", ["req", "-in", nextKey, "-noout", "-pubkey"]);
  const spki = new Uint8Array(createPublicKey(pem).export({ type: "spki", format: "der" }));
  const read = await readOwnCertificates([{ chain, nextKey }]);
  assert.deepEqual(read.ok && read.value[0]?.next, { file: nextKey, spki });
});

test("readOwnCertificates: files that cannot be read, or are none", async () => {
  const errors: string[] = [];
  for (const chain of [
    join(folder, "absent"),
    await put("text", "hello"),
    await put("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
  ]) {
    const read = await readOwnCertificates([{ chain }]);
    errors.push(read.ok ? "" : read.error.replaceAll(`${folder}/`, ""));
  }
  assert.match(errors[0] ?? "", /^Cannot read absent: ENOENT/);
  assert.equal(errors[1], "text holds no PEM certificate");
  assert.match(errors[2] ?? "", /^broken holds a certificate that cannot be read: /);
});
