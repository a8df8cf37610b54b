import type { Bytes, Result } from "../../base/mod.ts";
import { concat, err, ok } from "../../base/mod.ts";
import { layoutOf } from "./layout.ts";
import type { Edns, EdnsOption, Message, Question, RawRecord, WireFault } from "./message.ts";
import { nameWire } from "./name.ts";
import type { NameMemo } from "./reader.ts";
import { readName, u16, u32, u8 } from "./reader.ts";
import { TYPE } from "./types.ts";

/**
 * Reads one whole message. Linear in its length, never throws. Octets behind the counted records are a fault: such a
 * message is not what its header says.
 */
// RFC 1035 §4.1
export function decodeMessage(octets: Bytes): Result<Message, WireFault> {
  if (octets.length < HEADER_OCTETS) return err({ kind: "too-short", at: octets.length });
  if (octets.length > 0xffff) return err({ kind: "too-long", at: 0xffff });
  const memo: NameMemo = new Map();
  const questions = readQuestions(octets, memo);
  if (!questions.ok) return questions;
  let at = questions.value.end;
  const sections: RawRecord[][] = [];
  for (const countAt of [6, 8, 10]) {
    const section = readSection(octets, { at, count: u16(octets, countAt), memo });
    if (!section.ok) return section;
    sections.push(section.value.records);
    at = section.value.end;
  }
  if (at !== octets.length) return err({ kind: "trailing-octets", at });
  const [answer = [], authority = [], all = []] = sections;
  const opt = readOpt([...answer, ...authority], all);
  if (!opt.ok) return opt;
  const bits = u16(octets, 2);
  const message: Message = {
    id: u16(octets, 0),
    opcode: (bits >> 11) & 15,
    flags: {
      qr: (bits & 0x8000) !== 0,
      aa: (bits & 0x0400) !== 0,
      tc: (bits & 0x0200) !== 0,
      rd: (bits & 0x0100) !== 0,
      ra: (bits & 0x0080) !== 0,
      ad: (bits & 0x0020) !== 0,
      cd: (bits & 0x0010) !== 0,
    },
    rcode: ((opt.value?.upperRcode ?? 0) << 4) | (bits & 15),
    question: questions.value.questions,
    answer,
    authority,
    additional: all.filter((record) => record.type !== TYPE.OPT),
  };
  return ok(opt.value === undefined ? message : { ...message, edns: opt.value.edns });
}

function readQuestions(octets: Bytes, memo: NameMemo): Result<{ questions: Question[]; end: number }, WireFault> {
  const questions: Question[] = [];
  let at = HEADER_OCTETS;
  for (let left = u16(octets, 4); left > 0; left--) {
    const owner = readName(octets, at, memo);
    if (!owner.ok) return owner;
    at = owner.value.end;
    if (at + 4 > octets.length) return err({ kind: "too-short", at });
    questions.push({ name: owner.value.name, type: u16(octets, at), class: u16(octets, at + 2) });
    at += 4;
  }
  return ok({ questions, end: at });
}

function readSection(
  octets: Bytes,
  section: { readonly at: number; readonly count: number; readonly memo: NameMemo },
): Result<{ records: RawRecord[]; end: number }, WireFault> {
  const records: RawRecord[] = [];
  let at = section.at;
  for (let left = section.count; left > 0; left--) {
    const record = readRecord(octets, at, section.memo);
    if (!record.ok) return record;
    records.push(record.value.record);
    at = record.value.end;
  }
  return ok({ records, end: at });
}

function readRecord(octets: Bytes, at: number, memo: NameMemo): Result<{ record: RawRecord; end: number }, WireFault> {
  const owner = readName(octets, at, memo);
  if (!owner.ok) return owner;
  const head = owner.value.end;
  const start = head + 10;
  if (start > octets.length) return err({ kind: "too-short", at: head });
  const type = u16(octets, head);
  const end = start + u16(octets, head + 8);
  if (end > octets.length) return err({ kind: "too-short", at: start });
  const rdata = readRdata(octets, { type, start, end, memo });
  if (!rdata.ok) return rdata;
  const ttl = u32(octets, head + 4);
  const record = {
    owner: owner.value.name,
    type,
    class: u16(octets, head + 2),
    // RFC 2181 §8
    ttl: ttl > 0x7fffffff && type !== TYPE.OPT ? 0 : ttl,
    rdata: rdata.value,
  };
  return ok({ record, end });
}

function readRdata(
  octets: Bytes,
  place: { readonly type: number; readonly start: number; readonly end: number; readonly memo: NameMemo },
): Result<Bytes, WireFault> {
  const layout = layoutOf(place.type);
  if (layout === undefined) return ok(octets.slice(place.start, place.end));
  const parts: Bytes[] = [];
  let at = place.start;
  for (const field of layout) {
    if (field === "name") {
      const read = readName(octets, at, place.memo);
      if (!read.ok) return read;
      parts.push(nameWire(read.value.name));
      at = read.value.end;
    } else {
      const next = fieldEnd(octets, field, { at, end: place.end });
      parts.push(octets.subarray(at, next));
      at = next;
    }
    if (at > place.end) return err({ kind: "bad-rdata", at: place.start });
  }
  return at === place.end ? ok(concat(parts).slice()) : err({ kind: "bad-rdata", at });
}

function fieldEnd(octets: Bytes, field: "string" | "rest" | number, place: { at: number; end: number }): number {
  if (field === "rest") return place.end;
  return place.at + (field === "string" ? 1 + u8(octets, place.at) : field);
}

// RFC 6891 §6.1.1, §6.1.3
function readOpt(
  elsewhere: readonly RawRecord[],
  additional: readonly RawRecord[],
): Result<{ edns: Edns; upperRcode: number } | undefined, WireFault> {
  if (elsewhere.some((record) => record.type === TYPE.OPT)) return err({ kind: "bad-opt", at: 0 });
  const found = additional.filter((record) => record.type === TYPE.OPT);
  const [opt] = found;
  if (opt === undefined) return ok(undefined);
  if (found.length > 1 || opt.owner.labels.length > 0) return err({ kind: "bad-opt", at: 0 });
  const options: EdnsOption[] = [];
  for (let at = 0; at < opt.rdata.length; ) {
    const end = at + 4 + u16(opt.rdata, at + 2);
    if (at + 4 > opt.rdata.length || end > opt.rdata.length) return err({ kind: "bad-opt", at });
    options.push({ code: u16(opt.rdata, at), data: opt.rdata.subarray(at + 4, end) });
    at = end;
  }
  const edns = {
    udpSize: opt.class,
    do: (opt.ttl & 0x8000) !== 0,
    version: (opt.ttl >>> 16) & 0xff,
    options,
  };
  return ok({ edns, upperRcode: opt.ttl >>> 24 });
}

const HEADER_OCTETS = 12;
