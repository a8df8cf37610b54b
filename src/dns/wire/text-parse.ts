import type { Bytes, Result } from "../../base/mod.ts";
import { concat, err, ok } from "../../base/mod.ts";
import type { RawRecord } from "./message.ts";
import { parseName } from "./name.ts";
import { hexOctets, joined, REST, SINGLE } from "./text-fields.ts";
import { textForm } from "./text-forms.ts";
import type { TextField } from "./text-forms.ts";
import type { Token } from "./text-tokens.ts";
import { tokens } from "./text-tokens.ts";
import { CLASS_IN, typeNumber } from "./types.ts";

/** Reads one record in presentation form, `owner [ttl] [IN] type rdata`; names are absolute. Without a TTL it is `ttl`. */
// RFC 1035 §5.1, RFC 3597 §5
export function parseRecord(text: string, ttl = 3600): Result<RawRecord, string> {
  const words = tokens(text);
  if (words === undefined) return err("a quote does not close");
  const [first, ...rest] = words;
  const owner = parseName(first?.text ?? "");
  if (first === undefined || !owner.ok) return err(`"${first?.text ?? ""}" is no owner name`);
  const head = readHead(rest, ttl);
  if (head === undefined) return err("the type is missing or unknown");
  const rdata = parseRdata(head.type, rest.slice(head.length));
  if (!rdata.ok) return rdata;
  return ok({ owner: owner.value, type: head.type, class: CLASS_IN, ttl: head.ttl, rdata: rdata.value });
}

/** Reads the words behind the type. */
export function parseRdata(type: number, words: readonly Token[]): Result<Bytes, string> {
  if (words[0]?.text === "\\#") return genericRdata(words.slice(1));
  const form = textForm(type);
  if (form === undefined) return err("rdata of this type is written as \\# length hex");
  const parts: Bytes[] = [];
  let at = 0;
  for (const field of form) {
    const whole = REST.get(field);
    const octets = whole === undefined ? one(field, words[at]) : whole(words.slice(at));
    if (octets === undefined) return err(`"${words[at]?.text ?? ""}" is no ${field}`);
    parts.push(octets);
    at = whole === undefined ? at + 1 : words.length;
  }
  return at === words.length ? ok(concat([new Uint8Array(), ...parts])) : err(`"${words[at]?.text ?? ""}" is too much`);
}

function readHead(
  words: readonly Token[],
  defaultTtl: number,
): { type: number; ttl: number; length: number } | undefined {
  let ttl = defaultTtl;
  for (const [at, { text }] of words.slice(0, 3).entries()) {
    if (/^\d{1,10}$/.test(text)) ttl = Number(text);
    else if (text.toUpperCase() !== "IN") {
      const type = typeNumber(text);
      return type === undefined || ttl > 0x7fffffff ? undefined : { type, ttl, length: at + 1 };
    }
  }
  return undefined;
}

function one(field: TextField, word: Token | undefined): Bytes | undefined {
  return word === undefined ? undefined : SINGLE.get(field)?.(word);
}

// RFC 3597 §5
function genericRdata(words: readonly Token[]): Result<Bytes, string> {
  const [length, ...digits] = words;
  const octets = hexOctets(joined(digits));
  const right = length !== undefined && octets !== undefined && Number(length.text) === octets.length;
  return right ? ok(octets) : err("the octets behind \\# are not as many as it says");
}
