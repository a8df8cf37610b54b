import type { RecordSet } from "../dnssec/rrset.ts";
import { setKey } from "../dnssec/rrset.ts";
import { ancestorName, sameName } from "../wire/hierarchy.ts";
import type { RawRecord } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { nameFromLabels, nameWire } from "../wire/name.ts";
import { decodeName } from "../wire/rdata.ts";
import { CLASS_IN, TYPE } from "../wire/types.ts";

/** What the answer section says about one name. */
export type Link =
  /** `proofs` are the sets to validate: those of the records, or the DNAME that a CNAME was made from. */
  | { readonly kind: "data"; readonly records: readonly RawRecord[]; readonly proofs: readonly RecordSet[] }
  /** `proof` is the set to validate: the CNAME itself, or the DNAME it was made from. */
  | { readonly kind: "alias"; readonly target: Name; readonly proof: RecordSet }
  | { readonly kind: "malformed"; readonly cause: "bogus" | "unavailable"; readonly detail: string }
  | { readonly kind: "nothing" };

/** Finds the records or the alias of `name` in the sets of an answer section. */
// RFC 1034 §3.6.2, RFC 6672 §3.2
export function linkAt(name: Name, type: number, answer: ReadonlyMap<string, RecordSet>): Link {
  if (type === TYPE.ANY) {
    const sets = [...answer.values()].filter((set) => sameName(set.owner, name));
    if (sets.length > 0) return dataLink(sets);
  }
  const cname = answer.get(setKey(name, TYPE.CNAME));
  const set = answer.get(setKey(name, type));
  if (set !== undefined && (type !== TYPE.CNAME || set.signatures.length > 0)) return dataLink([set]);
  if (cname !== undefined && cname.signatures.length > 0) return cnameLink(cname);
  const made = dnameLink(name, answer, cname);
  if (made !== undefined) return type === TYPE.CNAME ? madeCname(name, made) : made;
  if (cname === undefined) return { kind: "nothing" };
  return type === TYPE.CNAME ? dataLink([cname]) : cnameLink(cname);
}

function dataLink(sets: readonly RecordSet[]): Link {
  return { kind: "data", records: sets.flatMap((set) => set.records), proofs: sets };
}

/** A CNAME that was asked for by type, and that a DNAME makes. */
function madeCname(owner: Name, link: Link): Link {
  if (link.kind !== "alias") return link;
  const { target, proof } = link;
  const record = { owner, type: TYPE.CNAME, class: CLASS_IN, ttl: proof.ttl, rdata: nameWire(target) };
  return { kind: "data", records: [record], proofs: [proof] };
}

function cnameLink(set: RecordSet): Link {
  const [record, second] = set.records;
  const target = record === undefined ? undefined : decodeName(record.rdata);
  if (target === undefined || second !== undefined)
    return { kind: "malformed", cause: "bogus", detail: "a CNAME set that is not one name" };
  return { kind: "alias", target, proof: set };
}

/** The alias that a DNAME above `name` makes; an unsigned CNAME beside it must say the same. */
// RFC 6672 §2.2, §5.3.1
function dnameLink(name: Name, answer: ReadonlyMap<string, RecordSet>, cname: RecordSet | undefined): Link | undefined {
  for (let owner = name; owner.labels.length > 0; ) {
    owner = ancestorName(owner);
    const set = answer.get(setKey(owner, TYPE.DNAME));
    if (set === undefined) continue;
    const [record, second] = set.records;
    const base = record === undefined ? undefined : decodeName(record.rdata);
    if (base === undefined || second !== undefined) {
      return { kind: "malformed", cause: "bogus", detail: "a DNAME set that is not one name" };
    }
    const kept = name.labels.slice(0, name.labels.length - owner.labels.length);
    const made = nameFromLabels([...kept, ...base.labels]);
    if (!made.ok) return { kind: "malformed", cause: "unavailable", detail: "a DNAME makes a name that is too long" };
    const shown = cname?.records[0] === undefined ? made.value : decodeName(cname.records[0].rdata);
    if (shown === undefined || !sameName(shown, made.value)) {
      return { kind: "malformed", cause: "bogus", detail: "a CNAME that its DNAME does not make" };
    }
    return { kind: "alias", target: made.value, proof: set };
  }
  return undefined;
}
