import { err, ok, type Result } from "../../base/mod.ts";
import type { Recipient } from "../../mail/mod.ts";
import { decodeXtext, encodeXtext } from "./xtext.ts";

export type OriginalRecipient = NonNullable<Recipient["original"]>;

/** Parses the value of ORCPT: `addr-type ";" xtext` (RFC 3461 §4.2), or the `utf-8` type of RFC 6533 §3. */
export function parseOrcpt(value: string): Result<OriginalRecipient, string> {
  // RFC 3461 §4.2: at most 500 characters.
  if (value.length > LONGEST_ORCPT) return err(`ORCPT has more than ${LONGEST_ORCPT} characters`);
  const semicolon = value.indexOf(";");
  const type = value.slice(0, Math.max(semicolon, 0)).toLowerCase();
  if (!ATOM.test(type)) return err("ORCPT has no address type before a semicolon");
  const encoded = value.slice(semicolon + 1);
  const address = type === "utf-8" ? decodeUnitext(encoded) : decodeXtext(encoded);
  if (address === undefined || address === "") return err("the address of ORCPT is not well encoded");
  if (type === "utf-8" || PRINTABLE.test(address)) return ok({ type, address });
  const meant = type === "rfc822" ? utf8Meant(address) : undefined;
  if (meant === undefined) return err("the address of ORCPT is not printable US-ASCII");
  // RFC 6533 §3
  return ok({ type: "utf-8", address: meant });
}

/**
 * The address where xtext held the octets of UTF-8 under the type rfc822. RFC 3461 §4.2 knows no such address, but Postfix
 * 3.7 writes every internationalised one like this, and a refusal would return all its mail.
 */
function utf8Meant(octets: string): string | undefined {
  try {
    const address = STRICT_UTF8.decode(Buffer.from(octets, "latin1"));
    return CONTROL.test(address) ? undefined : address;
  } catch {
    return undefined;
  }
}

/** Writes the value of ORCPT; non-ASCII addresses need the type `utf-8` and stay in UTF-8 only where SMTPUTF8 is in use (RFC 6533 §3). */
export function formatOrcpt(original: OriginalRecipient, options: { readonly utf8?: boolean } = {}): string {
  if (original.type !== "utf-8") return `${original.type};${encodeXtext(original.address)}`;
  const address = original.address.replace(options.utf8 === true ? NOT_QUCHAR : NOT_QCHAR, escapePoint);
  return `utf-8;${address}`;
}

function decodeUnitext(text: string): string | undefined {
  if (!UNITEXT.test(text)) return undefined;
  let valid = true;
  const address = text.replace(EMBEDDED, (match) => {
    const point = Number.parseInt(match.slice(3, -1), 16);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) || point < 0x20) {
      valid = false;
      return "";
    }
    return String.fromCodePoint(point);
  });
  return valid ? address : undefined;
}

function escapePoint(character: string): string {
  return `\\x{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, "0")}}`;
}

const LONGEST_ORCPT = 500;
const ATOM = /^[a-z0-9!#$%&'*+\-/=?^_`{|}~]{1,64}$/;
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const CONTROL = /\p{Cc}/u;
const PRINTABLE = /^[\x20-\x7e]*$/;
const NOT_QCHAR = /[^\x21-\x2a\x2c-\x3c\x3e-\x5b\x5d-\x7e]/gu;
const NOT_QUCHAR = /[^\x21-\x2a\x2c-\x3c\x3e-\x5b\x5d-\x7e\u{80}-\u{10ffff}]/gu;
const UNITEXT = /^(?:[\x21-\x2a\x2c-\x3c\x3e-\x5b\x5d-\x7e\u{80}-\u{10ffff}]|\\x\{[0-9A-Fa-f]{1,6}\})*$/u;
const EMBEDDED = /\\x\{[0-9A-Fa-f]{1,6}\}/g;
