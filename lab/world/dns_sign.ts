import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { short } from "./dns_text.ts";
import { DNS_TYPES, encodeName, type WireRecord } from "./dns_wire.ts";

/** The one key of a zone, ECDSA P-256, and how its signatures are dated. */
export interface ZoneKey {
  readonly zone: string;
  readonly dnskey: Uint8Array;
  readonly tag: number;
  readonly privateKey: KeyObject;
  /** Seconds since 1970. */
  readonly inception: number;
  readonly expiration: number;
}

export function newZoneKey(zone: string, dates: { readonly inception: number; readonly expiration: number }): ZoneKey {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const point = [Buffer.from(x, "base64url"), Buffer.from(y, "base64url")];
  const dnskey = Buffer.concat([short(FLAGS), Uint8Array.of(3, ALGORITHM), ...point]);
  return { zone, dnskey, tag: tagOf(dnskey), privateKey, ...dates };
}

/** The RRSIG over one record set. */
export function signSet(set: readonly WireRecord[], key: ZoneKey): WireRecord {
  const { head, rdata } = unsignedSet(set, { ...key, algorithm: ALGORITHM });
  const signature = sign("sha256", Buffer.concat([head, ...rdata]), {
    key: key.privateKey,
    dsaEncoding: "ieee-p1363",
  });
  return signatureOver(set, head, signature);
}

/** RSA keys of one tag. Nobody has them: a modulus is any number, and to swap its halves of a word changes no sum. */
export interface CollidingKeys {
  readonly tag: number;
  readonly keys: readonly Uint8Array[];
}

export function collidingKeys(zone: string, count: number): CollidingKeys {
  const modulus = createHash("sha512").update(zone).digest();
  const head = Buffer.concat([short(FLAGS), Uint8Array.of(3, RSA), Uint8Array.of(3, 1, 0, 1)]);
  const keys = Array.from({ length: count }, (_, at) => {
    const words = Array.from({ length: modulus.length / 2 }, (_word, word) => modulus.subarray(word * 2, word * 2 + 2));
    const [left, right] = [at % words.length, (at + 1 + Math.floor(at / words.length)) % words.length];
    [words[left], words[right]] = [words[right] ?? EMPTY, words[left] ?? EMPTY];
    return Buffer.concat([head, ...words]);
  });
  return { tag: keys[0] === undefined ? 0 : tagOf(keys[0]), keys };
}

/** As many signatures by their tag as there are keys, none of them right. */
export function wrongSignatures(set: readonly WireRecord[], key: ZoneKey, { tag, keys }: CollidingKeys): WireRecord[] {
  const { head } = unsignedSet(set, { ...key, tag, algorithm: RSA });
  return keys.map((rdata, at) => {
    const signature = createHash("sha512").update(rdata).update(String(at)).digest();
    // Less than any of the moduli, so that nothing is refused before it is computed.
    signature[0] = 0;
    return signatureOver(set, head, signature);
  });
}

function signatureOver([first]: readonly WireRecord[], head: Uint8Array, signature: Uint8Array): WireRecord {
  const { owner = "", ttl = 0 } = first ?? {};
  return { owner, type: DNS_TYPES.RRSIG, ttl, rdata: Buffer.concat([head, signature]) };
}

interface Signing extends Pick<ZoneKey, "zone" | "tag" | "inception" | "expiration"> {
  readonly algorithm: number;
}

/** What stands before a signature, and what is signed behind that. RFC 4034 §3.1.8.1 */
function unsignedSet(
  set: readonly WireRecord[],
  key: Signing,
): { readonly head: Uint8Array; readonly rdata: readonly Uint8Array[] } {
  const [first] = set;
  if (first === undefined) throw new Error("An empty record set is not signed");
  const { owner, type, ttl } = first;
  const fields = Buffer.alloc(18);
  fields.writeUInt16BE(type, 0);
  fields[2] = key.algorithm;
  fields[3] = owner === "" ? 0 : owner.split(".").length;
  fields.writeUInt32BE(ttl, 4);
  fields.writeUInt32BE(key.expiration >>> 0, 8);
  fields.writeUInt32BE(key.inception >>> 0, 12);
  fields.writeUInt16BE(key.tag, 16);
  const head = Buffer.concat([fields, encodeName(key.zone)]);
  const name = encodeName(owner);
  const records = set
    .map(({ rdata }) => Buffer.from(rdata))
    .sort((a, b) => Buffer.compare(a, b))
    .map((rdata) => Buffer.concat([name, short(type), short(1), fields.subarray(4, 8), short(rdata.length), rdata]));
  return { head, rdata: records };
}

/** The data of the DS record for a key, SHA-256; in hexadecimal with its fields before it. */
export function delegationOf({ zone, dnskey, tag }: ZoneKey, fault?: "unknown" | "wrong"): string {
  const digest = createHash("sha256").update(encodeName(zone)).update(dnskey).digest();
  if (fault === "wrong") digest[0] = (digest[0] ?? 0) ^ 1;
  return `${tag} ${fault === "unknown" ? UNKNOWN_ALGORITHM : ALGORITHM} 2 ${digest.toString("hex")}`;
}

/** RFC 4034, Appendix B */
function tagOf(rdata: Uint8Array): number {
  let sum = 0;
  for (const [at, octet] of rdata.entries()) sum += at % 2 === 0 ? octet << 8 : octet;
  return (sum + (sum >> 16)) & 0xffff;
}

/** Zone key, secure entry point. */
const FLAGS = 257;
/** ECDSAP256SHA256 */
const ALGORITHM = 13;
/** RSASHA256 */
const RSA = 8;
const EMPTY = Buffer.alloc(2);
/** Not assigned to anybody. */
const UNKNOWN_ALGORITHM = 200;
