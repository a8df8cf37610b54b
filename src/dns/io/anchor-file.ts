import type { Bytes, Result } from "../../base/mod.ts";
import { concat, err, ok } from "../../base/mod.ts";
import type { Anchor, TrustAnchors } from "../dnssec/anchors.ts";
import { trustAnchors } from "../dnssec/anchors.ts";
import { parseName } from "../wire/name.ts";

/**
 * Reads DS and DNSKEY records in presentation form, as `dig`, BIND's and Unbound's tools and IANA's root files have
 * them: comments, parentheses, and a TTL and class or none. At least one record; anything else is a mistake with its line.
 */
// RFC 4034 §2.2, §5.3
export function parseAnchors(text: string): Result<TrustAnchors, string> {
  const anchors: Anchor[] = [];
  for (const { words, line } of records(text)) {
    const anchor = parseRecord(words);
    if (!anchor.ok) return err(`line ${line}: ${anchor.error}`);
    anchors.push(anchor.value);
  }
  return anchors.length === 0 ? err("there is no DS or DNSKEY record") : ok(trustAnchors(anchors));
}

/** The words of each record and the line where it begins; parentheses join lines. */
function records(text: string): { readonly words: readonly string[]; readonly line: number }[] {
  const found: { words: string[]; line: number }[] = [];
  let open = 0;
  for (const [index, whole] of text.split("\n").entries()) {
    const content = whole.split(";", 1)[0] ?? "";
    const words = content
      .replaceAll("(", " ( ")
      .replaceAll(")", " ) ")
      .split(/\s+/)
      .filter((word) => word !== "");
    const kept = words.filter((word) => word !== "(" && word !== ")");
    if (kept.length > 0) {
      if (open > 0) found.at(-1)?.words.push(...kept);
      else found.push({ words: kept, line: index + 1 });
    }
    for (const word of words) open += word === "(" ? 1 : word === ")" ? -1 : 0;
  }
  return found;
}

function parseRecord(words: readonly string[]): Result<Anchor, string> {
  const [owner = "", ...rest] = words;
  while (rest[0] !== undefined && (/^\d+$/.test(rest[0]) || rest[0].toUpperCase() === "IN")) rest.shift();
  const [type = "", ...rdata] = rest;
  const zone = parseName(owner);
  if (!zone.ok) return err(`"${owner}" is no domain name: ${zone.error}`);
  switch (type.toUpperCase()) {
    case "DS":
      return parseDs(rdata, zone.value);
    case "DNSKEY":
      return parseKey(rdata, zone.value);
    default:
      return err(`"${words.slice(0, 4).join(" ")}" is neither a DS nor a DNSKEY record`);
  }
}

function parseDs(words: readonly string[], zone: Anchor["zone"]): Result<Anchor, string> {
  const [keyTag, algorithm, digestType, ...hex] = words;
  const numbers = [whole(keyTag, 0xffff), whole(algorithm, 0xff), whole(digestType, 0xff)] as const;
  const digest = hexOctets(hex.join(""));
  const [tag, number, kind] = numbers;
  if (tag === undefined || number === undefined || kind === undefined || digest === undefined) {
    return err("a DS record needs a key tag, an algorithm, a digest type and a digest in hex");
  }
  const length = DIGEST_OCTETS.get(kind);
  if (length !== undefined && digest.length !== length)
    return err(`the digest has ${digest.length} octets, not ${length}`);
  return ok({ zone, ds: { keyTag: tag, algorithm: number, digestType: kind, digest } });
}

function parseKey(words: readonly string[], zone: Anchor["zone"]): Result<Anchor, string> {
  const [flagsWord, protocolWord, algorithmWord, ...base64] = words;
  const [flags, protocol, algorithm] = [
    whole(flagsWord, 0xffff),
    whole(protocolWord, 0xff),
    whole(algorithmWord, 0xff),
  ];
  const key = base64Octets(base64.join(""));
  if (flags === undefined || protocol === undefined || algorithm === undefined || key === undefined) {
    return err("a DNSKEY record needs flags, a protocol, an algorithm and a key in base64");
  }
  if (protocol !== 3 || (flags & ZONE_BIT) === 0) return err("the key is no zone key (RFC 4034 §2.1)");
  if ((flags & REVOKE_BIT) !== 0) return err("the key is revoked (RFC 5011 §2.1)");
  return ok({ zone, key: concat([Uint8Array.of(flags >> 8, flags, protocol, algorithm), key]) });
}

function whole(word: string | undefined, most: number): number | undefined {
  if (word === undefined || !/^\d{1,5}$/.test(word)) return undefined;
  const number = Number(word);
  return number <= most ? number : undefined;
}

function hexOctets(hex: string): Bytes | undefined {
  return hex !== "" && /^(?:[0-9a-fA-F]{2})+$/.test(hex) ? new Uint8Array(Buffer.from(hex, "hex")) : undefined;
}

function base64Octets(text: string): Bytes | undefined {
  const octets = new Uint8Array(Buffer.from(text, "base64"));
  const same = Buffer.from(octets).toString("base64").replaceAll("=", "") === text.replaceAll("=", "");
  return text !== "" && same ? octets : undefined;
}

const ZONE_BIT = 0x0100;
const REVOKE_BIT = 0x0080;
/** SHA-1, SHA-256 and SHA-384 (RFC 4034 §5.1.4, RFC 4509, RFC 6605 §2). */
const DIGEST_OCTETS: ReadonlyMap<number, number> = new Map([
  [1, 20],
  [2, 32],
  [4, 48],
]);
