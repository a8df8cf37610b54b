import { type DerElement, derChildren, derSequence } from "../der.ts";
import { type GeneralName, generalNameOf } from "./general_name.ts";

/** The subtrees that names below a CA must, or must not, lie in (RFC 5280 §4.2.1.10). */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** Reads NameConstraints; undefined when it is malformed, empty, or has the distances that RFC 5280 forbids. */
export function nameConstraintsOf(der: Uint8Array): NameConstraints | undefined {
  const lists = derSequence(der);
  // RFC 5280 §4.2.1.10: never an empty sequence
  if (lists === undefined || lists.length === 0) return undefined;
  const found = new Map<number, readonly GeneralName[]>();
  for (const list of lists) {
    const names = subtreesOf(der, list);
    if (names === undefined || found.has(list.tag)) return undefined;
    found.set(list.tag, names);
  }
  const [permitted, excluded] = [found.get(PERMITTED), found.get(EXCLUDED)];
  const known = (permitted === undefined ? 0 : 1) + (excluded === undefined ? 0 : 1);
  return known === found.size ? { permitted: permitted ?? [], excluded: excluded ?? [] } : undefined;
}

function subtreesOf(der: Uint8Array, list: DerElement): readonly GeneralName[] | undefined {
  const subtrees = derChildren(der, list);
  if (subtrees === undefined || subtrees.length === 0) return undefined;
  const names: GeneralName[] = [];
  for (const subtree of subtrees) {
    const [base, ...distances] = subtree.tag === SEQUENCE ? (derChildren(der, subtree) ?? []) : [];
    // RFC 5280 §4.2.1.10: minimum is zero, which DER leaves out, and maximum is absent.
    const name = base === undefined || distances.length > 0 ? undefined : generalNameOf(der, base);
    if (name === undefined) return undefined;
    names.push(name);
  }
  return names;
}

const SEQUENCE = 0x30;
/** [0] and [1] IMPLICIT of NameConstraints. */
const PERMITTED = 0xa0;
const EXCLUDED = 0xa1;
