import type { Bytes } from "../../base/mod.ts";
import type { ContentFacts } from "../../mail/mod.ts";
import { cutter } from "./_cutter.ts";
import { type FactsCollector, factsCollector } from "./content_facts.ts";
import { type DataDecoder, dataDecoder } from "./data_decoder.ts";
import { type LineStep, lineDecoder } from "./line_decoder.ts";

/** What the session expects next from the client's octets. */
export type Reading =
  | { readonly kind: "nothing" }
  | { readonly kind: "command" }
  /** A line of an AUTH exchange (RFC 4954 §4). */
  | { readonly kind: "auth" }
  | { readonly kind: "data" }
  /** The octets of one BDAT (RFC 3030 §2). */
  | { readonly kind: "chunk"; readonly size: number };

export type Frame =
  | LineStep
  | { readonly kind: "content"; readonly octets: Bytes }
  /** The end of data or of a chunk; the facts cover all content since `forget`. */
  | { readonly kind: "content-end"; readonly facts: ContentFacts };

/** The receiving side's view of one connection: octets in, commands and content out. */
export interface Framing {
  push(chunk: Bytes): void;
  /** Octets that came and were not handed out yet. */
  readonly buffered: number;
  next(reading: Reading): Frame;
  /** Content of another message begins: facts of what was read before, dropped chunks too, go. */
  forget(): void;
}

export function framing(): Framing {
  const input = cutter();
  const lines = lineDecoder(input);
  let ready: Bytes[] = [];
  let ended = false;
  let facts: FactsCollector = factsCollector();
  let data: DataDecoder = dataDecoder();
  let left: number | undefined;

  const end = (): Frame => {
    ended = false;
    left = undefined;
    data = dataDecoder();
    return { kind: "content-end", facts: facts.facts() };
  };
  const content = (octets: Bytes): Frame => {
    facts.add(octets);
    return { kind: "content", octets };
  };
  const nextOfData = (): Frame => {
    for (;;) {
      const octets = ready.shift();
      if (octets !== undefined) return content(octets);
      if (ended) return end();
      const piece = input.take(Infinity);
      if (piece === undefined) return NEED_MORE;
      const step = data.decode(piece);
      ready = [...step.content];
      if (step.end === undefined) continue;
      ended = true;
      input.putBack(piece.subarray(step.end));
    }
  };
  const nextOfChunk = (size: number): Frame => {
    left ??= size;
    if (left === 0) return end();
    const octets = input.take(left);
    if (octets === undefined) return NEED_MORE;
    left -= octets.length;
    return content(octets);
  };

  return {
    push: (chunk) => input.push(chunk),
    get buffered() {
      return input.length;
    },
    next(reading) {
      if (reading.kind === "command") return lines.next(LONGEST_COMMAND);
      if (reading.kind === "data") return nextOfData();
      if (reading.kind === "chunk") return nextOfChunk(reading.size);
      return reading.kind === "auth" ? lines.next(LONGEST_AUTH) : NEED_MORE;
    },
    forget() {
      facts = factsCollector();
    },
  };
}

const NEED_MORE = { kind: "need-more" } as const;
/** RFC 5321 §4.5.3.1.4 asks for 512 octets and more for each extension; this leaves room for all of them. */
const LONGEST_COMMAND = 4096;
/** RFC 4954 §4. */
const LONGEST_AUTH = 12288;
