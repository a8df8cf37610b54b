import { createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { err, ok, type Result } from "../../base/mod.ts";
import { readCertificate, requestSpki } from "../../tls/mod.ts";
import type { OwnCertificate } from "../types.ts";

/** PEM files: the chain, leaf first, and what comes after its key. */
export interface CertificatePaths {
  readonly chain: string;
  readonly nextKey?: string;
}

/** Reads what certificates show to the world; the error is a sentence that names the file. */
export async function readOwnCertificates(
  paths: readonly CertificatePaths[],
): Promise<Result<readonly OwnCertificate[], string>> {
  const read = await Promise.all(paths.map(async (one) => await readOne(one)));
  const failed = read.find((one) => !one.ok);
  if (failed !== undefined) return failed;
  return ok(read.flatMap((one) => (one.ok ? [one.value] : [])));
}

async function readOne({ chain: file, nextKey }: CertificatePaths): Promise<Result<OwnCertificate, string>> {
  const text = await readText(file);
  if (!text.ok) return text;
  try {
    const chain = blocksOf(text.value, "CERTIFICATE").map((block) => new X509Certificate(block));
    const [leaf] = chain;
    if (leaf === undefined) return err(`${file} holds no PEM certificate`);
    const fields = readCertificate(new Uint8Array(leaf.raw));
    if (!fields.ok) return err(`${file}: ${fields.error}`);
    const next = nextKey === undefined ? undefined : await readNextKey(nextKey);
    if (next?.ok === false) return next;
    return ok({
      file,
      names: fields.value.names,
      keyType: leaf.publicKey.asymmetricKeyType ?? "other",
      chain: chain.map(({ raw }) => new Uint8Array(raw)),
      spki: fields.value.spki,
      notBefore: leaf.validFromDate.getTime(),
      notAfter: leaf.validToDate.getTime(),
      selfIssued: leaf.issuer === leaf.subject && leaf.verify(leaf.publicKey),
      ...(next === undefined || nextKey === undefined ? {} : { next: { file: nextKey, spki: next.value } }),
    });
  } catch (error) {
    return err(`${file} holds a certificate that cannot be read: ${textOf(error)}`);
  }
}

/** The public half of a private key, a public key, or a certificate request. */
async function readNextKey(file: string): Promise<Result<Uint8Array, string>> {
  const text = await readText(file);
  if (!text.ok) return text;
  const [request] = REQUESTS.flatMap((label) => blocksOf(text.value, label));
  if (request !== undefined) {
    const spki = requestSpki(derOf(request));
    return spki.ok ? spki : err(`${file}: ${spki.error}`);
  }
  try {
    const key: KeyObject = createPublicKey(text.value);
    return ok(new Uint8Array(key.export({ type: "spki", format: "der" })));
  } catch {
    // The library's words could quote the file, and it may hold a secret.
    return err(`${file} holds no private key, public key or certificate request that can be used (PEM, no passphrase)`);
  }
}

async function readText(file: string): Promise<Result<string, string>> {
  try {
    return ok(await readFile(file, "latin1"));
  } catch (error) {
    return err(`Cannot read ${file}: ${textOf(error)}`);
  }
}

function blocksOf(text: string, label: string): readonly string[] {
  const [begin, end] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`];
  return text
    .split(begin)
    .slice(1)
    .flatMap((part) => {
      const stop = part.indexOf(end);
      return stop < 0 ? [] : [`${begin}${part.slice(0, stop)}${end}\n`];
    });
}

function derOf(block: string): Uint8Array {
  return new Uint8Array(Buffer.from(block.split("\n").slice(1, -2).join(""), "base64"));
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const REQUESTS = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"] as const;
