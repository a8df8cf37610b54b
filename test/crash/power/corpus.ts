import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import type { DiskEvent } from "./events.ts";
import type { Recording } from "./recording.ts";

/** Recordings that are kept, by name, so that the same cuts are made every time. */
export function keptRecordings(): ReadonlyMap<string, Recording> {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(END));
  return new Map(names.sort().map((name) => [name.slice(0, -END.length), read(`${FOLDER}${name}`)]));
}

/** Keeps a recording under a name, here unless told; what lies there is replaced. */
export function keepRecording(name: string, { root, events }: Recording, folder: string = FOLDER): void {
  const stored = events.map((event) => ("data" in event ? { ...event, data: event.data.toString("base64") } : event));
  // Where it was recorded means nothing.
  const text = JSON.stringify({ root: ROOT, events: stored }).replaceAll(root, ROOT);
  const params = { [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_QUALITY]: 11 };
  writeFileSync(`${folder}${name}${END}`, brotliCompressSync(Buffer.from(text), { params }));
}

function read(path: string): Recording {
  const { root, events } = JSON.parse(brotliDecompressSync(readFileSync(path)).toString()) as Stored;
  return {
    root,
    events: events.map((event) =>
      event.kind === "write" ? { ...event, data: Buffer.from(event.data, "base64") } : event,
    ),
  };
}

interface Stored {
  readonly root: string;
  readonly events: readonly (
    | Exclude<DiskEvent, { kind: "write" }>
    | { readonly kind: "write"; readonly path: string; readonly data: string; readonly at?: number }
  )[];
}

const FOLDER = fileURLToPath(new URL("../../corpus/shard-power/", import.meta.url));
const END = ".json.br";
const ROOT = "/recorded";
