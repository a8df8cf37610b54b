import { chosenFor, coveringOnes, matchesAny } from "../tls/mod.ts";
import type { OwnCertificate } from "./types.ts";

/**
 * The certificates that a client may see at one of our hosts, whether it asks for the host's name or for none
 * (RFC 7672 §8.1): for each, one of every key type, as the listeners choose them.
 */
export function servedAt(certificates: readonly OwnCertificate[], host: string): readonly OwnCertificate[] {
  const withoutName = chosenFor(certificates, undefined);
  const named = chosenFor(certificates, host);
  return [...named, ...withoutName.filter((one) => !named.includes(one))];
}

/** Whether a certificate of ours is for this name. */
export function isCovered(certificates: readonly OwnCertificate[], name: string): boolean {
  return coveringOnes(certificates, name).length > 0;
}

/** Whether this certificate is for a name. */
export function isFor({ names }: OwnCertificate, host: string): boolean {
  return matchesAny(names, [host]);
}
