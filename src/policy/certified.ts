import { chainTrusted, type Handshake, matchesAny, peerNames } from "../tls/mod.ts";

/**
 * The DNS names in the certificate of a host that showed a trusted one for its own name, whether or not anybody asked for
 * it; undefined where it did not. No proof of anything that a decision demands.
 */
export function certifiedNames(seen: Handshake, host: string): readonly string[] | undefined {
  const leaf = seen.chain[0];
  if (seen.resumed || leaf === undefined || !chainTrusted(seen)) return undefined;
  const names = peerNames(leaf);
  return names.ok && matchesAny(names.value, [host]) ? names.value.dns : undefined;
}
