import type { Bytes, Result } from "../../base/mod.ts";
import { err, ok } from "../../base/mod.ts";

/**
 * A domain name as octets: at most 127 labels of 1 to 63 octets, at most 255 octets on the wire (RFC 1035 §2.3.4).
 * Made only here, so every `Name` keeps these bounds; always absolute.
 */
export interface Name {
  /** From the left-most label to the top one; the root has none. Case is kept. */
  readonly labels: readonly Bytes[];
  /** Length octet and lower-case label for each label, one character per octet. Equal names, and only these, have equal keys. */
  readonly key: string;
}

export type NameFault = "empty-label" | "label-too-long" | "name-too-long" | "bad-escape" | "not-ascii";

export function nameFromLabels(labels: readonly Bytes[]): Result<Name, NameFault> {
  let key = "";
  for (const label of labels) {
    if (label.length === 0) return err("empty-label");
    if (label.length > MOST_LABEL_OCTETS) return err("label-too-long");
    key += labelKey(label);
  }
  return key.length + 1 > MOST_NAME_OCTETS ? err("name-too-long") : ok({ labels, key });
}

/** Reads presentation form with `\X` and `\DDD` escapes (RFC 1035 §5.1); a trailing dot makes no difference; "" and "." are the root. */
export function parseName(text: string): Result<Name, NameFault> {
  const labels: Bytes[] = [];
  let label: number[] = [];
  if (text === "" || text === ".") return ok(ROOT);
  if (text.length > LONGEST_TEXT) return err("name-too-long");
  for (let at = 0; at < text.length; ) {
    if (text[at] === ".") {
      labels.push(Uint8Array.from(label));
      label = [];
      at++;
      continue;
    }
    const octet = readOctet(text, at);
    if (!octet.ok) return octet;
    label.push(octet.value.octet);
    at += octet.value.length;
  }
  if (label.length > 0) labels.push(Uint8Array.from(label));
  return nameFromLabels(labels);
}

/** `parseName` for names written in the program and in tests; throws on a name that is none. */
export function nameOf(text: string): Name {
  const parsed = parseName(text);
  if (!parsed.ok) throw new Error(`Cannot read "${text}" as a domain name: ${parsed.error}`);
  return parsed.value;
}

/** Presentation form without the trailing dot, case kept; the root is "". */
export function nameText(name: Name): string {
  return name.labels.map(labelText).join(".");
}

/** Presentation form with the trailing dot, as zone files have it. */
export function absoluteText(name: Name): string {
  return `${nameText(name)}.`;
}

/** Uncompressed wire form, case kept. */
export function nameWire(name: Name): Bytes {
  const wire = new Uint8Array(wireLength(name));
  let at = 0;
  for (const label of name.labels) {
    wire[at] = label.length;
    wire.set(label, at + 1);
    at += label.length + 1;
  }
  return wire;
}

/** Uncompressed wire form in lower case (RFC 4034 §6.2). */
export function canonicalWire(name: Name): Bytes {
  const wire = new Uint8Array(wireLength(name));
  for (let at = 0; at < name.key.length; at++) wire[at] = name.key.charCodeAt(at);
  return wire;
}

/** Octets on the wire, with the root's. */
export function wireLength(name: Name): number {
  return name.key.length + 1;
}

/** The same name in lower case. */
export function lowerName(name: Name): Name {
  return { labels: name.labels.map(lowerLabel), key: name.key };
}

/** The length octet and the lower-case octets of one label, one character each. */
export function labelKey(label: Bytes): string {
  let key = String.fromCharCode(label.length);
  for (const octet of label) key += String.fromCharCode(lowerOctet(octet));
  return key;
}

export function lowerOctet(octet: number): number {
  return octet >= UPPER_A && octet <= UPPER_Z ? octet + 32 : octet;
}

function lowerLabel(label: Bytes): Bytes {
  return label.map(lowerOctet);
}

function labelText(label: Bytes): string {
  let text = "";
  for (const octet of label) {
    const character = String.fromCharCode(octet);
    if (octet <= 0x20 || octet >= 0x7f) text += `\\${String(octet).padStart(3, "0")}`;
    else if (SPECIAL.has(character)) text += `\\${character}`;
    else text += character;
  }
  return text;
}

/** One octet of presentation form, escaped or not, and how many characters it took. */
export function readOctet(text: string, at: number): Result<{ octet: number; length: number }, NameFault> {
  const code = text.charCodeAt(at);
  if (code > 0x7e) return err("not-ascii");
  if (code !== BACKSLASH) return ok({ octet: code, length: 1 });
  const digits = text.slice(at + 1, at + 4);
  if (/^\d/.test(digits)) {
    return /^\d{3}$/.test(digits) && Number(digits) <= 255
      ? ok({ octet: Number(digits), length: 4 })
      : err("bad-escape");
  }
  const escaped = text.charCodeAt(at + 1);
  return Number.isNaN(escaped) || escaped > 0x7e ? err("bad-escape") : ok({ octet: escaped, length: 2 });
}

export const ROOT: Name = { labels: [], key: "" };
export const MOST_NAME_OCTETS = 255;
export const MOST_LABEL_OCTETS = 63;
/** In presentation form an octet takes four characters at most. */
const LONGEST_TEXT = 4 * MOST_NAME_OCTETS;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const BACKSLASH = 0x5c;
/** Characters that presentation form escapes (RFC 1035 §5.1, RFC 4343 §2.1). */
const SPECIAL: ReadonlySet<string> = new Set([".", '"', "(", ")", ";", "@", "$", "\\"]);
