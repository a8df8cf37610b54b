import type { Bytes } from "../../base/mod.ts";
import { concat } from "../../base/mod.ts";
import type { Edns, EdnsOption, Message, RawRecord } from "./message.ts";
import { OPTION } from "./message.ts";
import type { Name } from "./name.ts";
import { nameWire, ROOT } from "./name.ts";
import { CLASS_IN, TYPE } from "./types.ts";

export interface QueryParts {
  readonly id: number;
  readonly name: Name;
  readonly type: number;
  readonly rd: boolean;
  readonly cd: boolean;
  /** Asks for DNSSEC records (RFC 3225 §3). */
  readonly do: boolean;
  /** The largest UDP answer that is welcome; without it the query has no OPT record. */
  readonly udpSize?: number;
  /** Client cookie, or client and server cookie (RFC 7873 §4). */
  readonly cookie?: Bytes;
  readonly options?: readonly EdnsOption[];
}

/** One question with its header, and an OPT record when `udpSize` is given. */
export function encodeQuery(query: QueryParts): Bytes {
  const options = [...(query.options ?? [])];
  if (query.cookie !== undefined) options.push({ code: OPTION.COOKIE, data: query.cookie });
  const message: Message = {
    id: query.id,
    opcode: 0,
    flags: { qr: false, aa: false, tc: false, rd: query.rd, ra: false, ad: false, cd: query.cd },
    rcode: 0,
    question: [{ name: query.name, type: query.type, class: CLASS_IN }],
    answer: [],
    authority: [],
    additional: [],
  };
  if (query.udpSize === undefined) return encodeMessage(message);
  return encodeMessage({ ...message, edns: { udpSize: query.udpSize, do: query.do, version: 0, options } });
}

/** A message without compression; `rcode` beyond 15 needs `edns`. May exceed what a transport carries. */
export function encodeMessage(message: Message): Bytes {
  const opt = message.edns === undefined ? [] : [optRecord(message.edns, message.rcode)];
  const sections = [message.answer, message.authority, [...message.additional, ...opt]];
  const header = concat([
    octets16(message.id),
    octets16(flagBits(message)),
    octets16(message.question.length),
    ...sections.map((section) => octets16(section.length)),
  ]);
  const questions = message.question.flatMap((asked) => [
    nameWire(asked.name),
    octets16(asked.type),
    octets16(asked.class),
  ]);
  return concat([header, ...questions, ...sections.flat().flatMap(recordParts)]);
}

export function octets16(value: number): Bytes {
  return Uint8Array.of(value >> 8, value);
}

export function octets32(value: number): Bytes {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

function recordParts(record: RawRecord): Bytes[] {
  return [
    nameWire(record.owner),
    octets16(record.type),
    octets16(record.class),
    octets32(record.ttl),
    octets16(record.rdata.length),
    record.rdata,
  ];
}

function flagBits(message: Message): number {
  const { flags } = message;
  const bits: readonly (readonly [boolean, number])[] = [
    [flags.qr, 0x8000],
    [flags.aa, 0x0400],
    [flags.tc, 0x0200],
    [flags.rd, 0x0100],
    [flags.ra, 0x0080],
    [flags.ad, 0x0020],
    [flags.cd, 0x0010],
  ];
  const set = bits.reduce((sum, [on, bit]) => (on ? sum | bit : sum), 0);
  return set | ((message.opcode & 15) << 11) | (message.rcode & 15);
}

function optRecord(edns: Edns, rcode: number): RawRecord {
  const flags = edns.do ? 0x8000 : 0;
  return {
    owner: ROOT,
    type: TYPE.OPT,
    class: edns.udpSize,
    ttl: (((rcode >> 4) << 24) | (edns.version << 16) | flags) >>> 0,
    rdata: concat([
      new Uint8Array(),
      ...edns.options.flatMap((option) => [octets16(option.code), octets16(option.data.length), option.data]),
    ]),
  };
}
