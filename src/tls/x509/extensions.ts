import { AsnParser } from "@peculiar/asn1-schema";
import { BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsageFlags } from "@peculiar/asn1-x509";
import { derElement, derSequence } from "../der.ts";

/** What basicConstraints says (RFC 5280 §4.2.1.9). */
export interface Basic {
  readonly ca: boolean;
  readonly pathLength: number | undefined;
}

/** What keyUsage allows (RFC 5280 §4.2.1.3), as far as a TLS server and its issuers are concerned. */
export interface Usage {
  readonly certSign: boolean;
  /** Any of digitalSignature, keyEncipherment and keyAgreement. */
  readonly tls: boolean;
}

// The library reads BER of any shape and depth; each reader lets it see only DER of the one shape that is right.

export function basicConstraintsOf(der: Uint8Array): Basic | undefined {
  const parts = derSequence(der);
  const tags = parts?.map((part) => part.tag).join(" ");
  if (parts === undefined || tags === undefined || !BASIC_SHAPES.has(tags)) return undefined;
  if (parts.some((part) => !SHORT.has(`${part.tag} ${part.end - part.content}`))) return undefined;
  const read = parsed(der, BasicConstraints);
  // RFC 5280 §4.2.1.9
  if (read === undefined || (read.pathLenConstraint ?? 0) < 0) return undefined;
  return { ca: read.cA, pathLength: read.pathLenConstraint };
}

export function keyUsageOf(der: Uint8Array): Usage | undefined {
  const bits = derElement(der, 0);
  const length = bits === undefined ? 0 : bits.end - bits.content;
  if (bits?.tag !== BIT_STRING || bits.end !== der.length || length < 2 || length > 3) return undefined;
  const flags = parsed(der, KeyUsage)?.toNumber();
  if (flags === undefined) return undefined;
  return { certSign: (flags & KeyUsageFlags.keyCertSign) !== 0, tls: (flags & TLS_USAGES) !== 0 };
}

/** The purposes, dotted (RFC 5280 §4.2.1.12). */
export function extendedKeyUsageOf(der: Uint8Array): readonly string[] | undefined {
  const parts = derSequence(der);
  if (parts === undefined || parts.length === 0 || parts.length > MOST_PURPOSES) return undefined;
  const fitting = parts.every(
    (part) => part.tag === OBJECT_IDENTIFIER && part.end - part.content > 0 && part.end - part.content <= LONGEST_OID,
  );
  const read = fitting ? parsed(der, ExtendedKeyUsage) : undefined;
  return read && Array.from(read);
}

function parsed<T>(der: Uint8Array, shape: new () => T): T | undefined {
  try {
    return AsnParser.parse(der, shape);
  } catch {
    return undefined;
  }
}

/** id-kp-serverAuth */
export const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";

const TLS_USAGES = KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment | KeyUsageFlags.keyAgreement;
const BIT_STRING = 0x03;
const OBJECT_IDENTIFIER = 0x06;
/** Tags of [cA] [pathLenConstraint]. */
const BASIC_SHAPES: ReadonlySet<string> = new Set(["", "1", "2", "1 2"]);
/** Tag and length of a BOOLEAN, and of a path length that means something. */
const SHORT: ReadonlySet<string> = new Set(["1 1", "2 1", "2 2"]);
const LONGEST_OID = 32;
const MOST_PURPOSES = 100;
