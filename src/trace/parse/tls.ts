import { compact } from "../compact.ts";
import type { Clause } from "./clauses.ts";
import { quotesEnvelope } from "./quoting.ts";
import type { TlsStatement } from "./types.ts";

/** Reads a comment as a statement about TLS; undefined when it is about something else. */
export function readTlsComment(text: string): TlsStatement | undefined {
  const short = text.slice(0, LONGEST);
  if (!HINT.test(short) || quotesEnvelope(short)) return undefined;
  // What else stands there are names that the client's certificate gives.
  if (CLIENT_CERT.test(short)) return clientCertOnly(short);
  const version = readVersion(short);
  const cipher = readCipher(short);
  const clientCert = readClientCert(short);
  const worded = WORDED.test(short) && (version !== undefined || cipher !== undefined);
  const bare = version !== undefined && BARE.test(short.trim());
  const encrypted = cipher !== undefined && ENCRYPTED.test(short);
  if (!worded && !bare && !encrypted && !ALONE.test(short.trim())) return undefined;
  return compact<TlsStatement>({
    source: "comment",
    text: short.trim(),
    version,
    cipher,
    group: readGroup(short),
    bits: readBits(short),
    clientCert,
    sni: SNI.exec(short)?.[1],
  });
}

function clientCertOnly(text: string): TlsStatement {
  const clientCert = NO_CLIENT_CERT.test(text) ? "none" : VERIFIED.test(text) ? "verified" : "presented";
  return { source: "comment", text: text.trim(), clientCert };
}

/** RFC 8314 §4.3: `tls CIPHER`, with `group NAME` straight behind it. */
export function readTlsClause(tls: Clause, next: Clause | undefined): TlsStatement | undefined {
  const cipher = tls.tokens.find((token) => token.kind === "word")?.text;
  if (cipher === undefined || !CLAUSE_CIPHER.test(cipher)) return undefined;
  const word = next?.name === "group" ? next.tokens[0]?.text : undefined;
  const group = word !== undefined && GROUP_NAME.test(word) ? word : undefined;
  const text = group === undefined ? `tls ${cipher}` : `tls ${cipher} group ${group}`;
  return compact<TlsStatement>({
    source: "clause",
    text,
    version: undefined,
    cipher,
    group,
    bits: undefined,
    clientCert: undefined,
    sni: undefined,
  });
}

/** Vendors' protocol words that name a cipher: `ESMTP/TLS/…`, `… encrypted SMTP`. */
export function readTlsWords(raw: string): TlsStatement | undefined {
  const short = raw.slice(0, LONGEST);
  const cipher = VENDOR_CIPHER.exec(short)?.[1] ?? ENCRYPTED_CIPHER.exec(short)?.[1];
  return cipher === undefined ? undefined : { source: "protocol", text: short, cipher };
}

/** `TLSv1.3`, `TLS1_3`, `TLS-1.0`, `TLSv1/SSLv3` (a label for any 1.0) to `TLSv1.3`, …, `TLSv1.0`, `SSLv3`. */
function readVersion(text: string): string | undefined {
  const parts = VERSION.exec(text);
  if (parts === null) return undefined;
  const [, family = "", major = "", minor] = parts;
  return family.toUpperCase() === "SSL" ? `SSLv${major}` : `TLSv${major}.${minor ?? "0"}`;
}

function readCipher(text: string): string | undefined {
  const named = NAMED_CIPHER.exec(text)?.[1];
  if (named !== undefined && CIPHER_SHAPE.test(named)) return named;
  for (const word of text.split(CIPHER_BREAKS)) if (word.length <= 80 && CIPHER_SHAPE.test(word)) return word;
  return undefined;
}

/** Postfix writes `key-exchange X25519` or `key-exchange ECDHE (P-256)`. */
function readGroup(text: string): string | undefined {
  const parts = KEY_EXCHANGE.exec(text);
  if (parts !== null) return IANA_GROUPS.get(parts[2] ?? parts[1] ?? "") ?? parts[2] ?? parts[1];
  const rustls = NAMED_GROUP.exec(text)?.[1];
  return rustls === undefined ? undefined : (IANA_GROUPS.get(rustls) ?? rustls);
}

