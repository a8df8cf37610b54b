import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** What a minted certificate shall say; each thing can be left out or be wrong on purpose. */
export interface MintOptions {
  /** The common name, or attributes as [identifier in hexadecimal, value]; default: "CN=" and a number. */
  readonly subject?: string | readonly (readonly [type: string, value: string])[];
  /** Default: self-signed. */
  readonly issuer?: Minted;
  readonly keys?: KeyPair;
  readonly signature?: SignatureName;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly version?: 1 | 3;
  /** Subject alternative names: "mx.pine.example", "ip:" and hexadecimal, "email:…", "uri:…", "dir:" and a common name. */
  readonly names?: readonly string[];
  readonly ca?: boolean;
  readonly pathLength?: number;
  /** The octets of the keyUsage bits; default: certificate signing for a CA, digital signature for others. */
  readonly usage?: readonly number[] | null;
  /** Purposes in hexadecimal; none by default. */
  readonly purposes?: readonly string[];
  readonly permitted?: readonly string[];
  readonly excluded?: readonly string[];
  /** Further extensions: identifier in hexadecimal, critical, value. */
  readonly more?: readonly (readonly [id: string, critical: boolean, value: Uint8Array])[];
  /** Changes the body before it is signed. */
  readonly tamper?: (body: Uint8Array) => Uint8Array;
}

export type SignatureName =
  | "ecdsa-sha256"
  | "ecdsa-sha384"
  | "ecdsa-sha1"
  | "rsa-sha256"
  | "rsa-sha1"
  | "rsa-md5"
  | "rsa-pss"
  | "ed25519";

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export interface Minted {
  readonly der: Uint8Array;
  readonly spki: Uint8Array;
  readonly name: Uint8Array;
  readonly keys: KeyPair;
}

/** Makes a certificate octet by octet, right or wrong as asked; valid from 2026-01-01 to 2036-01-01 by default. */
export function mint(options: MintOptions = {}): Minted {
  const keys = options.keys ?? ecKeys();
  const name = nameOf(options.subject ?? `CN ${++count}`);
  const spki = new Uint8Array(keys.publicKey.export({ type: "spki", format: "der" }));
  const signer = options.issuer?.keys ?? keys;
  const signature =
    options.signature ?? (signer.privateKey.asymmetricKeyType === "rsa" ? "rsa-sha256" : "ecdsa-sha256");
  const { algorithm, hash, padding } = SIGNATURES[signature];
  const body = der(
    0x30,
    options.version === 1 ? new Uint8Array(0) : der(0xa0, der(0x02, [2])),
    der(0x02, [0x40, ++count >> 8, count & 0xff]),
    fromHex(algorithm),
    options.issuer?.name ?? name,
    der(0x30, timeOf(options.notBefore ?? FROM), timeOf(options.notAfter ?? UNTIL)),
    name,
    spki,
    options.version === 1 ? new Uint8Array(0) : der(0xa3, der(0x30, ...extensionsOf(options))),
  );
  const tbs = options.tamper?.(body) ?? body;
  const key = padding === undefined ? { key: signer.privateKey } : { key: signer.privateKey, padding, saltLength: 32 };
  const signed = new Uint8Array(sign(hash, tbs, key));
  return { der: der(0x30, tbs, fromHex(algorithm), der(0x03, [0], signed)), spki, name, keys };
}

export function ecKeys(namedCurve = "P-256"): KeyPair {
  return generateKeyPairSync("ec", { namedCurve });
}

export function rsaKeys(modulusLength = 2048): KeyPair {
  return generateKeyPairSync("rsa", { modulusLength });
}

/** One DER element around the parts. */
export function der(tag: number, ...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const content = Buffer.concat(parts.map((part) => Uint8Array.from(part)));
  const size = content.length;
  const length =
    size < 0x80
      ? [size]
      : size < 0x100
        ? [0x81, size]
        : size < 0x10000
          ? [0x82, size >> 8, size & 0xff]
          : [0x83, size >> 16, (size >> 8) & 0xff, size & 0xff];
  return Uint8Array.from([tag, ...length, ...content]);
}

export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "hex"));
}

