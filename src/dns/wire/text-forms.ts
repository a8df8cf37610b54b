import { TYPE } from "./types.ts";

/** One field of rdata in presentation form. Those from `strings` on take all that is left. */
export type TextField =
  | "u8"
  | "u16"
  | "u32"
  /** A DNSSEC algorithm by number or mnemonic (RFC 4034 Appendix A.1). */
  | "algorithm"
  | "name"
  | "string"
  | "ipv4"
  | "ipv6"
  /** A type by name, as RRSIG covers it. */
  | "type"
  /** YYYYMMDDHHmmSS or seconds (RFC 4034 §3.2). */
  | "time"
  /** A length octet and hex, `-` when empty (RFC 5155 §3.3). */
  | "salt"
  /** A length octet and base32hex (RFC 5155 §3.3). */
  | "hash"
  /** A length octet and bare text, as CAA's tag (RFC 8659 §4.1.1). */
  | "tag"
  | "strings"
  /** Quoted text with no length octet, as CAA's value. */
  | "text"
  | "hex"
  | "base64"
  | "types";

/** The presentation form of a type's rdata; undefined for one that is only known as `\# length hex` (RFC 3597 §5). */
export function textForm(type: number): readonly TextField[] | undefined {
  return FORMS.get(type);
}

const ONE_NAME: readonly TextField[] = ["name"];
const KEY: readonly TextField[] = ["u16", "u8", "algorithm", "base64"];
const DIGEST: readonly TextField[] = ["u16", "algorithm", "u8", "hex"];
const ASSOCIATION: readonly TextField[] = ["u8", "u8", "u8", "hex"];

const FORMS: ReadonlyMap<number, readonly TextField[]> = new Map<number, readonly TextField[]>([
  [TYPE.A, ["ipv4"]],
  [TYPE.AAAA, ["ipv6"]],
  [TYPE.NS, ONE_NAME],
  [TYPE.CNAME, ONE_NAME],
  [TYPE.DNAME, ONE_NAME],
  [TYPE.PTR, ONE_NAME],
  [TYPE.SOA, ["name", "name", "u32", "u32", "u32", "u32", "u32"]],
  [TYPE.HINFO, ["string", "string"]],
  [TYPE.MX, ["u16", "name"]],
  [TYPE.TXT, ["strings"]],
  [TYPE.SPF, ["strings"]],
  [TYPE.RP, ["name", "name"]],
  [TYPE.AFSDB, ["u16", "name"]],
  [TYPE.RT, ["u16", "name"]],
  [TYPE.PX, ["u16", "name", "name"]],
  [TYPE.KX, ["u16", "name"]],
  [TYPE.SRV, ["u16", "u16", "u16", "name"]],
  [TYPE.NAPTR, ["u16", "u16", "string", "string", "string", "name"]],
  [TYPE.DS, DIGEST],
  [TYPE.CDS, DIGEST],
  [TYPE.DLV, DIGEST],
  [TYPE.DNSKEY, KEY],
  [TYPE.CDNSKEY, KEY],
  [TYPE.RRSIG, ["type", "algorithm", "u8", "u32", "time", "time", "u16", "name", "base64"]],
  [TYPE.NSEC, ["name", "types"]],
  [TYPE.NSEC3, ["u8", "u8", "u16", "salt", "hash", "types"]],
  [TYPE.NSEC3PARAM, ["u8", "u8", "u16", "salt"]],
  [TYPE.TLSA, ASSOCIATION],
  [TYPE.SMIMEA, ASSOCIATION],
  [TYPE.SSHFP, ["u8", "u8", "hex"]],
  [TYPE.OPENPGPKEY, ["base64"]],
  [TYPE.CAA, ["u8", "tag", "text"]],
]);
