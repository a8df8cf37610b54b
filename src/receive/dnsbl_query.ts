import { unreachable } from "../base/mod.ts";
import type { Answer } from "../dns/mod.ts";
import { readAddress } from "./clients_address.ts";

/** What one list says of one address. */
export type DnsblVerdict =
  | { readonly kind: "listed"; readonly codes: readonly string[] }
  | { readonly kind: "not-listed" }
  /** No list that works answers so; whom it lists means nothing. */
  | { readonly kind: "broken"; readonly detail: string }
  /** Nothing was learnt. */
  | { readonly kind: "failed"; readonly detail: string };

/** The name to ask for: octets or nibbles backwards, below the zone (RFC 5782 §2.1, §2.4). undefined for what is no address. */
export function dnsblName(address: string, zone: string): string | undefined {
  const read = readAddress(address);
  if (read === undefined) return undefined;
  if (read.family === "ipv4") return ipv4Name(read.value, zone);
  return ipv6Name(read.groups, zone);
}

/** The test entry of IPv6, which must stand there, or the one that must not (RFC 5782 §5). */
export function ipv6TestName(last: 1 | 2, zone: string): string {
  return ipv6Name([0, 0, 0, 0, 0, 0xffff, 0x7f00, last], zone);
}

/**
 * Judges what a list answers. `wanted` says which codes count as a listing. A code that is no listing at all makes the
 * whole answer broken: a domain that was sold answers every name with the address of a web site.
 */
export function judgeAnswer(answer: Answer<string>, wanted: (code: string) => boolean): DnsblVerdict {
  switch (answer.kind) {
    case "failure":
      return { kind: "failed", detail: answer.detail };
    case "nodata":
    case "nxdomain":
      return { kind: "not-listed" };
    case "data": {
      const odd = answer.records.find((code) => !isListing(code));
      if (odd !== undefined) return { kind: "broken", detail: `it answers ${odd}, which is no listing` };
      const codes = answer.records.filter((code) => wanted(code));
      return codes.length === 0 ? { kind: "not-listed" } : { kind: "listed", codes };
    }
    default:
      return unreachable(answer);
  }
}

/** What a list says of itself in TXT, made fit for a reply. */
export function printable(text: string): string {
  return text.slice(0, LONGEST_TEXT).replace(UNPRINTABLE, "?").trim();
}

/**
 * RFC 5782 §2.1: a listing is an address in 127/8, and 127.0.0.1 is none. Operators say by 127.255.255.x that they do not
 * answer this asker.
 */
function isListing(code: string): boolean {
  return code.startsWith("127.") && code !== "127.0.0.1" && !code.startsWith("127.255.255.");
}

function ipv4Name(value: number, zone: string): string {
  const octets = [value % 256, (value >>> 8) % 256, (value >>> 16) % 256, value >>> 24];
  return `${octets.join(".")}.${zone}`;
}

function ipv6Name(groups: readonly number[], zone: string): string {
  const nibbles = groups.flatMap((group) => [group >> 12, (group >> 8) & 15, (group >> 4) & 15, group & 15]);
  return `${nibbles
    .reverse()
    .map((nibble) => nibble.toString(16))
    .join(".")}.${zone}`;
}

const UNPRINTABLE = /[^\x20-\x7e]/g;
const LONGEST_TEXT = 200;
