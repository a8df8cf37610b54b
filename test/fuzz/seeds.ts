import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Files of a folder below test/corpus whose names end in `end`, cut to the 4 KiB that a fuzzed input has. */
export function corpusOf(folder: string, end: string): Buffer[] {
  const path = fileURLToPath(new URL(`../corpus/${folder}/`, import.meta.url));
  return readdirSync(path)
    .filter((name) => name.endsWith(end))
    .map((name) => readFileSync(`${path}${name}`).subarray(0, 4096));
}

/** The quoted words of an AFL dictionary. */
export function wordsOf(path: string): string[] {
  const text = readFileSync(fileURLToPath(new URL(`../corpus/${path}`, import.meta.url)), "latin1");
  return text.split("\n").flatMap((line) => {
    const word = /^"(.*)"$/.exec(line.trim())?.[1];
    return word === undefined ? [] : [word];
  });
}

export function latin1(octets: Uint8Array): string {
  return Buffer.from(octets).toString("latin1");
}

export function text(octets: Uint8Array): string {
  return Buffer.from(octets).toString("utf8");
}
