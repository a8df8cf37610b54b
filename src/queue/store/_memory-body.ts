import { type Bytes, concat } from "../../base/mod.ts";
import type { BodySink, Staged } from "../port.ts";

/** A sink that keeps the content in memory. */
export function createMemorySink(): BodySink {
  let chunks: Bytes[] | undefined = [];
  let size = 0;
  return {
    write(chunk) {
      if (chunks === undefined) throw new Error("Cannot write to content that has ended");
      chunks.push(new Uint8Array(chunk));
      size += chunk.length;
    },
    finish() {
      if (chunks === undefined) return Promise.reject(new Error("Cannot end content twice"));
      const staged = createMemoryStaged(concat(chunks), size);
      chunks = undefined;
      return Promise.resolve(staged);
    },
    [Symbol.asyncDispose]() {
      chunks = undefined;
      return Promise.resolve();
    },
  };
}

/** The content behind `staged`, which is spent by this. */
export function takeBody(staged: Staged): Bytes {
  const body = bodies.get(staged);
  if (body === undefined) throw new Error("Cannot use content twice, or content of another store");
  bodies.delete(staged);
  return body;
}

function createMemoryStaged(body: Bytes, size: number): Staged {
  const staged: Staged = {
    size,
    [Symbol.asyncDispose]() {
      bodies.delete(staged);
      return Promise.resolve();
    },
  };
  bodies.set(staged, body);
  return staged;
}

const bodies = new WeakMap<Staged, Bytes>();
