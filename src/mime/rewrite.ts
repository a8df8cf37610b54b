import { type Bytes, unreachable } from "../base/mod.ts";
import { base64, type Encoder, quotedPrintable, rewrapped } from "./encoders.ts";
import { plainFiller } from "./filler.ts";
import { rewriteHeader } from "./header.ts";
import type { Part } from "./part.ts";
import type { Treatment } from "./plan.ts";
import type { Visitor } from "./walk.ts";

/** Writes the message anew as the plan says. */
export function rewriter(treatments: readonly Treatment[], write: (octets: Bytes) => void): Visitor {
  const filler = plainFiller();
  let encoder: Encoder | undefined;
  return {
    header(part, octets) {
      write(filler.finish(false));
      const treatment = treatments[part.index] ?? "keep";
      encoder = encoderOf(treatment);
      write(headerOf(part, treatment, octets));
    },
    body: (piece) => write(encoder === undefined ? piece : encoder.push(piece)),
    leafEnd(atEnd) {
      if (encoder !== undefined) write(encoder.finish(atEnd));
      encoder = undefined;
    },
    filler: (piece) => write(filler.push(piece)),
    delimiter(octets) {
      write(filler.finish(false));
      write(octets);
    },
    end: () => write(filler.finish(true)),
  };
}

function encoderOf(treatment: Treatment): Encoder | undefined {
  switch (treatment) {
    case "keep":
    case "relabel":
      return undefined;
    case "rewrap":
      return rewrapped();
    case "quoted-printable":
      return quotedPrintable();
    case "base64":
      return base64();
    default:
      return unreachable(treatment);
  }
}

function headerOf(part: Part, treatment: Treatment, octets: Bytes): Bytes {
  const { header, root } = part;
  if (treatment === "keep" || treatment === "rewrap") return octets;
  if (treatment === "relabel") return rewriteHeader(header, "7bit", []);
  const add: string[] = [];
  // RFC 2045 §4
  if (root && !header.mimeVersion) add.push("MIME-Version: 1.0");
  // RFC 1428: octets of which nobody said what they mean.
  if (header.media === undefined) add.push("Content-Type: text/plain; charset=unknown-8bit");
  return rewriteHeader(header, treatment, add);
}
