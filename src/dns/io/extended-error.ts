import { u16 } from "../wire/reader.ts";
import type { Message } from "../wire/message.ts";
import { OPTION } from "../wire/message.ts";

/** The extended errors of a reply as text for the operator, or undefined when it has none (RFC 8914 §2). */
// RFC 8914 §3: text for people, which decides nothing
export function extendedErrorText(message: Message): string | undefined {
  const found = (message.edns?.options ?? []).filter(
    (option) => option.code === OPTION.EXTENDED_ERROR && option.data.length >= 2,
  );
  if (found.length === 0) return undefined;
  return found
    .slice(0, MOST_SHOWN)
    .map((option) => describe(option.data))
    .join(", ");
}

function describe(data: Uint8Array): string {
  const code = u16(data, 0);
  const extra = String.fromCharCode(...data.subarray(2, 2 + MOST_TEXT).map((octet) => (isPlain(octet) ? octet : 0x3f)));
  const name = NAMES.get(code) ?? `extended error ${code}`;
  return extra === "" ? name : `${name}: ${extra}`;
}

function isPlain(octet: number): boolean {
  return octet >= 0x20 && octet < 0x7f;
}

const MOST_SHOWN = 3;
const MOST_TEXT = 120;
const NAMES: ReadonlyMap<number, string> = new Map([
  [0, "other error"],
  [3, "stale answer"],
  [6, "DNSSEC bogus"],
  [7, "signature expired"],
  [8, "signature not yet valid"],
  [9, "DNSKEY missing"],
  [10, "RRSIGs missing"],
  [11, "no zone key"],
  [12, "NSEC missing"],
  [13, "cached error"],
  [14, "not ready"],
  [15, "blocked"],
  [16, "censored"],
  [17, "filtered"],
  [18, "prohibited"],
  [20, "not authoritative"],
  [22, "no reachable authority"],
  [23, "network error"],
]);
