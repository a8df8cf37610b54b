import { type Bytes, concat, utf8 } from "../../base/mod.ts";

/** What a chunk of a stream of netstrings brought. After a fault nothing more can be read from the stream. */
export interface Unwrapped {
  readonly strings: readonly Bytes[];
  readonly fault?: string;
}

/** Takes a stream of netstrings apart ("7:a value,"), however it is cut into chunks; holds at most one unfinished one. */
export interface NetstringDecoder {
  push(chunk: Bytes): Unwrapped;
}

/** `longest` is the most octets that one may hold. */
export function netstringDecoder(longest: number): NetstringDecoder {
  let held: Bytes = new Uint8Array(0);
  let broken: string | undefined;
  return {
    push(chunk) {
      if (broken !== undefined) return { strings: [], fault: broken };
      const octets = held.length === 0 ? chunk : concat([held, chunk]);
      const strings: Bytes[] = [];
      let at = 0;
      for (;;) {
        const next = read(octets, at, longest);
        if (next.kind === "value") {
          strings.push(next.value);
          at = next.end;
          continue;
        }
        if (next.kind === "error") broken = next.fault;
        // A copy, so that the rest of the chunk can go.
        held = next.kind === "error" ? new Uint8Array(0) : octets.slice(at);
        return { strings, ...(broken === undefined ? {} : { fault: broken }) };
      }
    },
  };
}

/** The netstring that holds `text` as UTF-8. */
export function netstring(text: string): Bytes {
  const octets = utf8(text).length;
  return utf8(`${octets}:${text},`);
}

type Read =
  | { readonly kind: "need-more" }
  | { readonly kind: "value"; readonly value: Bytes; readonly end: number }
  | { readonly kind: "error"; readonly fault: string };

function read(octets: Bytes, from: number, longest: number): Read {
  let length = 0;
  let at = from;
  for (; ; at++) {
    const octet = octets[at];
    if (octet === undefined) return NEED_MORE;
    if (octet === COLON && at > from) break;
    if (octet < ZERO || octet > NINE) return { kind: "error", fault: "a netstring begins with its length" };
    if (at > from && length === 0) return { kind: "error", fault: "the length of a netstring begins with no zero" };
    length = length * 10 + (octet - ZERO);
    if (length > longest) return { kind: "error", fault: `a netstring has more than ${longest} octets` };
  }
  const end = at + 1 + length;
  const comma = octets[end];
  if (comma === undefined) return NEED_MORE;
  if (comma !== COMMA) return { kind: "error", fault: "a netstring ends with a comma" };
  return { kind: "value", value: octets.slice(at + 1, end), end: end + 1 };
}

const NEED_MORE = { kind: "need-more" } as const;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const COMMA = 0x2c;
