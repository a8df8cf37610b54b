import { fromUtf8 } from "../../base/mod.ts";
import type { Answer, RecordType, RecordTypes } from "../answer.ts";
import type { RawRecord } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { lowerName, nameText } from "../wire/name.ts";
import { decodeA, decodeAaaa, decodeMx, decodeName, decodeSrv, decodeTlsa, decodeTxt } from "../wire/rdata.ts";
import { concat } from "../../base/mod.ts";

/**
 * An answer with its records decoded, names in lower case. Rdata that is not of its type's form makes a secure or an
 * insecure answer unusable as a whole, save TLSA, where a malformed record is one that nothing can match.
 */
export function typedAnswer<T extends RecordType>(type: T, answer: Answer<RawRecord>): Answer<RecordTypes[T]> {
  if (answer.kind !== "data") return answer;
  const records: RecordTypes[T][] = [];
  for (const record of answer.records) {
    const value = DECODERS[type](record.rdata);
    if (value === undefined) {
      const { name, chain } = answer;
      return { name, chain, kind: "failure", cause: "unavailable", detail: `a ${type} record is malformed` };
    }
    records.push(value);
  }
  return { ...answer, records };
}

type Decoders = { readonly [T in RecordType]: (rdata: Uint8Array) => RecordTypes[T] | undefined };

function lowerText(name: Name | undefined): string | undefined {
  return name && nameText(lowerName(name));
}

const DECODERS: Decoders = {
  A: decodeA,
  AAAA: decodeAaaa,
  MX: (rdata) => {
    const mx = decodeMx(rdata);
    return mx && { preference: mx.preference, exchange: nameText(lowerName(mx.exchange)) };
  },
  // RFC 7208 §3.3
  TXT: (rdata) => {
    const strings = decodeTxt(rdata);
    return strings && fromUtf8(concat(strings));
  },
  // RFC 7672 §3: too short for its three parameters, so it is unusable, and present all the same
  TLSA: (rdata) => decodeTlsa(rdata) ?? { usage: 255, selector: 255, matching: 255, data: rdata },
  CNAME: (rdata) => lowerText(decodeName(rdata)),
  PTR: (rdata) => lowerText(decodeName(rdata)),
  NS: (rdata) => lowerText(decodeName(rdata)),
  SRV: (rdata) => {
    const srv = decodeSrv(rdata);
    return srv && { ...srv, target: nameText(lowerName(srv.target)) };
  },
};
