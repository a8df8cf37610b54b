import type { DnsTrick } from "../types.ts";
import { readRecord } from "./dns_text.ts";
import { DNS_TYPES, type DnsReply, RCODE, type WireRecord } from "./dns_wire.ts";

/** What an attacker on the path makes of a reply; undefined: it never arrives. */
export function tamper(reply: DnsReply, trick: DnsTrick): DnsReply | undefined {
  switch (trick.kind) {
    case "silence":
      return undefined;
    case "servfail":
    case "refused":
      return { rcode: RCODE[trick.kind], answer: [], authority: [] };
    case "truncate":
      return { ...reply, truncated: true };
    case "nxdomain":
    case "nodata":
      return { rcode: trick.kind === "nxdomain" ? RCODE.nxdomain : RCODE.ok, answer: [], authority: [] };
    case "bogus":
      return { ...reply, answer: reply.answer.map(spoilt), authority: reply.authority.map(spoilt) };
    case "unsigned":
      return { ...reply, answer: reply.answer.filter(isPlain), authority: reply.authority.filter(isPlain) };
    case "forge":
      return {
        rcode: RCODE.ok,
        answer: trick.records.map(readRecord),
        authority: [],
        ...(trick.ad === true ? { ad: true } : {}),
      };
    default:
      return trick satisfies never;
  }
}

/** Without what only those see who ask for DNSSEC. */
export function isPlain({ type }: WireRecord): boolean {
  return type !== DNS_TYPES.RRSIG && type !== DNS_TYPES.NSEC && type !== DNS_TYPES.NSEC3;
}

/** With the last bit of a signature turned over. */
function spoilt(record: WireRecord): WireRecord {
  if (record.type !== DNS_TYPES.RRSIG) return record;
  const rdata = Uint8Array.from(record.rdata);
  rdata[rdata.length - 1] = (rdata.at(-1) ?? 0) ^ 1;
  return { ...record, rdata };
}
