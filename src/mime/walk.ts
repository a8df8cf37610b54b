import { type Bytes, concat } from "../base/mod.ts";
import { boundaryAt, LONGEST_DELIMITER } from "./delimiter.ts";
import { beginsField, parseHeader } from "./header.ts";
import { type Part, partOf, typeOf } from "./part.ts";
import type { ConvertOptions, Refusal } from "./types.ts";

/** Is told of a message in the order in which it stands there; every octet is handed on exactly once. */
export interface Visitor {
  /** The header of a part, with the empty line that ends it. */
  header(part: Part, octets: Bytes): void;
  /** Octets of the body of the last leaf. */
  body(piece: Bytes): void;
  /** The last leaf is over; `atEnd` when the whole content is. */
  leafEnd(atEnd: boolean): void;
  /** What stands around parts and means nothing: preamble and epilogue. `sealed`: a signature covers it. */
  filler(piece: Bytes, sealed: string | undefined): void;
  /** A boundary line with the line ends that belong to it. */
  delimiter(octets: Bytes): void;
  /** The content is over. */
  end(): void;
}

export interface Walker {
  push(chunk: Bytes): void;
  end(): void;
  /** Why the walk went no further. */
  readonly fault: Refusal | undefined;
}

/**
 * Follows the structure of a message (RFC 2046 §5.1) while it comes in. It holds one header, or one line that may be a
 * boundary, and nothing else.
 */
export function walker(visitor: Visitor, options: Required<ConvertOptions>): Walker {
  const walk: Walk = {
    visitor,
    options,
    frames: [],
    mode: "header",
    held: NOTHING,
    header: NOTHING,
    headerSize: 0,
    lineStart: true,
    parts: 0,
    leaf: false,
    sealed: undefined,
    fault: undefined,
  };
  return {
    push(chunk) {
      if (walk.fault === undefined) run(walk, walk.held.length === 0 ? chunk : concat([walk.held, chunk]), false);
    },
    end() {
      if (walk.fault === undefined) run(walk, walk.held, true);
      if (walk.fault === undefined) finish(walk);
    },
    get fault() {
      return walk.fault;
    },
  };
}

interface Frame {
  readonly part: Part;
  readonly boundary: Bytes | undefined;
}

interface Walk {
  readonly visitor: Visitor;
  readonly options: Required<ConvertOptions>;
  /** Multiparts and messages that are open, outermost first. */
  readonly frames: Frame[];
  mode: "header" | "body";
  /** Octets that could not be judged yet. */
  held: Bytes;
  /** Whole lines of the header that is being read: the first `headerSize` octets. */
  header: Bytes;
  headerSize: number;
  /** The next octet begins a line that no CRLF of the body stands before. */
  lineStart: boolean;
  parts: number;
  /** A leaf is open; otherwise the body is filler. */
  leaf: boolean;
  /** The signature over the multipart that the filler belongs to. */
  sealed: string | undefined;
  fault: Refusal | undefined;
}

function run(walk: Walk, octets: Bytes, atEnd: boolean): void {
  const data = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  let at = 0;
  walk.held = NOTHING;
  while (at < data.length && walk.fault === undefined) {
    const next = walk.mode === "header" ? headerLine(walk, data, { at, atEnd }) : bodyPiece(walk, data, { at, atEnd });
    if (next === undefined) {
      // Copied, for the chunk may be used again by its owner.
      walk.held = new Uint8Array(octets.subarray(at));
      return;
    }
    at = next;
  }
}

interface Where {
  readonly at: number;
  readonly atEnd: boolean;
}

/** Takes one line of a header; where the next begins, or undefined when more must come. */
function headerLine(walk: Walk, data: Buffer, { at, atEnd }: Where): number | undefined {
  const crlf = data.indexOf(CRLF, at);
  if (walk.headerSize + (crlf < 0 ? data.length : crlf) - at > walk.options.maxHeader) {
    walk.fault = { kind: "too-complex", detail: "a header is too long" };
    return undefined;
  }
  if (crlf < 0 && !atEnd) return undefined;
  const end = crlf < 0 ? data.length : crlf + 2;
  const line = data.subarray(at, crlf < 0 ? end : crlf);
  if (line.length === 0) {
    endHeader(walk, new Uint8Array(data.subarray(at, end)));
    return end;
  }
  if (delimits(walk, line)) {
    endHeader(walk, NOTHING);
    meet(walk, line, data.subarray(at, end));
    return end;
  }
  const continues = walk.headerSize > 0 && (line[0] === SPACE || line[0] === TAB);
  if (!continues && !beginsField(line)) {
    endHeader(walk, NOTHING);
    return at;
  }
  keepLine(walk, data.subarray(at, end));
  return end;
}

/** Copies a line behind those of the header; room grows twofold, so that a header of many lines costs no more than one of few. */
function keepLine(walk: Walk, line: Bytes): void {
  const size = walk.headerSize + line.length;
  if (size > walk.header.length) {
    const room = new Uint8Array(Math.max(size, 2 * walk.header.length, LEAST_ROOM));
    room.set(walk.header.subarray(0, walk.headerSize));
    walk.header = room;
  }
  walk.header.set(line, walk.headerSize);
  walk.headerSize = size;
}

