import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext, DEFAULT_CIPHERS, getCACertificates, type SecureContext } from "node:tls";
import { err, ok, type Result, unreachable } from "../../base/mod.ts";
import { splitPem } from "./pem.ts";

/** Where the roots that judge a server's chain come from. */
export type TrustSource =
  | { readonly kind: "system" | "bundled" }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "pem"; readonly certificates: readonly string[] };

/** How keys may be agreed upon: any way that OpenSSL has, or only those with forward secrecy. */
export type KeyExchange = "any" | "ephemeral";

/** The roots, ready for handshakes; costly to make, so made once. */
export interface TrustStore {
  readonly source: TrustSource;
  readonly roots: number;
  /**
   * The context of a client; `small` keeps the ClientHello within one segment. `ephemeral` offers no key transport by RSA:
   * whoever gets hold of the host's key later could read what was recorded, and no proof of who the host is helps.
   */
  context(hello: "full" | "small", keys?: KeyExchange): SecureContext;
}

/** Opens a trust store; the error names the file and what is wrong with it. */
export async function openTrust(source: TrustSource): Promise<Result<TrustStore, string>> {
  const roots = await rootsOf(source);
  if (!roots.ok) return roots;
  if (roots.value.length === 0) return err(`${describe(source)} hold no certificate`);
  if (source.kind === "pem" || source.kind === "file") {
    // A context would pass over what it cannot read.
    const broken = roots.value.findIndex((root) => !isCertificate(root));
    if (broken >= 0) return err(`${describe(source)} hold a certificate that cannot be read, number ${broken + 1}`);
  }
  return ok(storeOf(source, roots.value));
}

async function rootsOf(source: TrustSource): Promise<Result<readonly string[], string>> {
  switch (source.kind) {
    case "system":
    case "bundled":
      return ok(getCACertificates(source.kind));
    case "pem":
      return ok(source.certificates);
    case "file":
      return readRoots(source.path);
    default:
      return unreachable(source);
  }
}

async function readRoots(path: string): Promise<Result<readonly string[], string>> {
  try {
    return ok(splitPem(await readFile(path, "latin1"), "CERTIFICATE"));
  } catch (error) {
    return err(`cannot read the roots in ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function storeOf(source: TrustSource, roots: readonly string[]): TrustStore {
  const make = (hello: "full" | "small", keys: KeyExchange): SecureContext =>
    createSecureContext({
      ca: [...roots],
      // RFC 8996 §4
      minVersion: "TLSv1.2",
      ...(hello === "full" ? {} : { ecdhCurve: SMALL_HELLO }),
      ...(keys === "any" ? {} : { ciphers: `${DEFAULT_CIPHERS}:!kRSA` }),
    });
  const made = new Map([["full any", make("full", "any")]]);
  return {
    source,
    roots: roots.length,
    context(hello, keys = "any") {
      const context = made.get(`${hello} ${keys}`) ?? make(hello, keys);
      made.set(`${hello} ${keys}`, context);
      return context;
    },
  };
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

function describe(source: TrustSource): string {
  switch (source.kind) {
    case "system":
      return "the system's roots";
    case "bundled":
      return "the roots that come with Node.js";
    case "pem":
      return "the given roots";
    case "file":
      return `the roots in ${source.path}`;
    default:
      return unreachable(source);
  }
}

/** Without the hybrid post-quantum share, whose size some servers and middle boxes cannot take. */
const SMALL_HELLO = "X25519:P-256";
