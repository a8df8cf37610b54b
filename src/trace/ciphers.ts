/**
 * The IANA name of a cipher suite that OpenSSL, GnuTLS or rustls spelled its own way, or undefined when the spelling
 * is not known. Names that are already IANA's come back unchanged.
 */
export function toIanaCipher(name: string): string | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  if (IANA.test(name)) return name;
  if (RUSTLS.test(name)) return `TLS_${name.slice(6)}`;
  if (HEX.test(name)) return undefined;
  return name.includes("_") ? fromGnutls(name) : fromOpenssl(name);
}

/** `ECDHE-RSA-AES128-GCM-SHA256` to `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`. */
function fromOpenssl(name: string): string | undefined {
  const exported = name.startsWith("EXP-");
  const bare = exported ? name.slice(4) : name;
  const exchange = OPENSSL_EXCHANGES.find(([prefix]) => bare.startsWith(prefix));
  const rest = exchange === undefined ? bare : bare.slice(exchange[0].length);
  const suite = OPENSSL_SUITES.get(rest) ?? aeadOrCbc(rest);
  if (suite === undefined) return undefined;
  const spoken = exported ? EXPORT_SUITES.get(suite) : suite;
  if (spoken === undefined) return undefined;
  return `TLS_${exchange?.[1] ?? "RSA"}${exported ? "_EXPORT" : ""}_WITH_${spoken}`;
}

function aeadOrCbc(rest: string): string | undefined {
  const parts = OPENSSL_SUITE.exec(rest);
  if (parts === null) return undefined;
  const [, cipher, bits, mode] = parts;
  if (mode === "CCM8") return `${cipher}_${bits}_CCM_8`;
  if (mode === "CCM") return `${cipher}_${bits}_CCM`;
  return `${cipher}_${bits}_${mode?.startsWith("GCM-") === true ? mode.replace("-", "_") : `CBC_${mode?.replace("CBC-", "")}`}`;
}

/** `DHE_RSA_3DES_EDE_CBC_SHA1` and, for TLS 1.3, `ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM`. */
function fromGnutls(name: string): string | undefined {
  const parts = name.split("__");
  if (parts.length > 1) return GNUTLS_TLS13.get(parts[parts.length - 1] ?? "");
  const exchange = GNUTLS_EXCHANGES.find(([prefix]) => name.startsWith(prefix));
  if (exchange === undefined) return GNUTLS_TLS13.get(name);
  const rest = name.slice(exchange[0].length).replace("ARCFOUR", "RC4").replace(SHA1_END, "SHA");
  return GNUTLS_SUITE.test(rest) ? `TLS_${exchange[1]}_WITH_${rest}` : undefined;
}

const LONGEST_NAME = 80;
const IANA = /^TLS_[A-Za-z0-9_]+$/;
const RUSTLS = /^TLS13_[A-Z0-9_]+$/;
const HEX = /^0x/i;
const SHA1_END = /SHA1$/;
const OPENSSL_SUITE = /^(AES|CAMELLIA|ARIA)(128|256)-(GCM-SHA256|GCM-SHA384|CCM8|CCM|(?:CBC-)?SHA(?:256|384)?)$/;
const GNUTLS_SUITE = /^(?:AES|3DES|CAMELLIA|RC4|CHACHA20|NULL|DES)_[A-Z0-9_]+$/;

/** Longer prefixes first. ARIA suites say ECDHE where they mean ECDHE-RSA. */
const OPENSSL_EXCHANGES: readonly (readonly [string, string])[] = [
  ["ECDHE-ECDSA-", "ECDHE_ECDSA"],
  ["ECDHE-RSA-", "ECDHE_RSA"],
  ["ECDHE-PSK-", "ECDHE_PSK"],
  ["ECDHE-", "ECDHE_RSA"],
  ["ECDH-ECDSA-", "ECDH_ECDSA"],
  ["ECDH-RSA-", "ECDH_RSA"],
  ["DHE-RSA-", "DHE_RSA"],
  ["DHE-DSS-", "DHE_DSS"],
  ["DHE-PSK-", "DHE_PSK"],
  ["EDH-RSA-", "DHE_RSA"],
  ["EDH-DSS-", "DHE_DSS"],
  ["DH-RSA-", "DH_RSA"],
  ["DH-DSS-", "DH_DSS"],
  ["AECDH-", "ECDH_anon"],
  ["ADH-", "DH_anon"],
  ["RSA-PSK-", "RSA_PSK"],
  ["PSK-", "PSK"],
];

const OPENSSL_SUITES: ReadonlyMap<string, string> = new Map([
  ["CHACHA20-POLY1305", "CHACHA20_POLY1305_SHA256"],
  ["DES-CBC3-SHA", "3DES_EDE_CBC_SHA"],
  ["DES-CBC-SHA", "DES_CBC_SHA"],
  ["RC4-SHA", "RC4_128_SHA"],
  ["RC4-MD5", "RC4_128_MD5"],
  ["RC2-CBC-MD5", "RC2_CBC_MD5"],
  ["SEED-SHA", "SEED_CBC_SHA"],
  ["IDEA-CBC-SHA", "IDEA_CBC_SHA"],
  ["NULL-SHA", "NULL_SHA"],
  ["NULL-SHA256", "NULL_SHA256"],
  ["NULL-SHA384", "NULL_SHA384"],
  ["NULL-MD5", "NULL_MD5"],
]);

const EXPORT_SUITES: ReadonlyMap<string, string> = new Map([
  ["DES_CBC_SHA", "DES40_CBC_SHA"],
  ["RC4_128_MD5", "RC4_40_MD5"],
  ["RC2_CBC_MD5", "RC2_CBC_40_MD5"],
]);

const GNUTLS_EXCHANGES: readonly (readonly [string, string])[] = [
  ["ECDHE_ECDSA_", "ECDHE_ECDSA"],
  ["ECDHE_RSA_", "ECDHE_RSA"],
  ["DHE_RSA_", "DHE_RSA"],
  ["DHE_DSS_", "DHE_DSS"],
  ["ECDH_ANON_", "ECDH_anon"],
  ["DH_ANON_", "DH_anon"],
  ["RSA_", "RSA"],
];

const GNUTLS_TLS13: ReadonlyMap<string, string> = new Map([
  ["AES_128_GCM", "TLS_AES_128_GCM_SHA256"],
  ["AES_256_GCM", "TLS_AES_256_GCM_SHA384"],
  ["CHACHA20_POLY1305", "TLS_CHACHA20_POLY1305_SHA256"],
  ["AES_128_CCM", "TLS_AES_128_CCM_SHA256"],
]);