function endHeader(walk: Walk, empty: Bytes): void {
  const lines = walk.header.subarray(0, walk.headerSize);
  walk.header = NOTHING;
  walk.headerSize = 0;
  const above = walk.frames.at(-1)?.part;
  const root = above === undefined || above.kind === "message";
  const inDigest = above !== undefined && above.kind === "multipart" && typeOf(above.header, UNKNOWN) === DIGEST;
  const header = parseHeader(lines, empty.length > 0);
  const part = partOf(header, { index: walk.parts++, root, inDigest, sealed: above?.sealed });
  walk.visitor.header(part, empty.length === 0 ? lines : concat([lines, empty]));
  if (part.kind !== "leaf") walk.frames.push({ part, boundary: boundaryOf(part) });
  walk.leaf = part.kind === "leaf";
  walk.sealed = part.sealed;
  walk.mode = part.kind === "message" ? "header" : "body";
  walk.lineStart = true;
  const { maxParts, maxDepth } = walk.options;
  if (walk.parts > maxParts) walk.fault = { kind: "too-complex", detail: `there are more than ${maxParts} parts` };
  if (walk.frames.length > maxDepth)
    walk.fault = { kind: "too-complex", detail: `parts lie more than ${maxDepth} deep in each other` };
}

/** Hands on what is content for sure; where the rest begins, or undefined when more must come to judge it. */
function bodyPiece(walk: Walk, data: Buffer, { at, atEnd }: Where): number | undefined {
  // `end` is where the content ends if a delimiter begins at `lineAt`.
  let end = walk.lineStart ? at : data.indexOf(CRLF_DASHES, at);
  let lineAt = walk.lineStart ? at : end + 2;
  while (end >= 0) {
    if (mayDelimit(walk, data, lineAt)) {
      const crlf = data.indexOf(CRLF, lineAt);
      const line = data.subarray(lineAt, crlf < 0 ? data.length : crlf);
      if (crlf < 0 && !atEnd && line.length <= LONGEST_DELIMITER) {
        give(walk, data.subarray(at, end));
        return end > at ? end : undefined;
      }
      if (delimits(walk, line)) {
        give(walk, data.subarray(at, end));
        const next = crlf < 0 ? data.length : crlf + 2;
        meet(walk, line, data.subarray(end, next));
        return next;
      }
    }
    end = data.indexOf(CRLF_DASHES, lineAt);
    lineAt = end + 2;
  }
  const keep = atEnd || !inMultipart(walk) ? data.length : tail(data, at);
  give(walk, data.subarray(at, keep));
  return keep > at ? keep : undefined;
}

/** A boundary line: ends what is open below its multipart, and begins its next part or its epilogue. */
function meet(walk: Walk, line: Bytes, octets: Bytes): void {
  const depth = depthOf(walk, line);
  const frame = walk.frames[depth];
  if (frame?.boundary === undefined) throw new Error("A boundary line of no multipart");
  closeLeaf(walk, false);
  walk.visitor.delimiter(octets);
  const closes = boundaryAt(line, frame.boundary) === "close";
  walk.frames.length = closes ? depth : depth + 1;
  walk.sealed = frame.part.sealed;
  walk.mode = closes ? "body" : "header";
  walk.lineStart = true;
}

function finish(walk: Walk): void {
  // A message that ends where its own header should begin has one all the same.
  while (walk.mode === "header" && walk.fault === undefined) endHeader(walk, NOTHING);
  closeLeaf(walk, true);
  walk.visitor.end();
}

function closeLeaf(walk: Walk, atEnd: boolean): void {
  if (walk.leaf) walk.visitor.leafEnd(atEnd);
  walk.leaf = false;
}

function give(walk: Walk, piece: Bytes): void {
  if (piece.length === 0) return;
  walk.lineStart = false;
  if (walk.leaf) walk.visitor.body(piece);
  else walk.visitor.filler(piece, walk.sealed);
}

function delimits(walk: Walk, line: Bytes): boolean {
  return depthOf(walk, line) >= 0;
}

/** The innermost multipart whose boundary this line is; inner parts may lack their own end (RFC 2046 §5.1.2). */
function depthOf({ frames }: Walk, line: Bytes): number {
  if (line[0] !== DASH || line[1] !== DASH) return -1;
  return frames.findLastIndex(({ boundary }) => boundary !== undefined && boundaryAt(line, boundary) !== undefined);
}

/** Whether the line, as far as it is there, begins like a boundary. */
function mayDelimit({ frames }: Walk, data: Bytes, lineAt: number): boolean {
  return frames.some(({ boundary }) => {
    if (boundary === undefined) return false;
    for (let at = 0; at < boundary.length && lineAt + at < data.length; at++) {
      if (data[lineAt + at] !== boundary[at]) return false;
    }
    return true;
  });
}

function inMultipart({ frames }: Walk): boolean {
  return frames.some(({ boundary }) => boundary !== undefined);
}

function boundaryOf({ boundary }: Part): Bytes | undefined {
  return boundary === undefined ? undefined : Buffer.from(`--${boundary}`, "latin1");
}

/** Where octets at the end begin that may be the first of CRLF and two dashes. */
function tail(data: Bytes, from: number): number {
  for (let length = Math.min(3, data.length - from); length > 0; length--) {
    const at = data.length - length;
    if (CRLF_DASHES.subarray(0, length).every((octet, offset) => data[at + offset] === octet)) return at;
  }
  return data.length;
}

const NOTHING: Bytes = new Uint8Array(0);
/** Octets; most headers need no more. */
const LEAST_ROOM = 2048;
const CRLF = Buffer.from("\r\n");
const CRLF_DASHES = Buffer.from("\r\n--");
const UNKNOWN = { inDigest: false };
const DIGEST = "multipart/digest";
const TAB = 0x09;
const SPACE = 0x20;
const DASH = 0x2d;
