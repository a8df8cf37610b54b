import type { Bytes, Random } from "../../base/mod.ts";
import { encodeQuery } from "../wire/encode.ts";
import { OPTION } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { wireLength } from "../wire/name.ts";
import { CLASS_IN } from "../wire/types.ts";
import type { Asked } from "./match.ts";

/** What is asked of servers, and how. */
export interface Asking {
  readonly name: Name;
  readonly type: number;
  /** Checking disabled: the server hands out what it has, and we judge it (RFC 4035 §3.2.2). */
  readonly cd: boolean;
}

/** One query as octets, with what a reply is held against. */
export interface Query {
  readonly octets: Bytes;
  readonly asked: Asked;
  readonly cookie: Bytes;
}

export interface QueryStyle {
  readonly cookie: Bytes;
  /** Random case in the name, which an honest reply repeats: some more bits for a forger to guess. */
  readonly mixCase: boolean;
  /** Pads to a common length, for encrypted transport. */
  readonly padded: boolean;
}

export function buildQuery(asking: Asking, style: QueryStyle, random: Random): Query {
  const name = style.mixCase ? mixedCase(asking.name, random) : asking.name;
  const id = random.below(0x10000);
  // RFC 4035 §4.1, §4.6, §4.9.1
  const octets = encodeQuery({
    id,
    name,
    type: asking.type,
    rd: true,
    cd: asking.cd,
    do: true,
    udpSize: UDP_SIZE,
    cookie: style.cookie,
    options: style.padded ? [padding(asking, style.cookie)] : [],
  });
  const asked = { id, name, type: asking.type, class: CLASS_IN, exactCase: style.mixCase };
  return { octets, asked, cookie: style.cookie };
}

// RFC 8467 §4.1
function padding(asking: Asking, cookie: Bytes): { readonly code: number; readonly data: Bytes } {
  const bare = HEADER_AND_OPT + wireLength(asking.name) + cookie.length;
  return { code: OPTION.PADDING, data: new Uint8Array((PAD_BLOCK - (bare % PAD_BLOCK)) % PAD_BLOCK) };
}

function mixedCase(name: Name, random: Random): Name {
  const labels = name.labels.map((label) => {
    const coins = random.bytes(label.length);
    return label.map((octet, at) => (isLetter(octet) && ((coins[at] ?? 0) & 1) === 1 ? octet ^ CASE_BIT : octet));
  });
  return { labels, key: name.key };
}

function isLetter(octet: number): boolean {
  const lower = octet | CASE_BIT;
  return lower >= 0x61 && lower <= 0x7a;
}

// RFC 6891 §6.2.3
/** The largest UDP answer that crosses the Internet unbroken (RFC 9715 §3.1 names 1400 at most; 1232 fits IPv6's least MTU). */
export const UDP_SIZE = 1232;
const CASE_BIT = 0x20;
const PAD_BLOCK = 128;
/** Header 12, type and class 4, OPT 11, heads of the cookie and padding options 4 each. */
const HEADER_AND_OPT = 35;