function readBits(text: string): number | undefined {
  const parts = BITS.exec(text) ?? TRAILING_BITS.exec(text);
  if (parts === null) return undefined;
  const size = Number(parts[1] ?? parts[2]);
  // GnuTLS counts octets.
  return size > 0 && size <= 32 ? size * 8 : size;
}

/** What is said here is about the client's certificate; the server's is not known to the writer. */
function readClientCert(text: string): TlsStatement["clientCert"] {
  if (NO_CLIENT_CERT.test(text)) return "none";
  const verify = VERIFY.exec(text)?.[1]?.toUpperCase();
  return verify === undefined ? undefined : SENDMAIL_VERIFY.get(verify);
}

const LONGEST = 700;
const HINT = /TLS|SSL|encrypted|cipher|client/i;
const WORDED = /\b(?:using|version|cipher|tls_cipher)[ =]|\bTLS:|\bCipher /i;
/** A comment that begins with a version: Exim, mox, ours. */
const BARE = /^(?:TLS|SSL)[ _-]?v?[123](?:[._][0-3])?(?:$|[\s:,/])/i;
/** Exchange up to 2010. */
const ALONE = /^TLS$/;
const ENCRYPTED = /\bencrypted\b/i;
const VERSION = /\b(TLS|SSL)[ _-]?v?([123])(?:[._]([0-3]))?\b/i;
const NAMED_CIPHER = /\bcipher[ =]([A-Za-z0-9_-]{3,80})/i;
const CIPHER_BREAKS = /[\s,;:()=/]+/;
const CIPHER_SHAPE =
  /^(?=[A-Z0-9_-]{5,}$)[A-Z0-9_-]*(?:AES|DES|RC[24]|CAMELLIA|CHACHA|NULL|SEED|IDEA|ARIA|ARCFOUR)[A-Z0-9_-]*$|^TLS_[A-Za-z0-9_]{5,}$/;
const CLAUSE_CIPHER = /^[A-Za-z0-9][A-Za-z0-9_-]{1,79}$/;
const GROUP_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,79}$/;
const VENDOR_CIPHER = /^E?SMTPS?A?\/(?:TLS|SSL)[^/]{0,10}\/([A-Z0-9_-]{3,80})/i;
const ENCRYPTED_CIPHER = /([A-Z0-9_-]{3,80}) encrypted\b/;
const KEY_EXCHANGE = /\bkey-exchange ([A-Za-z0-9_-]{1,40})(?: \(([A-Za-z0-9_-]{1,40})(?: bits)?\))?/;
const NAMED_GROUP = /\b(?:group|curve|kex)[ =]([A-Za-z0-9_-]{1,40})/i;
const BITS = /(?:\bbits=|\((?=\d{1,5}(?:\/\d{1,5})? bits))(\d{1,5})|\b(\d{1,5})bits\b/;
const TRAILING_BITS = /:(\d{1,4})(?::[A-Z]{2,4})?$/;
const SNI = /\bsni=([^\s()\\]{1,255})/;
const NO_CLIENT_CERT =
  /\bno client certificate|client did not present|client certificate not present|client-cert=none/i;
const CLIENT_CERT = /^\s*(?:No client certificate|Client (?:did not present|CN |RPK|certificate))/i;
/** Behind the names, at the end. */
const VERIFIED = /\(verified OK\)\s*$/;
const VERIFY = /\bverify=([A-Za-z]{2,10})\b/;
/** sendmail: NO no certificate, NOT and NONE none asked for, OK and FAIL its verification. */
const SENDMAIL_VERIFY: ReadonlyMap<string, "none" | "verified" | "failed"> = new Map([
  ["NO", "none"],
  ["NOT", "none"],
  ["NONE", "none"],
  ["OK", "verified"],
  ["TRUSTED", "verified"],
  ["FAIL", "failed"],
]);
/** OpenSSL's names to those of the IANA registry. */
const IANA_GROUPS: ReadonlyMap<string, string> = new Map([
  ["P-256", "secp256r1"],
  ["P-384", "secp384r1"],
  ["P-521", "secp521r1"],
  ["prime256v1", "secp256r1"],
  ["X25519", "x25519"],
  ["X448", "x448"],
]);
