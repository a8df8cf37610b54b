import type { Token } from "./lex.ts";
import type { Protocol } from "./types.ts";

/** Reads the value of "with": one word by the standard, several in practice (RFC 3848 §1, RFC 6531 §4.3). */
export function readProtocol(tokens: readonly Token[]): Protocol | undefined {
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "comment" && words.length > 0) break;
    if (token.kind === "word") words.push(token.text);
    else if (token.kind === "bracket") words.push(...token.text.split(WHITE_SPACE));
    if (words.length > MOST_WORDS) break;
  }
  if (words.length === 0) return undefined;
  const raw = words.join(" ").slice(0, LONGEST);
  for (const word of words) {
    const known = word.length <= LONGEST_WORD ? classify(word) : undefined;
    if (known !== undefined) return { raw, ...known, tlsFlag: known.tlsFlag || ENCRYPTED.test(raw) };
  }
  return { raw, family: "other", utf8: false, tlsFlag: ENCRYPTED.test(raw), authFlag: false };
}

function classify(word: string): Omit<Protocol, "raw"> | undefined {
  const smtp = SMTP.exec(word);
  if (smtp !== null) {
    const [, utf8, kind = "", flags = "", vendor = ""] = smtp;
    const family = kind.toUpperCase() === "LMTP" ? "lmtp" : kind.length === 5 || utf8 !== undefined ? "esmtp" : "smtp";
    const letters = flags.toUpperCase();
    const tlsFlag = letters.includes("S") || VENDOR_TLS.test(vendor);
    return { family, utf8: utf8 !== undefined, tlsFlag, authFlag: letters.includes("A") };
  }
  const local = LOCAL.exec(word);
  if (local !== null) {
    const inner = local[1] === undefined ? undefined : classify(local[1]);
    return inner ?? plain("local");
  }
  const other = OTHERS.find(([pattern]) => pattern.test(word));
  return other === undefined ? undefined : { ...plain(other[1]), tlsFlag: HTTPS.test(word) };
}

function plain(family: Protocol["family"]): Omit<Protocol, "raw"> {
  return { family, utf8: false, tlsFlag: false, authFlag: false };
}

const MOST_WORDS = 20;
const LONGEST = 200;
const LONGEST_WORD = 120;
const WHITE_SPACE = /\s+/;
/** Registered values first; then `ESMTP-TLS`, `ESMTP/TLS/cipher`. */
const SMTP = /^(UTF8)?(E?SMTP|LMTP)(SA|AS|S|A)?((?:[-/_].*)?)$/i;
const VENDOR_TLS = /^[-/_](?:TLS|SSL)/i;
const LOCAL = /^local(?:-(.+))?$/i;
const HTTPS = /^https/i;
const ENCRYPTED = /\bencrypted\b|\bwith STARTTLS\b/i;
const OTHERS: readonly (readonly [RegExp, Protocol["family"]])[] = [
  [/^bsmtp$/i, "smtp"],
  [/^smtpsvc$/i, "smtp"],
  [/^https?/i, "http"],
  [/^mapi$/i, "mapi"],
  [/^imap(?:4|4rev1|s)?$/i, "imap"],
  [/^pop(?:3|3s|s)?$/i, "pop"],
];
