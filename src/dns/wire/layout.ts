import { TYPE } from "./types.ts";

/** One part of rdata: a name, a fixed number of octets, a character string, or all that is left. */
export type Field = "name" | "string" | "rest" | number;

/**
 * Where names lie in the rdata of `type`; undefined when it holds none that anybody may compress or lower.
 */
export function layoutOf(type: number): readonly Field[] | undefined {
  return LAYOUTS.get(type);
}

/** Whether canonical form lowers the names in the rdata of this type. */
// RFC 4034 §6.2, RFC 6840 §5.1
export function lowersRdata(type: number): boolean {
  return type !== TYPE.NSEC && LAYOUTS.has(type);
}

const NAME_ONLY: readonly Field[] = ["name"];
const COUNTED_NAME: readonly Field[] = [2, "name"];

// RFC 3597 §4 names the types a receiver decompresses; DNAME, KX, RRSIG and NSEC are here for their canonical form
const LAYOUTS: ReadonlyMap<number, readonly Field[]> = new Map<number, readonly Field[]>([
  [TYPE.NS, NAME_ONLY],
  [TYPE.MD, NAME_ONLY],
  [TYPE.MF, NAME_ONLY],
  [TYPE.CNAME, NAME_ONLY],
  [TYPE.SOA, ["name", "name", 20]],
  [TYPE.MB, NAME_ONLY],
  [TYPE.MG, NAME_ONLY],
  [TYPE.MR, NAME_ONLY],
  [TYPE.PTR, NAME_ONLY],
  [TYPE.MINFO, ["name", "name"]],
  [TYPE.MX, COUNTED_NAME],
  [TYPE.RP, ["name", "name"]],
  [TYPE.AFSDB, COUNTED_NAME],
  [TYPE.RT, COUNTED_NAME],
  [TYPE.SIG, [18, "name", "rest"]],
  [TYPE.PX, [2, "name", "name"]],
  [TYPE.NXT, ["name", "rest"]],
  [TYPE.SRV, [6, "name"]],
  [TYPE.NAPTR, [4, "string", "string", "string", "name"]],
  [TYPE.KX, COUNTED_NAME],
  [TYPE.DNAME, NAME_ONLY],
  [TYPE.RRSIG, [18, "name", "rest"]],
  [TYPE.NSEC, ["name", "rest"]],
]);
