import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { err, type Instant, ok, type Result } from "../../base/mod.ts";
import type { PeerNames } from "../certificate.ts";
import { peerNames } from "../names.ts";
import { splitPem } from "./pem.ts";

/** PEM files of one certificate; `chain` holds the leaf first. */
export interface CertificateFiles {
  readonly chain: string;
  readonly key: string;
}

export interface CertificateFault {
  readonly kind: "unreadable" | "no-certificate" | "bad-certificate" | "bad-key" | "key-mismatch" | "wrong-order";
  readonly file: string;
  /** A sentence that names the file. */
  readonly detail: string;
}

export interface CertificateWarning {
  readonly kind: "expired" | "not-yet-valid" | "exposed-key" | "no-names";
  readonly file: string;
  readonly detail: string;
}

/** One loaded certificate with what a choice between several needs. */
export interface LoadedPair {
  readonly files: CertificateFiles;
  readonly chainPem: string;
  readonly keyPem: string;
  readonly keyType: "rsa" | "ec" | "other";
  readonly names: PeerNames;
  readonly notAfter: Instant;
  readonly warnings: readonly CertificateWarning[];
}

/** The text of a file; rejects when it cannot be had. */
export type ReadText = (path: string) => Promise<string>;

/** Reads and checks one chain with its key. */
export async function loadPair(
  files: CertificateFiles,
  now: Instant,
  readText: ReadText = async (path) => await readFile(path, "latin1"),
): Promise<Result<LoadedPair, CertificateFault>> {
  const chainText = await read(files.chain, readText);
  if (!chainText.ok) return chainText;
  const keyText = await read(files.key, readText);
  if (!keyText.ok) return keyText;
  const chain = parseChain(files.chain, chainText.value);
  if (!chain.ok) return chain;
  const key = parseKey(files.key, keyText.value);
  if (!key.ok) return key;
  const [leaf] = chain.value;
  if (!leaf.checkPrivateKey(key.value)) {
    const ofOther = chain.value.some((certificate) => certificate.checkPrivateKey(key.value));
    return ofOther
      ? fault("wrong-order", files.chain, `${files.chain} does not begin with the certificate of ${files.key}`)
      : fault("key-mismatch", files.key, `${files.key} is not the key of the certificate in ${files.chain}`);
  }
  const names = peerNames(new Uint8Array(leaf.raw));
  if (!names.ok) return fault("bad-certificate", files.chain, `${files.chain}: ${names.error}`);
  return ok({
    files,
    chainPem: chain.value.map(String).join(""),
    keyPem: key.value.export({ type: "pkcs8", format: "pem" }),
    keyType: keyTypeOf(key.value),
    names: names.value,
    notAfter: leaf.validToDate.getTime(),
    warnings: [...validity(leaf, files, now), ...(await exposure(files.key)), ...nameless(names.value, files)],
  });
}

async function read(path: string, readText: ReadText): Promise<Result<string, CertificateFault>> {
  try {
    return ok(await readText(path));
  } catch (error) {
    return fault("unreadable", path, `cannot read ${path}: ${messageOf(error)}`);
  }
}

function parseChain(path: string, text: string): Result<[X509Certificate, ...X509Certificate[]], CertificateFault> {
  const blocks = splitPem(text, "CERTIFICATE");
  try {
    const [leaf, ...others] = blocks.map((block) => new X509Certificate(block));
    return leaf === undefined
      ? fault("no-certificate", path, `${path} holds no PEM certificate`)
      : ok([leaf, ...others]);
  } catch (error) {
    return fault("bad-certificate", path, `${path} holds a certificate that cannot be read: ${messageOf(error)}`);
  }
}

function parseKey(path: string, text: string): Result<KeyObject, CertificateFault> {
  try {
    return ok(createPrivateKey(text));
  } catch (error) {
    const why = text.includes("ENCRYPTED") ? "it is protected by a passphrase" : messageOf(error);
    return fault("bad-key", path, `${path} holds no private key that can be used: ${why}`);
  }
}

function keyTypeOf(key: KeyObject): LoadedPair["keyType"] {
  if (key.asymmetricKeyType === "rsa") return "rsa";
  return key.asymmetricKeyType === "ec" ? "ec" : "other";
}

function validity(leaf: X509Certificate, files: CertificateFiles, now: Instant): CertificateWarning[] {
  if (leaf.validToDate.getTime() <= now) {
    const since = leaf.validToDate.toISOString();
    return [{ kind: "expired", file: files.chain, detail: `the certificate in ${files.chain} expired at ${since}` }];
  }
  if (leaf.validFromDate.getTime() > now) {
    const from = leaf.validFromDate.toISOString();
    return [
      { kind: "not-yet-valid", file: files.chain, detail: `the certificate in ${files.chain} begins at ${from}` },
    ];
  }
  return [];
}

async function exposure(path: string): Promise<CertificateWarning[]> {
  // Whoever was given its text may not see the file.
  const { mode } = await stat(path).catch(() => ({ mode: 0 }));
  if ((mode & OTHERS_READ) === 0) return [];
  const octal = (mode & 0o777).toString(8).padStart(4, "0");
  return [{ kind: "exposed-key", file: path, detail: `${path} can be read by others (mode ${octal}); 0600 is safe` }];
}

function nameless(names: PeerNames, files: CertificateFiles): CertificateWarning[] {
  if (names.dns.length + names.ip.length > 0) return [];
  const detail = `the certificate in ${files.chain} has no subjectAltName, so no client can check it by name`;
  return [{ kind: "no-names", file: files.chain, detail }];
}

function fault(kind: CertificateFault["kind"], file: string, detail: string): Result<never, CertificateFault> {
  return err({ kind, file, detail });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const OTHERS_READ = 0o044;
