import { fromStrictUtf8 } from "../../base/mod.ts";
import { type DerElement, derChildren, derContent, derSequence } from "../der.ts";

/** One relative distinguished name, in a form in which names that are equal (RFC 5280 §7.1) are equal strings. */
export type Rdn = string;

export interface DirectoryName {
  readonly rdns: readonly Rdn[];
  /** The values of its common names. */
  readonly commonNames: readonly string[];
  readonly emails: readonly string[];
}

/** Reads a Name (RFC 5280 §4.1.2.4); undefined when it is malformed. */
export function directoryNameOf(der: Uint8Array): DirectoryName | undefined {
  const rdns: Rdn[] = [];
  const attributes: Attribute[] = [];
  for (const set of derSequence(der) ?? [MALFORMED]) {
    const members = set.tag === SET ? derChildren(der, set) : undefined;
    if (members === undefined || members.length === 0) return undefined;
    const parts: string[] = [];
    for (const member of members) {
      const attribute = attributeOf(der, member);
      if (attribute === undefined) return undefined;
      attributes.push(attribute);
      parts.push(JSON.stringify([attribute.type, attribute.key]));
    }
    rdns.push(parts.toSorted().join("+"));
  }
  const texts = (type: string): readonly string[] =>
    attributes.flatMap((one) => (one.type === type && one.text !== undefined ? [one.text] : []));
  return { rdns, commonNames: texts(COMMON_NAME), emails: texts(EMAIL_ADDRESS) };
}

/** Whether `name` is `base` or lies below it (RFC 5280 §4.2.1.10). */
export function isBelow(name: readonly Rdn[], base: readonly Rdn[]): boolean {
  return base.length <= name.length && base.every((rdn, at) => rdn === name[at]);
}

interface Attribute {
  readonly type: string;
  readonly key: string;
  readonly text: string | undefined;
}

function attributeOf(der: Uint8Array, member: DerElement): Attribute | undefined {
  const [type, value, ...rest] = member.tag === SEQUENCE ? (derChildren(der, member) ?? []) : [];
  if (type?.tag !== OBJECT_IDENTIFIER || value === undefined || rest.length > 0) return undefined;
  const octets = derContent(der, value);
  const text = textOf(value.tag, octets);
  return {
    type: hex(derContent(der, type)),
    key: text === undefined ? `#${value.tag} ${hex(octets)}` : `=${folded(text)}`,
    text,
  };
}

function textOf(tag: number, octets: Uint8Array): string | undefined {
  switch (tag) {
    case UTF8_STRING:
      return fromStrictUtf8(octets);
    case BMP_STRING:
      return octets.length % 2 === 0 ? Buffer.from(octets).swap16().toString("utf16le") : undefined;
    case PRINTABLE_STRING:
    case IA5_STRING:
    case TELETEX_STRING:
      return Buffer.from(octets).toString("latin1");
    default:
      return undefined;
  }
}

/** Letter case and the amount of white space do not tell names apart. */
function folded(text: string): string {
  // RFC 5280 §7.1
  return text.normalize("NFKC").toLowerCase().trim().replaceAll(SPACES, " ");
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString("hex");
}

/** Stands for the parts of a name that is none. */
const MALFORMED: DerElement = { tag: 0, start: 0, content: 0, end: 0 };
const SEQUENCE = 0x30;
const SET = 0x31;
const OBJECT_IDENTIFIER = 0x06;
const UTF8_STRING = 0x0c;
const PRINTABLE_STRING = 0x13;
const TELETEX_STRING = 0x14;
const IA5_STRING = 0x16;
const BMP_STRING = 0x1e;
const COMMON_NAME = "550403";
const EMAIL_ADDRESS = "2a864886f70d010901";
const SPACES = /\s+/g;
