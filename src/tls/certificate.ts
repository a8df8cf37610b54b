import { err, ok, type Result } from "../base/mod.ts";
import { formatIpv6 } from "../mail/mod.ts";
import { derContent, derSequence } from "./der.ts";
import { type Outline, outlineOf } from "./x509/outline.ts";

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
  const outline = outlineOf(der);
  if (!outline.ok) return outline;
  const names = alternativeNames(outline.value);
  return names.ok ? ok({ names: names.value, spki: outline.value.spki }) : names;
}

function alternativeNames(outline: Outline): Result<PeerNames, string> {
  const extension = outline.extensions.find((one) => one.id === SUBJECT_ALT_NAME);
  return extension === undefined ? ok(NO_NAMES) : generalNames(extension.value);
}

function generalNames(value: Uint8Array): Result<PeerNames, string> {
  const entries = derSequence(value);
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

const NO_NAMES: PeerNames = { dns: [], ip: [] };
const SUBJECT_ALT_NAME = "551d11";
/** [2] and [7] IMPLICIT of GeneralName. */
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;
