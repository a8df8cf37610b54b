import type { Traced } from "./run.ts";
import type { Summary } from "./summary.ts";
import { summaryJson } from "./summary.ts";

/** Writes `{ version, messages, summary }` one message at a time, so that a mailbox need not fit in memory. */
export function jsonWriter(write: (text: string) => void): {
  message(traced: Traced): void;
  end(summary: Summary): void;
} {
  let first = true;
  return {
    message({ source, path }) {
      write(first ? `{\n  "version": ${VERSION},\n  "messages": [\n` : ",\n");
      first = false;
      write(JSON.stringify({ source, path }, undefined, 2).replace(LINE_START, "    "));
    },
    end(summary) {
      const text = JSON.stringify(summaryJson(summary), undefined, 2).replace(LATER_LINES, "\n  ");
      write(`\n  ],\n  "summary": ${text}\n}\n`);
    },
  };
}

/** Raised when a member changes its meaning or goes; new members may come without. */
const VERSION = 1;
const LINE_START = /^/gm;
const LATER_LINES = /\n/g;
