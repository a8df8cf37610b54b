import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { type Random, seededRandom } from "../../../src/base/mod.ts";
import { createDisk, type Cut } from "./disk.ts";
import { hear, type Promises } from "./promises.ts";
import type { Recording } from "./recording.ts";
import { recover } from "./recover.ts";

export interface Simulation {
  readonly events: number;
  readonly crashes: Readonly<Record<Cut["kind"], number>>;
  /** Of them: opened by the store's own thread; emptied and used on. */
  readonly threads: number;
  readonly drained: number;
  /** Broken promises, with the place and the kind of the cut. */
  readonly broken: readonly string[];
}

export interface SimulateOptions {
  readonly crashes: number;
  readonly seed: number;
  /** The first place; default that of the first event. */
  readonly from?: number;
  /** Ends at this many broken promises; default 1. */
  readonly enough?: number;
}

/**
 * Cuts the power `crashes` times, spread evenly over all places of the recording, and lets the real store recover each
 * time.
 */
export async function simulate(recording: Recording, options: SimulateOptions): Promise<Simulation> {
  const { crashes, seed, enough = 1, from = 0 } = options;
  const { events, root } = recording;
  const random = seededRandom(seed);
  const disk = createDisk();
  const promises: Promises = new Map();
  const counts = { lost: 0, doubt: 0, kept: 0, torn: 0 };
  const broken: string[] = [];
  let done = 0;
  let threads = 0;
  let drained = 0;
  let said = "";
  for (const [at, event] of events.entries()) {
    disk.apply(event);
    if (event.kind === "say") {
      const lines = `${said}${event.text}`.split("\n");
      said = lines.pop() ?? "";
      for (const line of lines) hear(promises, line);
    }
    const due = Math.floor((Math.max(0, at + 1 - from) * crashes) / (events.length - from));
    for (; done < due && broken.length < enough; done++) {
      const cut = cutFor(done, random);
      const thread = done % THREAD_EVERY === 0;
      const drain = done % DRAIN_EVERY === 0;
      counts[cut.kind]++;
      threads += Number(thread);
      drained += Number(drain);
      const folder = mkdtempSync(`${FOLDER}/hopseal-cut-`);
      try {
        await recover(disk.cut(cut), promises, { folder, root, thread, drain });
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        broken.push(`after event ${at} (${describe(event)}), ${cut.kind}: ${why}`);
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
  }
  return { events: events.length, crashes: counts, threads, drained, broken };
}

/** Half of them torn; of the others one half with all that was unsynced kept, one with it lost, or what is in doubt. */
function cutFor(number: number, random: Random): Cut {
  const choice = number % 8;
  if (choice === 0) return { kind: "lost" };
  if (choice === 4) return { kind: "doubt" };
  return choice % 4 === 1 ? { kind: "kept" } : { kind: "torn", random };
}

function describe(event: Recording["events"][number]): string {
  const { kind } = event;
  if (kind === "say") return `${kind} ${event.text.trim()}`;
  return `${kind} ${"path" in event ? event.path : "to" in event ? event.to : ""}`;
}

const THREAD_EVERY = 101;
const DRAIN_EVERY = 7;
/** Memory, where the system has a folder in it: syncs cost nothing there. */
const FOLDER = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
