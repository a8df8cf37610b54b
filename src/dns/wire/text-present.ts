import type { Bytes } from "../../base/mod.ts";
import type { RawRecord } from "./message.ts";
import { absoluteText } from "./name.ts";
import { decodeA, decodeAaaa } from "./rdata.ts";
import { decodeBitmap } from "./rdata-dnssec.ts";
import { readName, u16, u32, u8 } from "./reader.ts";
import type { TextField } from "./text-forms.ts";
import { textForm } from "./text-forms.ts";
import { typeName } from "./types.ts";

/** One line `owner ttl IN type rdata`, as zone files have it. */
export function presentRecord(record: RawRecord): string {
  return `${absoluteText(record.owner)} ${record.ttl} IN ${typeName(record.type)} ${presentRdata(record)}`;
}

/** Rdata in presentation form; `\# length hex` for unknown types and for octets that are not of their type's form. */
// RFC 3597 §5
export function presentRdata({ type, rdata }: { readonly type: number; readonly rdata: Bytes }): string {
  const form = textForm(type);
  return (form && byForm(form, rdata)) ?? `\\# ${rdata.length} ${hex(rdata)}`.trimEnd();
}

function byForm(form: readonly TextField[], rdata: Bytes): string | undefined {
  const words: string[] = [];
  let at = 0;
  for (const field of form) {
    const shown = SHOW[field](rdata, at);
    if (shown === undefined || shown.end > rdata.length) return undefined;
    if (shown.text !== "") words.push(shown.text);
    at = shown.end;
  }
  return at === rdata.length ? words.join(" ") : undefined;
}

interface Shown {
  readonly text: string;
  readonly end: number;
}

function hex(octets: Bytes): string {
  return Buffer.from(octets).toString("hex");
}

function quoted(octets: Bytes): string {
  let text = "";
  for (const octet of octets) {
    const character = String.fromCharCode(octet);
    if (octet < 0x20 || octet > 0x7e) text += `\\${String(octet).padStart(3, "0")}`;
    else text += character === '"' || character === "\\" ? `\\${character}` : character;
  }
  return `"${text}"`;
}

function counted(show: (octets: Bytes) => string): (rdata: Bytes, at: number) => Shown {
  return (rdata, at) => {
    const end = at + 1 + u8(rdata, at);
    return { text: show(rdata.subarray(at + 1, end)), end };
  };
}

function rest(show: (octets: Bytes) => string | undefined): (rdata: Bytes, at: number) => Shown | undefined {
  return (rdata, at) => {
    const text = show(rdata.subarray(at));
    return text === undefined ? undefined : { text, end: rdata.length };
  };
}

function name(rdata: Bytes, at: number): Shown | undefined {
  const read = readName(rdata, at);
  return read.ok ? { text: absoluteText(read.value.name), end: read.value.end } : undefined;
}

function time(rdata: Bytes, at: number): Shown {
  const iso = new Date(u32(rdata, at) * 1000).toISOString();
  return { text: iso.slice(0, 19).replaceAll(/[-:T]/g, ""), end: at + 4 };
}

function strings(octets: Bytes): string | undefined {
  const found: string[] = [];
  for (let at = 0; at < octets.length; ) {
    const end = at + 1 + u8(octets, at);
    if (end > octets.length) return undefined;
    found.push(quoted(octets.subarray(at + 1, end)));
    at = end;
  }
  return found.length === 0 ? undefined : found.join(" ");
}

function types(octets: Bytes): string | undefined {
  const bitmap = decodeBitmap(octets);
  return bitmap && [...bitmap].map(typeName).join(" ");
}

/** Lower-case base32hex without padding. */
// RFC 5155 §3.3, RFC 4648 §7
export function base32Hex(octets: Bytes): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const octet of octets) {
    held = (held << 8) | octet;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((held >> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET.charAt((held << (5 - bits)) & 31) : text;
}

const ALPHABET = "0123456789abcdefghijklmnopqrstuv";
const SHOW: { readonly [Field in TextField]: (rdata: Bytes, at: number) => Shown | undefined } = {
  u8: (rdata, at) => ({ text: String(u8(rdata, at)), end: at + 1 }),
  u16: (rdata, at) => ({ text: String(u16(rdata, at)), end: at + 2 }),
  u32: (rdata, at) => ({ text: String(u32(rdata, at)), end: at + 4 }),
  algorithm: (rdata, at) => ({ text: String(u8(rdata, at)), end: at + 1 }),
  name,
  string: counted(quoted),
  ipv4: (rdata, at) => ({ text: decodeA(rdata.subarray(at, at + 4)) ?? "", end: at + 4 }),
  ipv6: (rdata, at) => ({ text: decodeAaaa(rdata.subarray(at, at + 16)) ?? "", end: at + 16 }),
  type: (rdata, at) => ({ text: typeName(u16(rdata, at)), end: at + 2 }),
  time,
  salt: counted((octets) => (octets.length === 0 ? "-" : hex(octets))),
  hash: counted(base32Hex),
  tag: counted((octets) => String.fromCharCode(...octets)),
  strings: rest(strings),
  text: rest(quoted),
  hex: rest(hex),
  base64: rest((octets) => Buffer.from(octets).toString("base64")),
  types: rest(types),
};
