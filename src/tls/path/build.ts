import type { Certificate } from "../x509/certificate.ts";
import { type PathFault, pathFault, type Wanted } from "./judge.ts";
import { type Budget, makeNode, type Node, signedBy } from "./node.ts";

/** Who may end a path: certificates that `at` gives a value for, and bare keys (SubjectPublicKeyInfo, DER). */
export interface Anchors<T> {
  at(certificate: Certificate): T | undefined;
  readonly keys: readonly { readonly spki: Uint8Array; readonly value: T }[];
}

export type Built<T> =
  | { readonly kind: "trusted"; readonly anchor: T; readonly depth: number }
  /** No path leads to an anchor. */
  | { readonly kind: "no-path" }
  /** Paths lead to an anchor, and none of them holds; what is told is what came furthest. */
  | { readonly kind: "refused"; readonly fault: PathFault }
  | { readonly kind: "exhausted" };

/**
 * Builds a path from the leaf to an anchor out of `pool`, in any order and with what is superfluous (RFC 5280 §6.1).
 * The leaf, which never issues itself, is not in the pool.
 * Every branch is tried, so that of several issuers with one name the one that holds is found; within bounds.
 */
export function buildPath<T>(
  leaf: Certificate,
  pool: readonly Certificate[],
  anchors: Anchors<T>,
  wanted: Wanted,
): Built<T> {
  const search: Search<T> = {
    issuers: bySubject(pool),
    anchors,
    wanted,
    budget: { signatures: MOST_SIGNATURES, visits: MOST_VISITS, judgements: MOST_JUDGEMENTS },
    fault: undefined,
  };
  const found = climb(search, [], makeNode(leaf));
  if (found !== undefined) return { kind: "trusted", anchor: found.anchor, depth: found.depth };
  if (search.fault !== undefined) return { kind: "refused", fault: search.fault };
  return { kind: search.budget.signatures === 0 || search.budget.visits === 0 ? "exhausted" : "no-path" };
}

interface Search<T> {
  readonly issuers: ReadonlyMap<string, readonly Node[]>;
  readonly anchors: Anchors<T>;
  readonly wanted: Wanted;
  readonly budget: Budget;
  fault: PathFault | undefined;
}

interface Found<T> {
  readonly anchor: T;
  readonly depth: number;
}

function climb<T>(search: Search<T>, below: readonly Node[], top: Node): Found<T> | undefined {
  const path = [...below, top];
  for (const node of search.issuers.get(nameKey(top.certificate.issuer.rdns)) ?? []) {
    if (path.includes(node) || search.budget.visits === 0) continue;
    search.budget.visits--;
    if (!signedBy(top, node.certificate.outline.spki, search.budget)) continue;
    const found = reached(search, path, node);
    if (found !== undefined) return found;
  }
  // RFC 7671 §5.2.3: a bare key is tried upon the topmost certificate.
  for (const { spki, value } of search.anchors.keys) {
    if (!signedBy(top, spki, search.budget)) continue;
    const found = judged(search, path, { anchor: value, depth: path.length }, false);
    if (found !== undefined) return found;
  }
  return undefined;
}

function reached<T>(search: Search<T>, path: readonly Node[], node: Node): Found<T> | undefined {
  const anchor = search.anchors.at(node.certificate);
  if (anchor !== undefined) return judged(search, [...path, node], { anchor, depth: path.length });
  return path.length < LONGEST_PATH - 1 ? climb(search, path, node) : undefined;
}

function judged<T>(search: Search<T>, path: readonly Node[], found: Found<T>, anchored = true): Found<T> | undefined {
  if (search.budget.judgements === 0) return undefined;
  search.budget.judgements--;
  const certificates = path.map((node) => node.certificate);
  const fault = pathFault(certificates, anchored, search.wanted);
  if (fault === undefined) return found;
  if (search.fault === undefined || RANK[fault.result] > RANK[search.fault.result]) search.fault = fault;
  return undefined;
}

function bySubject(pool: readonly Certificate[]): ReadonlyMap<string, readonly Node[]> {
  const issuers = new Map<string, Node[]>();
  for (const certificate of pool) {
    const key = nameKey(certificate.subject.rdns);
    const known = issuers.get(key);
    if (known === undefined) issuers.set(key, [makeNode(certificate)]);
    else known.push(makeNode(certificate));
  }
  return issuers;
}

function nameKey(rdns: readonly string[]): string {
  return rdns.join("\n");
}

/** How far a path came: through the chain rules, the dates, to the names. */
const RANK = { "certificate-not-trusted": 0, "certificate-expired": 1, "certificate-host-mismatch": 2 } as const;
/** Certificates of a path with its anchor. */
const LONGEST_PATH = 12;
/** With the largest keys that are taken, these cost about a sixth of a second. */
const MOST_SIGNATURES = 32;
const MOST_VISITS = 256;
/** Each may compare many names with many constraints. */
const MOST_JUDGEMENTS = 16;
