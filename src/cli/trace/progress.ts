import type { WriteStream } from "node:tty";
import type { Clock } from "../../base/mod.ts";

export interface Progress {
  step(count: number): void;
  done(): void;
}

/** Counts on standard error while work is long and somebody watches. */
export function progress(stream: Pick<WriteStream, "isTTY" | "write">, clock: Pick<Clock, "monotonic">): Progress {
  if (!stream.isTTY) return { step: () => {}, done: () => {} };
  const begin = clock.monotonic();
  let last = begin;
  let written = false;
  return {
    step(count) {
      const now = clock.monotonic();
      if (now - begin < QUIET || now - last < PAUSE) return;
      last = now;
      written = true;
      stream.write(`\r${count} messages, ${Math.round(count / ((now - begin) / 1000))} a second `);
    },
    done() {
      if (written) stream.write("\r\u001b[K");
    },
  };
}

/** Milliseconds before the first sign, and between two. */
const QUIET = 1000;
const PAUSE = 200;