export function toPem(octets: Uint8Array): string {
  const lines = Buffer.from(octets)
    .toString("base64")
    .match(/.{1,64}/g);
  return `-----BEGIN CERTIFICATE-----\n${(lines ?? []).join("\n")}\n-----END CERTIFICATE-----\n`;
}

export function nameOf(subject: NonNullable<MintOptions["subject"]>): Uint8Array {
  const attributes = typeof subject === "string" ? [[COMMON_NAME, subject] as const] : subject;
  return der(
    0x30,
    ...attributes.map(([type, value]) => der(0x31, der(0x30, der(0x06, fromHex(type)), der(0x0c, Buffer.from(value))))),
  );
}

/** One GeneralName, of the forms that `MintOptions.names` lists. */
export function generalName(name: string): Uint8Array {
  if (name.startsWith("ip:")) return der(0x87, fromHex(name.slice(3)));
  if (name.startsWith("email:")) return der(0x81, Buffer.from(name.slice(6)));
  if (name.startsWith("uri:")) return der(0x86, Buffer.from(name.slice(4)));
  if (name.startsWith("dir:")) return der(0xa4, nameOf(name.slice(4)));
  return der(0x82, Buffer.from(name, "latin1"));
}

function extensionsOf(options: MintOptions): readonly Uint8Array[] {
  const { names, ca, pathLength, purposes, permitted, excluded } = options;
  const usage = options.usage === undefined ? (ca === true ? [1, 0x06] : [7, 0x80]) : options.usage;
  const found: (readonly [string, boolean, Uint8Array])[] = [];
  if (ca !== undefined) {
    const length = pathLength === undefined ? [] : der(0x02, [pathLength]);
    found.push(["551d13", true, der(0x30, ca ? der(0x01, [0xff]) : [], length)]);
  }
  if (usage !== null) found.push(["551d0f", true, der(0x03, usage)]);
  if (purposes !== undefined)
    found.push(["551d25", false, der(0x30, ...purposes.map((one) => der(0x06, fromHex(one))))]);
  if (names !== undefined) found.push(["551d11", false, der(0x30, ...names.map(generalName))]);
  if (permitted !== undefined || excluded !== undefined) {
    const trees = (tag: number, list: readonly string[] | undefined): Uint8Array | readonly number[] =>
      list === undefined ? [] : der(tag, ...list.map((one) => der(0x30, generalName(one))));
    found.push(["551d1e", true, der(0x30, trees(0xa0, permitted), trees(0xa1, excluded))]);
  }
  return [...found, ...(options.more ?? [])].map(([id, critical, value]) =>
    der(0x30, der(0x06, fromHex(id)), critical ? der(0x01, [0xff]) : [], der(0x04, value)),
  );
}

function timeOf(date: Date): Uint8Array {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

let count = 0;
const FROM = new Date("2026-01-01T00:00:00Z");
const UNTIL = new Date("2036-01-01T00:00:00Z");
const COMMON_NAME = "550403";
export const PURPOSE = {
  serverAuth: "2b06010505070301",
  clientAuth: "2b06010505070302",
  any: "551d2500",
} as const;

interface Signing {
  readonly algorithm: string;
  readonly hash: string | undefined;
  readonly padding: number | undefined;
}

/** PSS with SHA-256 for hash and mask, 32 octets of salt. */
const PSS =
  "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120";
const SIGNATURES: Readonly<Record<SignatureName, Signing>> = {
  "ecdsa-sha256": { algorithm: "300a06082a8648ce3d040302", hash: "sha256", padding: undefined },
  "ecdsa-sha384": { algorithm: "300a06082a8648ce3d040303", hash: "sha384", padding: undefined },
  "ecdsa-sha1": { algorithm: "300906072a8648ce3d0401", hash: "sha1", padding: undefined },
  "rsa-sha256": { algorithm: "300d06092a864886f70d01010b0500", hash: "sha256", padding: undefined },
  "rsa-sha1": { algorithm: "300d06092a864886f70d0101050500", hash: "sha1", padding: undefined },
  "rsa-md5": { algorithm: "300d06092a864886f70d0101040500", hash: "md5", padding: undefined },
  "rsa-pss": { algorithm: PSS, hash: "sha256", padding: 6 },
  ed25519: { algorithm: "300506032b6570", hash: undefined, padding: undefined },
};
