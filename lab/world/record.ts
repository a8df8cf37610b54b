import type { Recorder } from "../types.ts";

/** All that was recorded of one cell. */
export interface CellRecord {
  /** What each end, and whoever reads along, understood as the content of a message. */
  readonly contents: readonly Content[];
  /** Octets as they passed a place, in order, one entry per connection and direction. */
  readonly raw: ReadonlyMap<string, RawTrack>;
  /** What hosts saw, e.g. "mx.T tls MAIL REQUIRETLS". */
  readonly notes: readonly string[];
}

export interface Content {
  readonly recorder: Recorder;
  readonly channel: "clear" | "tls";
  readonly octets: Buffer;
}

export interface RawTrack {
  readonly place: RawPlace;
  readonly chunks: readonly Buffer[];
}

/** "wire": what the network sees. The others are the insides of TLS, at the end that is named. */
export type RawPlace = "wire" | "mitm" | "evil" | "real" | "return";

export interface CellRecorder extends CellRecord {
  content(one: Content): void;
  /** A place to write octets that pass; `track` is told apart from all others. */
  track(place: RawPlace): (octets: Uint8Array) => void;
  note(text: string): void;
}

export function cellRecorder(): CellRecorder {
  const contents: Content[] = [];
  const raw = new Map<string, { place: RawPlace; chunks: Buffer[] }>();
  const notes: string[] = [];
  return {
    contents,
    raw,
    notes,
    content: (one) => void contents.push(one),
    track(place) {
      const chunks: Buffer[] = [];
      raw.set(`${place} ${raw.size}`, { place, chunks });
      return (octets) => void chunks.push(Buffer.from(octets));
    },
    note: (text) => void notes.push(text),
  };
}
