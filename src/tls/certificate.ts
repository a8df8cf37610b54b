import { err, ok, type Result } from "../base/mod.ts";
import { formatIpv6 } from "../mail/mod.ts";
import { type DerElement, derChildren, derContent, derElement } from "./der.ts";

/** The identifiers that a certificate presents (RFC 5280 §4.2.1.6). The subject's common name is none (RFC 9525 §6.3). */
export interface PeerNames {
  /** dNSName entries as they stand there, wildcards included. */
  readonly dns: readonly string[];
  /** iPAddress entries in textual form. */
  readonly ip: readonly string[];
}

/** What the verifier needs from a certificate and the library does not give octet for octet. */
export interface CertificateFields {
  readonly names: PeerNames;
  /** SubjectPublicKeyInfo, DER as it stands in the certificate. */
  readonly spki: Uint8Array;
}

/** Reads a certificate's identifiers and key without judging them; an error says what is malformed. */
export function readCertificate(der: Uint8Array): Result<CertificateFields, string> {
  const whole = derElement(der, 0);
  if (whole === undefined || whole.tag !== SEQUENCE || whole.end !== der.length) {
    return err("the certificate is not one DER sequence");
  }
  const tbs = derChildren(der, whole)?.[0];
  const fields = tbs?.tag === SEQUENCE ? derChildren(der, tbs) : undefined;
  if (fields === undefined) return err("the certificate's body is malformed");
  // RFC 5280 §4.1: [version] serial signature issuer validity subject subjectPublicKeyInfo … [extensions]
  const spki = fields[fields[0]?.tag === VERSION ? 6 : 5];
  if (spki === undefined || spki.tag !== SEQUENCE) return err("the certificate has no public key");
  const names = alternativeNames(der, fields);
  if (!names.ok) return names;
  return ok({ names: names.value, spki: der.subarray(spki.start, spki.end) });
}

function alternativeNames(der: Uint8Array, fields: readonly DerElement[]): Result<PeerNames, string> {
  const extensions = extensionsOf(der, fields);
  if (extensions === undefined) return err("the certificate's extensions are malformed");
  const found: Uint8Array[] = [];
  for (const extension of extensions) {
    const parts = derChildren(der, extension);
    const identifier = parts?.[0];
    const value = parts?.at(-1);
    if (identifier === undefined || value === undefined) return err("an extension of the certificate is malformed");
    if (value.tag === OCTET_STRING && isSubjectAltName(derContent(der, identifier))) found.push(derContent(der, value));
  }
  // RFC 5280 §4.2: no extension stands twice.
  if (found.length > 1) return err("the certificate has more than one subjectAltName");
  return found[0] === undefined ? ok(NO_NAMES) : generalNames(found[0]);
}

function extensionsOf(der: Uint8Array, fields: readonly DerElement[]): readonly DerElement[] | undefined {
  const explicit = fields.find((field) => field.tag === EXTENSIONS);
  if (explicit === undefined) return [];
  const list = derChildren(der, explicit)?.[0];
  return list?.tag === SEQUENCE ? derChildren(der, list) : undefined;
}

function generalNames(value: Uint8Array): Result<PeerNames, string> {
  const list = derElement(value, 0);
  const entries = list?.tag === SEQUENCE && list.end === value.length ? derChildren(value, list) : undefined;
  if (entries === undefined) return err("the certificate's subjectAltName is malformed");
  const dns: string[] = [];
  const ip: string[] = [];
  for (const entry of entries) {
    const octets = derContent(value, entry);
    if (entry.tag === DNS_NAME) dns.push(latin1(octets));
    else if (entry.tag === IP_ADDRESS) {
      const address = addressText(octets);
      if (address !== undefined) ip.push(address);
    }
  }
  return ok({ dns, ip });
}

function addressText(octets: Uint8Array): string | undefined {
  if (octets.length === 4) return octets.join(".");
  if (octets.length !== 16) return undefined;
  const view = new DataView(octets.buffer, octets.byteOffset, 16);
  return formatIpv6(Array.from({ length: 8 }, (_, at) => view.getUint16(at * 2)));
}

function latin1(octets: Uint8Array): string {
  let text = "";
  for (const octet of octets) text += String.fromCharCode(octet);
  return text;
}

function isSubjectAltName(identifier: Uint8Array): boolean {
  return identifier.length === 3 && identifier[0] === 0x55 && identifier[1] === 0x1d && identifier[2] === 0x11;
}

const NO_NAMES: PeerNames = { dns: [], ip: [] };
const SEQUENCE = 0x30;
const OCTET_STRING = 0x04;
/** [0] and [3] EXPLICIT of TBSCertificate. */
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
/** [2] and [7] IMPLICIT of GeneralName. */
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;
