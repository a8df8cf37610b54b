import { err, ok, type Result } from "../../base/mod.ts";
import { type DerElement, derChildren, derContent, derElement, derSequence } from "../der.ts";

/** A certificate cut into its parts, which are octets as they stand there (RFC 5280 §4.1). */
export interface Outline {
  readonly der: Uint8Array;
  /** 1, 2 or 3. */
  readonly version: number;
  /** AlgorithmIdentifier beside the signature. */
  readonly signatureAlgorithm: Uint8Array;
  /** Names, DER. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Validity, DER. */
  readonly validity: Uint8Array;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly extensions: readonly RawExtension[];
}

export interface RawExtension {
  /** The content octets of the identifier, in hexadecimal. */
  readonly id: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** Cuts a certificate into its parts without judging what they say; the error says what is malformed. */
export function outlineOf(der: Uint8Array): Result<Outline, string> {
  const [tbs, algorithm, signature, ...rest] = derSequence(der) ?? [];
  if (tbs === undefined) return err("the certificate is not one DER sequence");
  if (algorithm?.tag !== SEQUENCE || signature?.tag !== BIT_STRING || rest.length > 0) {
    return err("the certificate is not a body, an algorithm and a signature");
  }
  const fields = tbs.tag === SEQUENCE ? derChildren(der, tbs) : undefined;
  if (fields === undefined) return err("the certificate's body is malformed");
  const version = versionOf(der, fields[0]);
  if (version === undefined) return err("the certificate's version is unknown");
  // RFC 5280 §4.1: [version] serial signature issuer validity subject subjectPublicKeyInfo … [extensions]
  const named = fields[0]?.tag === VERSION ? fields.slice(1) : fields;
  const [serial, , issuer, validity, subject, spki] = named;
  if (serial?.tag !== INTEGER) return err("the certificate has no serial number");
  if (issuer?.tag !== SEQUENCE || subject?.tag !== SEQUENCE) return err("the certificate has no names");
  if (validity?.tag !== SEQUENCE) return err("the certificate has no dates");
  if (spki?.tag !== SEQUENCE) return err("the certificate has no public key");
  const extensions = extensionsOf(der, named.slice(6));
  if (!extensions.ok) return extensions;
  const octets = (element: DerElement): Uint8Array => der.subarray(element.start, element.end);
  return ok({
    der,
    version,
    signatureAlgorithm: octets(algorithm),
    issuer: octets(issuer),
    subject: octets(subject),
    validity: octets(validity),
    spki: octets(spki),
    extensions: extensions.value,
  });
}

/** The two parts of a SubjectPublicKeyInfo; undefined when it is malformed. */
export function publicKeyOf(
  spki: Uint8Array,
): { readonly algorithm: Uint8Array; readonly key: Uint8Array } | undefined {
  const [algorithm, key, ...rest] = derSequence(spki) ?? [];
  if (algorithm?.tag !== SEQUENCE || key?.tag !== BIT_STRING || rest.length > 0) return undefined;
  // The first octet counts unused bits; a key has none.
  if (spki[key.content] !== 0) return undefined;
  return { algorithm: spki.subarray(algorithm.start, algorithm.end), key: spki.subarray(key.content + 1, key.end) };
}

function versionOf(der: Uint8Array, first: DerElement | undefined): number | undefined {
  if (first?.tag !== VERSION) return 1;
  const number = derElement(der, first.content, first.end);
  if (number?.tag !== INTEGER || number.end !== first.end) return undefined;
  const [version, ...rest] = derContent(der, number);
  return version !== undefined && version <= 2 && rest.length === 0 ? version + 1 : undefined;
}

function extensionsOf(der: Uint8Array, rest: readonly DerElement[]): Result<readonly RawExtension[], string> {
  const explicit = rest.find((field) => field.tag === EXTENSIONS);
  if (explicit === undefined) return ok([]);
  const list = derElement(der, explicit.content, explicit.end);
  const elements = list?.tag === SEQUENCE && list.end === explicit.end ? derChildren(der, list) : undefined;
  if (elements === undefined) return err("the certificate's extensions are malformed");
  const extensions: RawExtension[] = [];
  for (const element of elements) {
    const extension = extensionOf(der, element);
    if (extension === undefined) return err("an extension of the certificate is malformed");
    extensions.push(extension);
  }
  // RFC 5280 §4.2
  const distinct = new Set(extensions.map((extension) => extension.id));
  return distinct.size === extensions.length ? ok(extensions) : err("an extension stands twice in the certificate");
}

function extensionOf(der: Uint8Array, element: DerElement): RawExtension | undefined {
  const parts = element.tag === SEQUENCE ? (derChildren(der, element) ?? []) : [];
  const [id, critical, value] = parts.length === 2 ? [parts[0], undefined, parts[1]] : parts;
  if (id?.tag !== OBJECT_IDENTIFIER || value?.tag !== OCTET_STRING || parts.length > 3) return undefined;
  if (critical !== undefined && (critical.tag !== BOOLEAN || critical.end - critical.content !== 1)) return undefined;
  return {
    id: Buffer.from(derContent(der, id)).toString("hex"),
    critical: critical !== undefined && der[critical.content] !== 0,
    value: derContent(der, value),
  };
}

const SEQUENCE = 0x30;
const BOOLEAN = 0x01;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
/** [0] and [3] EXPLICIT of TBSCertificate. */
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
