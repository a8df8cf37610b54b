import { err, ok } from "../../src/base/mod.ts";
import type { RecordSet } from "../../src/dns/dnssec/rrset.ts";
import { setKey } from "../../src/dns/dnssec/rrset.ts";
import type { Exchange } from "../../src/dns/wire/exchange.ts";
import { ancestorName, isWithin, lastLabels, sameName, wildcardOf } from "../../src/dns/wire/hierarchy.ts";
import type { Message, RawRecord } from "../../src/dns/wire/message.ts";
import { RCODE } from "../../src/dns/wire/message.ts";
import type { Name } from "../../src/dns/wire/name.ts";
import { nameText, nameWire } from "../../src/dns/wire/name.ts";
import { decodeName } from "../../src/dns/wire/rdata.ts";
import { CLASS_IN, TYPE, typeName } from "../../src/dns/wire/types.ts";
import type { Zone } from "./zone-maker.ts";

/** Changes messages on their way, as an attacker or a broken server does; undefined drops the message. */
export type Tamper = (
  message: Message,
  question: { readonly name: Name; readonly type: number },
) => Message | undefined;

/** Answers as a recursive resolver does that knows these zones; `asked` lists every question. */
export function zoneRecursor(zones: readonly Zone[], tamper?: Tamper): Exchange & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async ask(question) {
      asked.push(`${nameText(question.name)}. ${typeName(question.type)}`);
      const message = resolve(question, zones);
      const arrived = tamper === undefined ? message : tamper(message, question);
      return arrived === undefined ? err({ detail: "no server answered" }) : ok(arrived);
    },
  };
}

export function resolve(question: { readonly name: Name; readonly type: number }, zones: readonly Zone[]): Message {
  const answer: RawRecord[] = [];
  const authority: RawRecord[] = [];
  let rcode: number = RCODE.NOERROR;
  let { name } = question;
  for (let hops = 0; hops < 10; hops++) {
    const step = answerOne({ name, type: question.type }, zones);
    answer.push(...step.answer);
    authority.push(...step.authority);
    ({ rcode } = step);
    if (step.next === undefined) break;
    name = step.next;
  }
  return {
    id: 0,
    opcode: 0,
    flags: { qr: true, aa: false, tc: false, rd: true, ra: true, ad: false, cd: true },
    rcode,
    question: [{ ...question, class: CLASS_IN }],
    answer,
    authority: [
      ...new Map(
        authority.map((record) => [`${record.type} ${record.owner.key} ${record.rdata.join()}`, record]),
      ).values(),
    ],
    additional: [],
    edns: { udpSize: 1232, do: true, version: 0, options: [] },
  };
}

interface Step {
  readonly answer: readonly RawRecord[];
  readonly authority: readonly RawRecord[];
  readonly rcode: number;
  readonly next?: Name;
}

function answerOne(question: { readonly name: Name; readonly type: number }, zones: readonly Zone[]): Step {
  const { name, type } = question;
  const zone = authoritative(name, type, zones);
  if (zone === undefined) return { answer: [], authority: [], rcode: RCODE.REFUSED };
  const signed = (set: RecordSet, owner: Name): readonly RawRecord[] =>
    [...set.records, ...zone.signatures(set)].map((record) => ({ ...record, owner }));
  const dname = dnameAbove(name, zone);
  if (dname !== undefined) {
    const target = decodeName(dname.records[0]?.rdata ?? new Uint8Array()) ?? name;
    const kept = name.labels.slice(0, name.labels.length - dname.owner.labels.length);
    const labels = [...kept, ...target.labels];
    const next: Name = {
      labels,
      key:
        name.key.slice(
          0,
          kept.reduce((sum, label) => sum + label.length + 1, 0),
        ) + target.key,
    };
    const made = { owner: name, type: TYPE.CNAME, class: CLASS_IN, ttl: dname.ttl, rdata: nameWire(next) };
    return { answer: [...signed(dname, dname.owner), made], authority: [], rcode: RCODE.NOERROR, next };
  }
  const exists = zone.names.some((one) => sameName(one, name));
  const source = exists ? name : wildcardFor(name, zone);
  const proof = source === name ? [] : zone.denial(name);
  const set = source && zone.sets.get(setKey(source, type));
  if (set !== undefined) return { answer: signed(set, name), authority: proof, rcode: RCODE.NOERROR };
  const alias = source && zone.sets.get(setKey(source, TYPE.CNAME));
  if (alias !== undefined) {
    const next = decodeName(alias.records[0]?.rdata ?? new Uint8Array());
    const step = { answer: signed(alias, name), authority: proof, rcode: RCODE.NOERROR };
    return next === undefined ? step : { ...step, next };
  }
  const soa = zone.sets.get(setKey(zone.name, TYPE.SOA));
  const bare = soa === undefined ? [] : [...soa.records];
  const denial = source === undefined || source === name ? zone.denial(name) : [...proof, ...zone.denial(source)];
  return {
    answer: [],
    authority: denial.length > 0 ? denial : bare,
    rcode: source === undefined ? RCODE.NXDOMAIN : RCODE.NOERROR,
  };
}

function authoritative(name: Name, type: number, zones: readonly Zone[]): Zone | undefined {
  const around = zones.filter(
    (zone) => isWithin(name, zone.name) && !(type === TYPE.DS && name.labels.length > 0 && sameName(name, zone.name)),
  );
  return around.sort((left, right) => right.name.labels.length - left.name.labels.length)[0];
}

function dnameAbove(name: Name, zone: Zone): RecordSet | undefined {
  for (let labels = zone.name.labels.length; labels < name.labels.length; labels++) {
    const set = zone.sets.get(setKey(lastLabels(name, labels), TYPE.DNAME));
    if (set !== undefined) return set;
  }
  return undefined;
}

function wildcardFor(name: Name, zone: Zone): Name | undefined {
  let encloser = ancestorName(name);
  while (!zone.names.some((one) => sameName(one, encloser))) encloser = ancestorName(encloser);
  const wildcard = wildcardOf(encloser);
  return zone.names.find((one) => wildcard !== undefined && sameName(one, wildcard));
}
