import { type Bytes, concat } from "../../../base/mod.ts";
import { type BodySink, type QueueId, type Staged, StoreError } from "../../port.ts";
import type { BodyFolder, PartialBody } from "./bodies.ts";
import { contentSum } from "./sums.ts";

/** Content that is complete: in memory when small, otherwise in a file that is not yet published. */
export type StagedBody =
  | { readonly kind: "inline"; readonly body: Bytes }
  | { readonly kind: "file"; readonly size: number; readonly sum: number; readonly file: PartialBody };

/** Takes content; beyond `small` octets it goes to a file while it arrives. */
export function createSink(folder: BodyFolder, small: number): BodySink {
  let chunks: Bytes[] = [];
  let held = 0;
  let size = 0;
  let sum = 0;
  let state: "open" | "finished" | "dropped" = "open";
  let file: PartialBody | undefined;
  /** The write under way; rejects for good after the first failure. */
  let writing: Promise<void> | undefined;

  const flush = async (): Promise<void> => {
    file ??= await folder.create();
    while (held > 0) {
      const bytes = concat(chunks);
      chunks = [];
      sum = contentSum(bytes, sum);
      await file.append(bytes);
      held -= bytes.length;
    }
  };
  const startFlush = (): Promise<void> => {
    writing = (writing ?? Promise.resolve()).then(flush);
    writing.catch(() => undefined);
    return writing;
  };
  return {
    write(chunk) {
      if (state !== "open") throw new Error("Cannot write to content that has ended");
      chunks.push(new Uint8Array(chunk));
      held += chunk.length;
      size += chunk.length;
      if (size <= small || held < FLUSH_AT) return undefined;
      const flushed = startFlush();
      return held >= WAIT_AT ? flushed : undefined;
    },
    async finish() {
      if (state !== "open") throw new Error("Cannot end content twice");
      state = "finished";
      if (size <= small) return createStaged({ kind: "inline", body: concat(chunks) });
      try {
        await startFlush();
      } catch (error) {
        await file?.discard();
        throw error;
      }
      if (file === undefined) throw new StoreError("io", "The content has no file");
      return createStaged({ kind: "file", size, sum, file });
    },
    async [Symbol.asyncDispose]() {
      if (state !== "open") return;
      state = "dropped";
      chunks = [];
      held = 0;
      await writing?.catch(() => undefined);
      await file?.discard();
    },
  };
}

/** What stands behind `staged`, which is spent by this. */
export function takeStaged(staged: Staged): StagedBody {
  const body = contents.get(staged);
  if (body === undefined) throw new Error("Cannot use content twice, or content of another store");
  contents.delete(staged);
  return body;
}

/** Content that is whole already, as a notice is. */
export async function stageWhole(folder: BodyFolder, small: number, body: Bytes): Promise<StagedBody> {
  if (body.length <= small) return { kind: "inline", body: new Uint8Array(body) };
  const file = await folder.create();
  try {
    await file.append(body);
  } catch (error) {
    await file.discard();
    throw error;
  }
  return { kind: "file", size: body.length, sum: contentSum(body), file };
}

/** Makes the content durable if it is a file; returns what goes into the row. */
export async function publish(
  body: StagedBody,
  id: QueueId,
): Promise<{ bodySize: number; bodySum: number; body?: Bytes }> {
  if (body.kind === "inline") {
    return { bodySize: body.body.length, bodySum: contentSum(body.body), body: body.body };
  }
  await body.file.publish(id);
  return { bodySize: body.size, bodySum: body.sum };
}

export async function discard(body: StagedBody): Promise<void> {
  if (body.kind === "file") await body.file.discard();
}

function createStaged(body: StagedBody): Staged {
  const staged: Staged = {
    size: body.kind === "inline" ? body.body.length : body.size,
    async [Symbol.asyncDispose]() {
      if (contents.delete(staged)) await discard(body);
    },
  };
  contents.set(staged, body);
  return staged;
}

const contents = new WeakMap<Staged, StagedBody>();
const FLUSH_AT = 131_072;
const WAIT_AT = 524_288;
