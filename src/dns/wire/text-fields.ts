import type { Bytes } from "../../base/mod.ts";
import { concat } from "../../base/mod.ts";
import { parseIpv4, parseIpv6 } from "../../mail/mod.ts";
import { octets16, octets32 } from "./encode.ts";
import { nameWire, parseName } from "./name.ts";
import type { TextField } from "./text-forms.ts";
import type { Token } from "./text-tokens.ts";
import { tokenOctets } from "./text-tokens.ts";
import { typeNumber } from "./types.ts";

/** Readers of rdata fields in presentation form: those of one word are in SINGLE, those of all that is left in REST. */

function number(word: Token, most: number): number | undefined {
  const value = /^\d{1,10}$/.test(word.text) ? Number(word.text) : Number.NaN;
  return value <= most ? value : undefined;
}

function nameOctets({ text }: Token): Bytes | undefined {
  const name = parseName(text);
  return name.ok ? nameWire(name.value) : undefined;
}

function counted(octets: Bytes | undefined): Bytes | undefined {
  return octets === undefined || octets.length > 255 ? undefined : concat([Uint8Array.of(octets.length), octets]);
}

function u8Octets(word: Token): Bytes | undefined {
  const value = number(word, 0xff);
  return value === undefined ? undefined : Uint8Array.of(value);
}

function algorithmOctets(word: Token): Bytes | undefined {
  const value = ALGORITHMS.get(word.text.toUpperCase());
  return value === undefined ? u8Octets(word) : Uint8Array.of(value);
}

function u16Octets(word: Token): Bytes | undefined {
  const value = number(word, 0xffff);
  return value === undefined ? undefined : octets16(value);
}

function u32Octets(word: Token): Bytes | undefined {
  const value = number(word, 0xffffffff);
  return value === undefined ? undefined : octets32(value);
}

function typeOctets({ text }: Token): Bytes | undefined {
  const type = typeNumber(text);
  return type === undefined ? undefined : octets16(type);
}

// RFC 4034 §3.2
function timeOctets(word: Token): Bytes | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(word.text)?.slice(1).map(Number);
  if (parts === undefined) return u32Octets(word);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  return octets32((Date.UTC(year, month - 1, day, hour, minute, second) / 1000) >>> 0);
}

function ipv4Octets({ text }: Token): Bytes | undefined {
  const octets = parseIpv4(text);
  return octets && Uint8Array.from(octets);
}

function ipv6Octets({ text }: Token): Bytes | undefined {
  const groups = parseIpv6(text);
  return groups && concat(groups.map(octets16));
}

export function hexOctets(text: string): Bytes | undefined {
  return /^(?:[0-9a-fA-F]{2})*$/.test(text) ? new Uint8Array(Buffer.from(text, "hex")) : undefined;
}

function base64Octets(text: string): Bytes | undefined {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? new Uint8Array(Buffer.from(text, "base64")) : undefined;
}

/** Base32hex without padding (RFC 4648 §7). */
export function base32HexOctets(text: string): Bytes | undefined {
  const octets: number[] = [];
  let held = 0;
  let bits = 0;
  for (const character of text.toLowerCase()) {
    const value = BASE32HEX.indexOf(character);
    if (value < 0) return undefined;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      octets.push((held >> bits) & 0xff);
    }
  }
  return Uint8Array.from(octets);
}

/** The type bit maps of NSEC and NSEC3 from type names. */
// RFC 4034 §4.1.2
export function bitmapOctets(types: readonly number[]): Bytes {
  const windows = Map.groupBy([...new Set(types)], (type) => type >> 8);
  const blocks = [...windows]
    .sort(([left], [right]) => left - right)
    .map(([window, members]) => {
      const bits = new Uint8Array((Math.max(...members.map((type) => type & 0xff)) >> 3) + 1);
      for (const type of members) bits[(type & 0xff) >> 3] = (bits[(type & 0xff) >> 3] ?? 0) | (0x80 >> (type & 7));
      return concat([Uint8Array.of(window, bits.length), bits]);
    });
  return concat([new Uint8Array(), ...blocks]);
}

function typesOctets(words: readonly Token[]): Bytes | undefined {
  const types = words.map(({ text }) => typeNumber(text));
  return types.every((type) => type !== undefined) ? bitmapOctets(types) : undefined;
}

function stringsOctets(words: readonly Token[]): Bytes | undefined {
  const strings = words.map((word) => counted(tokenOctets(word)));
  return words.length > 0 && strings.every((string) => string !== undefined) ? concat(strings) : undefined;
}

export function joined(words: readonly Token[]): string {
  return words.map(({ text }) => text).join("");
}

const BASE32HEX = "0123456789abcdefghijklmnopqrstuv";
const ALGORITHMS: ReadonlyMap<string, number> = new Map([
  ["RSAMD5", 1],
  ["DH", 2],
  ["DSA", 3],
  ["RSASHA1", 5],
  ["DSA-NSEC3-SHA1", 6],
  ["RSASHA1-NSEC3-SHA1", 7],
  ["RSASHA256", 8],
  ["RSASHA512", 10],
  ["ECC-GOST", 12],
  ["ECDSAP256SHA256", 13],
  ["ECDSAP384SHA384", 14],
  ["ED25519", 15],
  ["ED448", 16],
]);
export const SINGLE: ReadonlyMap<TextField, (word: Token) => Bytes | undefined> = new Map([
  ["u8", u8Octets],
  ["u16", u16Octets],
  ["u32", u32Octets],
  ["algorithm", algorithmOctets],
  ["name", nameOctets],
  ["string", (word: Token) => counted(tokenOctets(word))],
  ["ipv4", ipv4Octets],
  ["ipv6", ipv6Octets],
  ["type", typeOctets],
  ["time", timeOctets],
  ["salt", ({ text }: Token) => counted(text === "-" ? new Uint8Array() : hexOctets(text))],
  ["hash", ({ text }: Token) => counted(base32HexOctets(text))],
  ["tag", (word: Token) => counted(tokenOctets(word))],
]);
export const REST: ReadonlyMap<TextField, (words: readonly Token[]) => Bytes | undefined> = new Map([
  ["strings", stringsOctets],
  ["text", (words: readonly Token[]) => (words[0] === undefined ? undefined : tokenOctets(words[0]))],
  ["hex", (words: readonly Token[]) => hexOctets(joined(words))],
  ["base64", (words: readonly Token[]) => base64Octets(joined(words))],
  ["types", typesOctets],
]);
