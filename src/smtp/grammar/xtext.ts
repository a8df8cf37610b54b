/** Encodes printable US-ASCII text as xtext (RFC 3461 §4). */
export function encodeXtext(text: string): string {
  return text.replace(NOT_XCHAR, (character) => {
    const hex = character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0");
    return `+${hex}`;
  });
}

/** Decodes xtext, or returns undefined when it is malformed (RFC 3461 §4). Lower-case hexadecimal digits are accepted. */
export function decodeXtext(text: string): string | undefined {
  if (!XTEXT.test(text)) return undefined;
  return text.replace(HEXCHAR, (hex) => String.fromCharCode(Number.parseInt(hex.slice(1), 16)));
}

const NOT_XCHAR = /[^\x21-\x2a\x2c-\x3c\x3e-\x7e]/g;
const XTEXT = /^(?:[\x21-\x2a\x2c-\x3c\x3e-\x7e]|\+[0-9A-Fa-f]{2})*$/;
const HEXCHAR = /\+[0-9A-Fa-f]{2}/g;
