import type { Bytes } from "../../base/mod.ts";
import type { Name } from "./name.ts";

/** One resource record; names inside `rdata` are decompressed for the types that may compress them (RFC 3597 §4). */
export interface RawRecord {
  readonly owner: Name;
  readonly type: number;
  readonly class: number;
  /** Seconds, 0 to 2^31-1 (RFC 2181 §8). */
  readonly ttl: number;
  readonly rdata: Bytes;
}

export interface Question {
  readonly name: Name;
  readonly type: number;
  readonly class: number;
}

export interface Flags {
  readonly qr: boolean;
  readonly aa: boolean;
  readonly tc: boolean;
  readonly rd: boolean;
  readonly ra: boolean;
  readonly ad: boolean;
  readonly cd: boolean;
}

export interface EdnsOption {
  readonly code: number;
  readonly data: Bytes;
}

/** The OPT record (RFC 6891 §6.1); its part of the response code is already in `Message.rcode`. */
export interface Edns {
  readonly udpSize: number;
  readonly do: boolean;
  readonly version: number;
  readonly options: readonly EdnsOption[];
}

/** A DNS message (RFC 1035 §4). The OPT record is in `edns` and not in `additional`. */
export interface Message {
  readonly id: number;
  readonly opcode: number;
  readonly flags: Flags;
  /** With the upper bits of EDNS; see RCODE. */
  readonly rcode: number;
  readonly question: readonly Question[];
  readonly answer: readonly RawRecord[];
  readonly authority: readonly RawRecord[];
  readonly additional: readonly RawRecord[];
  readonly edns?: Edns;
}

/** Why octets are no message. `at` is the offset where reading stopped. */
export interface WireFault {
  readonly kind:
    | "too-short"
    | "too-long"
    | "bad-label"
    | "bad-pointer"
    | "name-too-long"
    | "bad-rdata"
    | "bad-opt"
    | "trailing-octets";
  readonly at: number;
}

/** Response codes (RFC 1035 §4.1.1, RFC 6895 §2.3). */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  BADVERS: 16,
  BADCOOKIE: 23,
} as const;

export const OPTION = { COOKIE: 10, PADDING: 12, EXTENDED_ERROR: 15 } as const;

export function rcodeName(rcode: number): string {
  return RCODE_NAMES.get(rcode) ?? `RCODE${rcode}`;
}

const RCODE_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(RCODE).map(([name, code]) => [code, name]));
