import { type DerElement, derContent, derSequence } from "../der.ts";
import { directoryNameOf, type Rdn } from "./directory_name.ts";

/** One GeneralName (RFC 5280 §4.2.1.6) of a certificate, or, with a mask behind an address, of its constraints. */
export type GeneralName =
  /** As it stands there, one character for one octet. */
  | { readonly kind: "dns" | "email"; readonly name: string }
  | { readonly kind: "ip"; readonly octets: Uint8Array }
  | { readonly kind: "directory"; readonly rdns: readonly Rdn[] }
  /** A kind that nobody here understands; `tag` tells it apart. */
  | { readonly kind: "other"; readonly tag: number };

/** Reads GeneralNames; undefined when the list or a name in it is malformed. */
export function generalNamesOf(der: Uint8Array): readonly GeneralName[] | undefined {
  const names: GeneralName[] = [];
  for (const element of derSequence(der) ?? [NONE]) {
    const name = generalNameOf(der, element);
    if (name === undefined) return undefined;
    names.push(name);
  }
  return names;
}

/** Reads one GeneralName; undefined when it is malformed. */
export function generalNameOf(der: Uint8Array, element: DerElement): GeneralName | undefined {
  const octets = derContent(der, element);
  switch (element.tag) {
    case RFC822_NAME:
      return { kind: "email", name: Buffer.from(octets).toString("latin1") };
    case DNS_NAME:
      return { kind: "dns", name: Buffer.from(octets).toString("latin1") };
    case DIRECTORY_NAME: {
      const name = directoryNameOf(octets);
      return name === undefined ? undefined : { kind: "directory", rdns: name.rdns };
    }
    case IP_ADDRESS:
      return { kind: "ip", octets };
    default:
      return element.tag >= OTHER_NAME ? { kind: "other", tag: element.tag & 0x1f } : undefined;
  }
}

/** Stands for the names of a list that is none. */
const NONE: DerElement = { tag: 0, start: 0, content: 0, end: 0 };
/** Tags of the context class: [0] … [8]; [0], [3], [4] and [5] are constructed. */
const OTHER_NAME = 0x80;
const RFC822_NAME = 0x81;
const DNS_NAME = 0x82;
const DIRECTORY_NAME = 0xa4;
const IP_ADDRESS = 0x87;
