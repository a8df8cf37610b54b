import "reflect-metadata";
import { webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** A certificate of a CA that lives only in this process, ECDSA P-256. */
export interface IssuedCertificate {
  /** PEM: the leaf, then the certificate of its CA. */
  readonly chain: string;
  /** PEM, PKCS #8. */
  readonly key: string;
  /** The leaf in DER. */
  readonly der: Uint8Array;
}

export interface CertificateAuthority {
  /** PEM of the CA's own certificate, to be trusted by clients. */
  readonly pem: string;
  readonly der: Uint8Array;
  /** Issues a server certificate for `names`: DNS names (wildcards too) and IP addresses. */
  issue(names: readonly string[], options?: IssueOptions): Promise<IssuedCertificate>;
}

export interface IssueOptions {
  /** The subject's common name; none by default. */
  readonly commonName?: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** Makes a CA whose key lives only in this process. */
export async function newCa(commonName = "Hopseal lab CA"): Promise<CertificateAuthority> {
  cryptoProvider.set(webcrypto);
  const keys = await newKeys();
  const subject = `CN=${commonName}`;
  const root = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject,
    issuer: subject,
    ...validity({}),
    signingKey: keys.privateKey,
    publicKey: keys.publicKey,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  const pem = root.toString("pem");
  return {
    pem,
    der: new Uint8Array(root.rawData),
    async issue(names, options = {}) {
      const leafKeys = await newKeys();
      const leaf = await X509CertificateGenerator.create({
        serialNumber: serial(),
        subject: options.commonName === undefined ? "" : `CN=${options.commonName}`,
        issuer: subject,
        ...validity(options),
        signingKey: keys.privateKey,
        publicKey: leafKeys.publicKey,
        signingAlgorithm: SIGNATURE,
        extensions: leafExtensions(names),
      });
      return {
        chain: `${leaf.toString("pem")}\n${pem}\n`,
        key: PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", leafKeys.privateKey), "PRIVATE KEY"),
        der: new Uint8Array(leaf.rawData),
      };
    },
  };
}

function leafExtensions(names: readonly string[]): Extension[] {
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
  ];
  if (names.length > 0) extensions.push(new SubjectAlternativeNameExtension(names.map(generalName)));
  return extensions;
}

function generalName(name: string): { type: "ip" | "dns"; value: string } {
  return { type: IP_ADDRESS.test(name) ? "ip" : "dns", value: name };
}

function validity(options: IssueOptions): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return {
    notBefore: options.notBefore ?? new Date(now - DAY),
    notAfter: options.notAfter ?? new Date(now + 30 * DAY),
  };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY, true, ["sign", "verify"]);
}

function serial(): string {
  return Buffer.from(webcrypto.getRandomValues(new Uint8Array(8)))
    .toString("hex")
    .replace(/^./, "4");
}

const DAY = 86_400_000;
const KEY = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;
const IP_ADDRESS = /^[\d.]+$|:/;
