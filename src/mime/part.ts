import type { PartHeader } from "./header.ts";

/** What the walker makes of a part. */
export interface Part {
  /** Counts the parts in the order in which they begin. */
  readonly index: number;
  readonly header: PartHeader;
  /** `leaf` has content that is taken as one; the others hold parts. */
  readonly kind: "leaf" | "multipart" | "message";
  /** The top of the content, or of a message inside it. */
  readonly root: boolean;
  /** Of a multipart, without its dashes. */
  readonly boundary?: string;
  /** The signature that covers this part, by its field or type. */
  readonly sealed?: string;
  /** Why its structure cannot be followed. */
  readonly fault?: string;
}

export interface Surroundings {
  readonly index: number;
  readonly root: boolean;
  /** Inside multipart/digest a part without a type is a message (RFC 2046 §5.1.5). */
  readonly inDigest: boolean;
  readonly sealed: string | undefined;
}

/** Judges a part by its header and by where it stands. */
export function partOf(header: PartHeader, around: Surroundings): Part {
  const { index, root } = around;
  const { media, encoding } = header;
  const type = typeOf(header, around);
  const sealed = around.sealed ?? (root ? header.signature : undefined) ?? (SEALED.has(type) ? type : undefined);
  const shared = { index, header, root, ...(sealed === undefined ? {} : { sealed }) };
  const plain = encoding === undefined || IDENTITY.has(encoding);
  if (type.startsWith("multipart/") && !SEALED.has(type)) {
    const boundary = typeof media === "object" ? media.parameters.get("boundary") : undefined;
    if (!plain) return { ...shared, kind: "leaf", fault: `${type} is encoded` };
    if (boundary === undefined || !BOUNDARY.test(boundary) || boundary.length > LONGEST_BOUNDARY)
      return { ...shared, kind: "leaf", fault: `${type} has no usable boundary` };
    return { ...shared, kind: "multipart", boundary };
  }
  // RFC 2046 §5.2.1: a message is never encoded as a whole.
  if (type === "message/rfc822" && plain) return { ...shared, kind: "message" };
  if (encoding === "unreadable" || media === "unreadable")
    return { ...shared, kind: "leaf", fault: "the MIME header cannot be read" };
  return { ...shared, kind: "leaf" };
}

/** The type in lower case; with none, what stands for it there (RFC 2045 §5.2). */
export function typeOf({ media }: PartHeader, { inDigest }: { readonly inDigest: boolean }): string {
  if (media === "unreadable") return "";
  if (media === undefined) return inDigest ? "message/rfc822" : "text/plain";
  return `${media.type}/${media.subtype}`;
}

/** Whether an encoding leaves octets as they are (RFC 2045 §6.2). */
export const IDENTITY: ReadonlySet<string> = new Set(["7bit", "8bit", "binary"]);
/** Types whose inside belongs to somebody's key (RFC 1847 §2.1, §2.2). */
const SEALED: ReadonlySet<string> = new Set(["multipart/signed", "multipart/encrypted"]);
/** RFC 2046 §5.1.1: printable, without a blank at the end; the "*" that it does not allow is ours to write elsewhere. */
const BOUNDARY = /^[\x20-\x29\x2b-\x7e]*[\x21-\x29\x2b-\x7e]$/;
/** Twice what RFC 2046 §5.1.1 allows and more. */
const LONGEST_BOUNDARY = 200;
