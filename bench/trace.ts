import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import PostalMime from "postal-mime";
import { interpretTrace } from "../src/trace/mod.ts";
import { vectors } from "../test/support/vectors.ts";
import { type Effort, judge, type Result } from "./figures.ts";

/** Messages per second over one set of files, in one process, in rounds that alternate; undefined without the files. */
export async function trace(effort: Effort): Promise<Result | undefined> {
  const set = vectors("mail");
  if (set.skip !== false) return undefined;
  const files = messagesBelow(set.path).map((file) => readFileSync(file));
  const [ours, theirs]: [number[], number[]] = [[], []];
  const read = (): void => {
    for (const file of files) interpretTrace(file);
  };
  const readAll = async (): Promise<void> => {
    for (const file of files) await PostalMime.parse(file);
  };
  for (let round = 0; round <= ROUNDS[effort]; round++) {
    const figures = [await rate(read, files.length), await rate(readAll, files.length)] as const;
    // The first round warms both up.
    if (round === 0) continue;
    ours.push(figures[0]);
    theirs.push(figures[1]);
  }
  const peer = { name: "postal-mime reading whole messages", figures: theirs };
  return judge({ name: `trace of ${files.length} messages`, unit: "messages/s", ours, peer, bound: BOUND });
}

async function rate(work: () => void | Promise<void>, messages: number): Promise<number> {
  const begin = performance.now();
  let done = 0;
  while (performance.now() - begin < LEAST) {
    await work();
    done += messages;
  }
  return Math.round((done * 1000) / (performance.now() - begin));
}

function messagesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".eml"))
    .map((name) => join(folder, name))
    .sort();
}

const BOUND = 2;
const ROUNDS = { short: 5, whole: 7 } as const;
/** Milliseconds a round. */
const LEAST = 300;
