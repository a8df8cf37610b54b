import "reflect-metadata";
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect, type SecureContextOptions, TLSSocket } from "node:tls";
import { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";
import { type TestCa, testCa } from "../../../test/support/certificates.ts";
import { ManualClock } from "../../../test/support/clock.ts";
import { type Certificates, loadCertificates } from "./certificates.ts";
import type { CertificateFiles } from "./load_pair.ts";

let folder: string;
let ca: TestCa;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "hopseal-certificates-"));
  ca = await testCa();
});
after(() => rm(folder, { recursive: true, force: true }));

const clock = new ManualClock(Date.now());

async function put(name: string, pem: { readonly chain: string; readonly key: string }): Promise<CertificateFiles> {
  const files = { chain: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  await writeFile(files.chain, pem.chain);
  await writeFile(files.key, pem.key, { mode: 0o600 });
  return files;
}

async function issue(name: string, ...names: readonly string[]): Promise<CertificateFiles> {
  return put(name, await ca.issue(names));
}

async function rsa(name: string, ...names: readonly string[]): Promise<CertificateFiles> {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048 } as const;
  const keys = await crypto.subtle.generateKey({ ...algorithm, publicExponent: Uint8Array.from([1, 0, 1]) }, true, [
    "sign",
    "verify",
  ]);
  const entries = names.map((value) => ({ type: "dns" as const, value }));
  const certificate = await X509CertificateGenerator.createSelfSigned({
    keys,
    name: "CN=rsa",
    signingAlgorithm: algorithm,
    extensions: [new SubjectAlternativeNameExtension(entries)],
  });
  const key = PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return put(name, { chain: certificate.toString("pem"), key });
}

async function loaded(...files: readonly [CertificateFiles, ...CertificateFiles[]]): Promise<Certificates> {
  const result = await loadCertificates(files, { clock });
  assert.ok(result.ok, result.ok ? "" : JSON.stringify(result.error));
  return result.value;
}

