import { type Bytes, concat } from "../../base/mod.ts";

/**
 * The header section of each message of an mbox file, with its "From " line. A message begins at a "From " line at the
 * start or behind an empty line. Bodies are passed over and not kept.
 */
export async function* mboxHeaders(chunks: AsyncIterable<Bytes>, longestHeader: number): AsyncGenerator<Bytes> {
  const scan: Scan = {
    header: [],
    headerLength: 0,
    inHeader: true,
    start: new Uint8Array(0),
    afterEmpty: true,
    any: false,
  };
  for await (const chunk of chunks) {
    let at = 0;
    while (at < chunk.length) {
      const lf = chunk.indexOf(LF, at);
      const end = lf < 0 ? chunk.length : lf + 1;
      const complete = takePiece(scan, chunk.subarray(at, end), { lineEnds: lf >= 0, longestHeader });
      if (complete !== undefined) yield complete;
      at = end;
    }
  }
  if (scan.start.length > 0) endLine(scan);
  if (scan.any) yield concat(scan.header);
}

interface Scan {
  header: Bytes[];
  headerLength: number;
  inHeader: boolean;
  /** The first octets of the line that is being read. */
  start: Bytes;
  afterEmpty: boolean;
  any: boolean;
}

/** Takes a piece of a line; returns the header of the message that this line ends, if it begins another. */
function takePiece(
  scan: Scan,
  piece: Bytes,
  options: { readonly lineEnds: boolean; readonly longestHeader: number },
): Bytes | undefined {
  const known = scan.start.length;
  if (known < LONGEST_START) scan.start = concat([scan.start, piece.slice(0, LONGEST_START - known)]);
  let finished: Bytes | undefined;
  // Decided once, when the line's first octets are there.
  const decides = known < FROM.length && (scan.start.length >= FROM.length || options.lineEnds);
  if (decides && scan.afterEmpty && isFrom(scan.start)) finished = begin(scan, known);
  if (scan.inHeader && scan.headerLength < options.longestHeader) {
    scan.header.push(piece.slice());
    scan.headerLength += piece.length;
  }
  if (options.lineEnds) endLine(scan);
  return finished;
}

/** Begins a message; octets of its first line that came in an earlier chunk move over to it. */
function begin(scan: Scan, known: number): Bytes | undefined {
  const finished = scan.any ? concat(scan.header) : undefined;
  scan.header = known > 0 ? [scan.start.slice(0, known)] : [];
  scan.headerLength = known;
  scan.inHeader = true;
  scan.any = true;
  return finished;
}

function endLine(scan: Scan): void {
  const empty = scan.start[0] === LF || (scan.start[0] === CR && scan.start[1] === LF);
  if (empty && scan.any) scan.inHeader = false;
  scan.afterEmpty = empty;
  scan.start = new Uint8Array(0);
}

function isFrom(start: Bytes): boolean {
  return FROM.every((octet, at) => start[at] === octet);
}

const LF = 10;
const CR = 13;
const FROM = [70, 114, 111, 109, 32];
const LONGEST_START = 8;
