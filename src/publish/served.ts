import { matchesAny, matchesName } from "../tls/mod.ts";
import type { OwnCertificate } from "./types.ts";

/**
 * The certificates that a client may see at one of our hosts, whether it asks for the host's name or for none
 * (RFC 7672 §8.1): for each, one of every key type, as the listeners choose them.
 */
export function servedAt(certificates: readonly OwnCertificate[], host: string): readonly OwnCertificate[] {
  const withoutName = defaultOnes(certificates);
  const covering = coveringOnes(certificates, host);
  const named = onePerKeyType(covering.length === 0 ? withoutName : covering);
  return [...named, ...withoutName.filter((one) => !named.includes(one))];
}

/** Whether a certificate of ours is for this name. */
export function isCovered(certificates: readonly OwnCertificate[], name: string): boolean {
  return coveringOnes(certificates, name).length > 0;
}

/** Those with the exact name before those with a wildcard. */
function coveringOnes(certificates: readonly OwnCertificate[], host: string): readonly OwnCertificate[] {
  const exact = certificates.filter(({ names }) => names.dns.some((name) => name.toLowerCase() === host));
  const wild = certificates.filter(({ names }) => names.dns.some((name) => matchesName(name, host)));
  return [...exact, ...wild.filter((one) => !exact.includes(one))];
}

function defaultOnes(certificates: readonly OwnCertificate[]): readonly OwnCertificate[] {
  const [first, ...others] = certificates;
  if (first === undefined) return [];
  const key = nameKey(first);
  return onePerKeyType([first, ...others.filter((one) => one.keyType !== first.keyType && nameKey(one) === key)]);
}

function onePerKeyType(certificates: readonly OwnCertificate[]): readonly OwnCertificate[] {
  return certificates.filter((one, at) => certificates.findIndex(({ keyType }) => keyType === one.keyType) === at);
}

function nameKey({ names }: OwnCertificate): string {
  return [...names.dns].sort().join("\n");
}

/** Whether this certificate is for a name. */
export function isFor({ names }: OwnCertificate, host: string): boolean {
  return matchesAny(names, [host]);
}
