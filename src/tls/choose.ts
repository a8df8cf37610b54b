import type { PeerNames } from "./certificate.ts";
import { matchesName } from "./names.ts";

/** What the choice of a certificate looks at. */
export interface Choosable {
  readonly names: PeerNames;
  /** "rsa", "ec" or another: one of each kind can be served at once. */
  readonly keyType: string;
}

/**
 * The certificates that a server shows to a client that asks for `name`, or for none: one of every key type, in the order
 * of `all`. Where none is for the name, those shown without one.
 */
export function chosenFor<T extends Choosable>(all: readonly T[], name: string | undefined): readonly T[] {
  const covering = name === undefined ? [] : coveringOnes(all, name);
  // RFC 8461 §7.1: a name nobody knows gets some certificate, never an error.
  return onePerKeyType(covering.length === 0 ? defaultOnes(all) : covering);
}

/** Those for a name: with the exact name before those with a wildcard, otherwise in the order of `all`. */
export function coveringOnes<T extends Choosable>(all: readonly T[], name: string): readonly T[] {
  const lower = name.toLowerCase();
  const exact = all.filter(({ names }) => names.dns.some((one) => one.toLowerCase() === lower));
  const wild = all.filter(({ names }) => names.dns.some((one) => matchesName(one, lower)));
  return [...exact, ...wild.filter((one) => !exact.includes(one))];
}

/** The first with those of other key types that have the same names. */
function defaultOnes<T extends Choosable>(all: readonly T[]): readonly T[] {
  const [first, ...others] = all;
  if (first === undefined) return [];
  const key = nameKey(first);
  return [first, ...others.filter((one) => one.keyType !== first.keyType && nameKey(one) === key)];
}

function onePerKeyType<T extends Choosable>(all: readonly T[]): readonly T[] {
  return all.filter((one, at) => all.findIndex(({ keyType }) => keyType === one.keyType) === at);
}

function nameKey({ names }: Choosable): string {
  return [...names.dns].sort().join("\n");
}
