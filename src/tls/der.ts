/** One element of DER: its tag octet, and where its header, content and end lie in the buffer. */
export interface DerElement {
  readonly tag: number;
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

/** The element at `at` that ends by `limit`, or undefined when it is malformed: high tag numbers, indefinite and overlong lengths are. */
export function derElement(bytes: Uint8Array, at: number, limit: number = bytes.length): DerElement | undefined {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (at + 2 > limit || tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined;
  if (first < 0x80) return fitting({ tag, start: at, content: at + 2, end: at + 2 + first }, limit);
  const count = first & 0x7f;
  if (count === 0 || count > 4 || at + 2 + count > limit) return undefined;
  let length = 0;
  for (const octet of bytes.subarray(at + 2, at + 2 + count)) length = length * 256 + octet;
  if (length < 0x80 || bytes[at + 2] === 0) return undefined;
  const content = at + 2 + count;
  return fitting({ tag, start: at, content, end: content + length }, limit);
}

/** The elements inside `parent`, or undefined when they do not fill it exactly or are more than `DER_MOST_CHILDREN`. */
export function derChildren(bytes: Uint8Array, parent: DerElement): readonly DerElement[] | undefined {
  const children: DerElement[] = [];
  let at = parent.content;
  while (at < parent.end) {
    const child = derElement(bytes, at, parent.end);
    if (child === undefined || children.length === DER_MOST_CHILDREN) return undefined;
    children.push(child);
    at = child.end;
  }
  return children;
}

/** The elements inside `bytes` where that is one SEQUENCE (or what `tag` says) and nothing else; undefined otherwise. */
export function derSequence(bytes: Uint8Array, tag = 0x30): readonly DerElement[] | undefined {
  const whole = derElement(bytes, 0);
  return whole?.tag === tag && whole.end === bytes.length ? derChildren(bytes, whole) : undefined;
}

/** The content octets; a view, not a copy. */
export function derContent(bytes: Uint8Array, element: DerElement): Uint8Array {
  return bytes.subarray(element.content, element.end);
}

function fitting(element: DerElement, limit: number): DerElement | undefined {
  return element.end <= limit ? element : undefined;
}

/** Far above what certificates hold; keeps hostile ones cheap. */
export const DER_MOST_CHILDREN = 10_000;
