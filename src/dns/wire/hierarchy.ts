import type { Bytes } from "../../base/mod.ts";
import type { Name } from "./name.ts";
import { labelKey, lowerOctet, nameFromLabels, ROOT } from "./name.ts";

export function sameName(left: Name, right: Name): boolean {
  return left.key === right.key;
}

/** True for the ancestor itself and everything below it. */
export function isWithin(name: Name, ancestor: Name): boolean {
  const surplus = name.labels.length - ancestor.labels.length;
  return surplus >= 0 && keyFrom(name, surplus) === ancestor.key;
}

/** True for everything below, not the ancestor itself. */
export function isBelow(name: Name, ancestor: Name): boolean {
  return name.labels.length > ancestor.labels.length && isWithin(name, ancestor);
}

/** The name without its `count` left-most labels; the root when there are not that many. */
export function ancestorName(name: Name, count = 1): Name {
  if (count <= 0) return name;
  if (count >= name.labels.length) return ROOT;
  return { labels: name.labels.slice(count), key: keyFrom(name, count) };
}

/** The ancestor, or the name itself, that has `labels` labels. */
export function lastLabels(name: Name, labels: number): Name {
  return ancestorName(name, name.labels.length - labels);
}

/** `label` in front of `name`; undefined when the whole would be too long. */
export function childName(label: Bytes, name: Name): Name | undefined {
  const child = nameFromLabels([label, ...name.labels]);
  return child.ok ? child.value : undefined;
}

/** `*` in front of `name`; undefined when the whole would be too long. */
export function wildcardOf(name: Name): Name | undefined {
  return childName(ASTERISK, name);
}

/** The longest name that both lie within. */
export function commonAncestor(left: Name, right: Name): Name {
  let shared = 0;
  const most = Math.min(left.labels.length, right.labels.length);
  while (shared < most && labelFromTop(left, shared) === labelFromTop(right, shared)) shared++;
  return lastLabels(left, shared);
}

/** Canonical order (RFC 4034 §6.1): from the top label down, octets in lower case. Negative, zero or positive. */
export function compareNames(left: Name, right: Name): number {
  const most = Math.min(left.labels.length, right.labels.length);
  for (let depth = 1; depth <= most; depth++) {
    const difference = compareLabels(left.labels.at(-depth), right.labels.at(-depth));
    if (difference !== 0) return difference;
  }
  return left.labels.length - right.labels.length;
}

function compareLabels(left: Bytes = EMPTY, right: Bytes = EMPTY): number {
  const most = Math.min(left.length, right.length);
  for (let at = 0; at < most; at++) {
    const difference = lowerOctet(left[at] ?? 0) - lowerOctet(right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function labelFromTop(name: Name, depth: number): string {
  const label = name.labels[name.labels.length - 1 - depth];
  return label === undefined ? "" : labelKey(label);
}

function keyFrom(name: Name, skipped: number): string {
  let octets = 0;
  for (let at = 0; at < skipped; at++) octets += (name.labels[at]?.length ?? 0) + 1;
  return name.key.slice(octets);
}

const ASTERISK: Bytes = Uint8Array.of(0x2a);
const EMPTY: Bytes = new Uint8Array();