/** What a client that asks for each name sees: the names and the key type of the certificate. */
async function served(
  certificates: Certificates,
  asks: readonly { readonly servername?: string; readonly rest?: SecureContextOptions }[],
): Promise<readonly string[]> {
  const { secureContext, SNICallback } = certificates.serverOptions();
  const server = createServer((plain) => {
    const socket = new TLSSocket(plain, { isServer: true, secureContext, SNICallback });
    socket.on("error", () => undefined).resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const seen: string[] = [];
  try {
    for (const { servername, rest } of asks) {
      const socket = connect({
        port: (server.address() as AddressInfo).port,
        host: "127.0.0.1",
        rejectUnauthorized: false,
        ...(servername === undefined ? {} : { servername }),
        ...rest,
      });
      await once(socket, "secureConnect");
      const peer = socket.getPeerX509Certificate();
      seen.push(`${peer?.subjectAltName ?? ""} ${peer?.publicKey.asymmetricKeyType ?? ""}`);
      socket.destroy();
    }
  } finally {
    server.close();
  }
  return seen;
}

test("certificates: chosen by the name asked for, wildcards included; a name nobody knows gets the first (RFC 8461 §7.1)", async () => {
  const certificates = await loaded(
    await issue("first", "mx.pine.example"),
    await issue("wild", "*.rook.example"),
    await issue("exact", "mx.rook.example"),
  );
  assert.deepEqual(certificates.warnings, []);
  const seen = await served(certificates, [
    {},
    { servername: "mx.pine.example" },
    { servername: "MX.Rook.example" },
    { servername: "other.rook.example" },
    { servername: "a.b.rook.example" },
    { servername: "stranger.example" },
  ]);
  assert.deepEqual(seen, [
    "DNS:mx.pine.example ec",
    "DNS:mx.pine.example ec",
    "DNS:mx.rook.example ec",
    "DNS:*.rook.example ec",
    "DNS:mx.pine.example ec",
    "DNS:mx.pine.example ec",
  ]);
});

test("certificates: RSA and ECDSA for one name serve each client what it can take", async () => {
  const certificates = await loaded(
    await issue("ecdsa", "mx.pine.example"),
    await rsa("rsa", "mx.pine.example"),
    await rsa("rsa-other", "mx.rook.example"),
    await issue("ecdsa-other", "mx.rook.example"),
  );
  const onlyRsa = { ciphers: "ECDHE-RSA-AES128-GCM-SHA256", maxVersion: "TLSv1.2" } as const;
  const onlyEcdsa = { sigalgs: "ecdsa_secp256r1_sha256" } as const;
  const seen = await served(certificates, [
    { servername: "mx.pine.example", rest: onlyEcdsa },
    { servername: "mx.pine.example", rest: onlyRsa },
    { rest: onlyEcdsa },
    { rest: onlyRsa },
    { servername: "mx.rook.example" },
  ]);
  assert.deepEqual(seen, [
    "DNS:mx.pine.example ec",
    "DNS:mx.pine.example rsa",
    "DNS:mx.pine.example ec",
    "DNS:mx.pine.example rsa",
    "DNS:mx.rook.example rsa",
  ]);
});

test("certificates: contexts are made once per set, however many names are asked for", async () => {
  const certificates = await loaded(await issue("one", "*.pine.example"));
  assert.equal(certificates.contextFor("a.pine.example"), certificates.contextFor("b.pine.example"));
  assert.equal(certificates.contextFor("x.example"), certificates.contextFor());
});

test("certificates: a reload serves the new ones; a failed one keeps the old", async () => {
  const files = await issue("turn", "old.pine.example");
  const certificates = await loaded(files);
  await issue("turn", "new.pine.example");
  assert.deepEqual(await certificates.reload(), { ok: true, value: [] });
  assert.deepEqual(await served(certificates, [{}]), ["DNS:new.pine.example ec"]);
  await writeFile(files.key, "nonsense");
  const failed = await certificates.reload();
  assert.deepEqual(failed.ok ? [] : failed.error.map((fault) => fault.kind), ["bad-key"]);
  assert.deepEqual(await served(certificates, [{ servername: "x.example" }]), ["DNS:new.pine.example ec"]);
});

test("certificates: every fault names its file and what is wrong; all are reported", async () => {
  const good = await issue("good", "mx.pine.example");
  const other = await issue("other", "mx.rook.example");
  const text = join(folder, "text.pem");
  await writeFile(text, "hello");
  const broken = join(folder, "broken.pem");
  await writeFile(broken, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  const locked = join(folder, "locked.key");
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeFile(
    locked,
    privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" }),
  );
  const reversed = join(folder, "reversed.pem");
  const issued = await ca.issue(["mx.pine.example"]);
  const reversedKey = join(folder, "reversed.key");
  await writeFile(
    reversed,
    issued.chain
      .split(/(?=-----BEGIN)/)
      .reverse()
      .join("\n"),
  );
  await writeFile(reversedKey, issued.key, { mode: 0o600 });
  const result = await loadCertificates(
    [
      { chain: join(folder, "none.pem"), key: good.key },
      { chain: good.chain, key: join(folder, "none.key") },
      { chain: text, key: good.key },
      { chain: broken, key: good.key },
      { chain: good.chain, key: text },
      { chain: good.chain, key: locked },
      { chain: good.chain, key: other.key },
      { chain: reversed, key: reversedKey },
    ],
    { clock },
  );
  assert.ok(!result.ok);
  const told = result.error.map(({ kind, detail }) => `${kind}: ${detail.replaceAll(`${folder}/`, "")}`);
  const expected = [
    /^unreadable: cannot read none\.pem: ENOENT/,
    /^unreadable: cannot read none\.key: ENOENT/,
    /^no-certificate: text\.pem holds no PEM certificate$/,
    /^bad-certificate: broken\.pem holds a certificate that cannot be read: /,
    /^bad-key: text\.pem holds no private key that can be used: /,
    /^bad-key: locked\.key holds no private key that can be used: it is protected by a passphrase$/,
    /^key-mismatch: other\.key is not the key of the certificate in good\.pem$/,
    /^wrong-order: reversed\.pem does not begin with the certificate of reversed\.key$/,
  ];
  assert.equal(told.length, expected.length);
  for (const [at, pattern] of expected.entries()) assert.match(told[at] ?? "", pattern);
});

test("certificates: expired, not yet valid, nameless and exposed ones are warned of and served all the same", async () => {
  const day = 86_400_000;
  const expired = await put(
    "expired",
    await ca.issue(["a.example"], { notBefore: new Date(Date.now() - 3 * day), notAfter: new Date(Date.now() - day) }),
  );
  const future = await put(
    "future",
    await ca.issue(["b.example"], { notBefore: new Date(Date.now() + day), notAfter: new Date(Date.now() + 2 * day) }),
  );
  const nameless = await put("nameless", await ca.issue([]));
  const exposed = await issue("exposed", "c.example");
  await chmod(exposed.key, 0o640);
  const certificates = await loaded(expired, future, nameless, exposed);
  assert.deepEqual(
    certificates.warnings.map(({ kind, detail }) => [kind, detail.includes(folder)]),
    [
      ["expired", true],
      ["not-yet-valid", true],
      ["no-names", true],
      ["exposed-key", true],
    ],
  );
  assert.ok(certificates.expires < Date.now());
  assert.deepEqual(await served(certificates, [{ servername: "c.example" }]), ["DNS:c.example ec"]);
});
