import { DNS_TYPES, type DnsTypeName, encodeName, type WireRecord } from "./dns_wire.ts";

/** Reads e.g. "mx.a04-p6.test A 10.66.0.1": owner, type, data; names are absolute. Throws: a scenario is wrong then. */
export function readRecord(line: string): WireRecord {
  const [owner = "", type = "", ...fields] = line.split(" ");
  const number = type.startsWith("TYPE") ? Number(type.slice(4)) : DNS_TYPES[type as DnsTypeName];
  if (!Number.isInteger(number)) throw new Error(`No type in ${JSON.stringify(line)}`);
  return { owner: bare(owner), type: number, ttl: TTL, rdata: readRdata(type, fields) };
}

function readRdata(type: string, fields: readonly string[]): Uint8Array {
  const [first = "", second = ""] = fields;
  if (first === "\\#") return Buffer.from(fields.slice(2).join(""), "hex");
  switch (type) {
    case "A":
      return Uint8Array.from(first.split("."), Number);
    case "AAAA":
      return ipv6(first);
    case "NS":
    case "CNAME":
      return encodeName(bare(first));
    case "MX":
      return Buffer.concat([short(Number(first)), encodeName(bare(second))]);
    case "TXT":
      return Buffer.concat(
        strings(fields.join(" ")).flatMap((text) => [Uint8Array.of(text.length), Buffer.from(text)]),
      );
    case "TLSA":
      return Buffer.concat([Uint8Array.from(fields.slice(0, 3), Number), Buffer.from(fields.slice(3).join(""), "hex")]);
    case "DS":
      return Buffer.concat([
        short(Number(first)),
        Uint8Array.from(fields.slice(1, 3), Number),
        Buffer.from(fields.slice(3).join(""), "hex"),
      ]);
    default:
      throw new Error(`The lab writes no ${type} record`);
  }
}

/** Quoted strings, each one string of the record, or one without quotes; long ones are cut at 255 octets. */
function strings(text: string): readonly string[] {
  const parts = text.startsWith('"') ? text.split('"').filter((_, at) => at % 2 === 1) : [text];
  return parts.flatMap((part) =>
    part === ""
      ? [""]
      : Array.from({ length: Math.ceil(part.length / 255) }, (_, at) => part.slice(at * 255, at * 255 + 255)),
  );
}

function ipv6(text: string): Uint8Array {
  const [head = "", tail] = text.split("::");
  const groups = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const [front, back] = [groups(head), groups(tail ?? "")];
  const middle = Array.from({ length: tail === undefined ? 0 : 8 - front.length - back.length }, () => 0);
  return Buffer.concat([...front, ...middle, ...back].map(short));
}

export function short(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}

function bare(name: string): string {
  return name.toLowerCase().replace(TRAILING_DOT, "");
}

const TRAILING_DOT = /\.$/;
const TTL = 300;
