import { toIanaCipher } from "../ciphers.ts";
import type { Received, TlsStatement } from "../parse/types.ts";
import type { TlsWeakness } from "./types.ts";

/** The weaknesses that names and numbers of a statement show. */
export function weaknessesOf(
  statement: Omit<TlsStatement, "source" | "text">,
  texts: readonly string[],
): TlsWeakness[] {
  const found: TlsWeakness[] = [];
  const names = `${statement.cipher ?? ""} ${statement.cipher === undefined ? "" : (toIanaCipher(statement.cipher) ?? "")}`;
  for (const [pattern, weakness] of CIPHER_WEAKNESSES) if (pattern.test(names)) found.push(weakness);
  // Old libraries print TLSv1/SSLv3 for every version from 1.0 on.
  const label = texts.some((text) => VERSION_LABEL.test(text));
  // RFC 8996 §4, RFC 8996 §5.
  if (statement.version !== undefined && OLD_VERSION.test(statement.version) && !label) found.push("old-version");
  if (STATIC_RSA.test(names)) found.push("no-forward-secrecy");
  return found;
}

/** Whether the key exchange has a post-quantum part; undefined when the group is not told. */
export function isPostQuantum(group: string | undefined): boolean | undefined {
  return group === undefined ? undefined : POST_QUANTUM.test(group);
}

/** A weakness that makes the protection doubtful; missing forward secrecy alone does not. */
export function isWeak(weaknesses: readonly TlsWeakness[]): boolean {
  return weaknesses.some((weakness) => weakness !== "no-forward-secrecy");
}

export function mergeStatements(statements: Received["tls"]): Omit<TlsStatement, "source" | "text"> {
  const merged: { -readonly [K in keyof Omit<TlsStatement, "source" | "text">]: TlsStatement[K] } = {};
  for (const key of ["version", "cipher", "group", "bits", "clientCert", "sni"] as const) {
    const value = statements.find((one) => one[key] !== undefined)?.[key];
    if (value !== undefined) Object.assign(merged, { [key]: value });
  }
  return merged;
}

const OLD_VERSION = /^(?:SSLv[123]|TLSv1\.[01])/;
const VERSION_LABEL = /TLSv1\/SSLv3/i;
const STATIC_RSA = /\bTLS_RSA_WITH_/;
const POST_QUANTUM = /MLKEM|KYBER|sntrup/i;
const CIPHER_WEAKNESSES: readonly (readonly [RegExp, TlsWeakness])[] = [
  [/(?:^|[-_ ])(?:ADH|AECDH|anon)(?:[-_ ]|$)/i, "anonymous"],
  [/(?:^|[-_ ])NULL(?:[-_ ]|$)/i, "null-cipher"],
  [/(?:^|[-_ ])(?:EXP|EXPORT|EXPORT1024)(?:[-_ ]|$)/i, "export"],
  [/(?:^|[-_ ])(?:RC4|ARCFOUR)(?:[-_ ]|$)/i, "rc4"],
  [/3DES|DES-CBC3/i, "3des"],
  [/(?:^|[-_ ])DES(?:-CBC-|_CBC_|40|-CBC$)/i, "des"],
];
