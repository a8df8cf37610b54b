import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import { needs } from "../../support/programs.ts";
import { keptRecordings } from "./corpus.ts";
import type { DiskEvent } from "./events.ts";
import { recordRefusal, type Recording } from "./recording.ts";
import { simulate } from "./simulate.ts";

// The same recordings and the same cuts each time. `npm run power` records anew, and cuts as often as one likes.
const kept = keptRecordings();
/** A recording of a store that had the fault. */
const BROKEN = "unrenewed";

suite("whatever of the unsynced a power cut takes, nothing acknowledged is lost and nothing is half there", () => {
  for (const [name, recording] of kept) {
    if (name === BROKEN) continue;
    test(`in the kept recording "${name}"`, (t) => holds(t, recording, CUTS));
  }
});

test(
  "a refused commit whose content the next opening removed does not come back, in a recording made now",
  {
    skip: needs("strace"),
  },
  async (t) => holds(t, await recordRefusal(), CUTS),
);

/** A store that forgot one of its duties; the simulation must see it. */
const FORGETFUL: readonly { readonly what: string; readonly forgets: (event: DiskEvent) => boolean }[] = [
  { what: "never syncs the log", forgets: (event) => isSync(event, "queue.db-wal") },
  { what: "never syncs a content", forgets: (event) => isSync(event, ".part") },
  { what: "never syncs the folder of contents", forgets: (event) => isSync(event, "/bodies") },
  { what: "never syncs the database before it empties the log", forgets: (event) => isSync(event, "queue.db") },
];

for (const { what, forgets } of FORGETFUL) {
  test(`a store that ${what} is found out`, () =>
    isFoundOut(recordingOf("lives"), (events) => events.filter((event) => !forgets(event))));
}

test("a store that removes contents before it has begun a new log is found out", () =>
  isFoundOut(
    recordingOf("refused"),
    (events) => {
      const removed = events.findIndex((event) => event.kind === "unlink" && event.path.includes("/bodies/"));
      const opened = events.findLastIndex(
        (event, at) => at < removed && event.kind === "create" && event.path.endsWith("queue.db-wal"),
      );
      const isLog = (event: DiskEvent): boolean =>
        isSync(event, "queue.db-wal") || (event.kind === "write" && event.path.endsWith("queue.db-wal"));
      return events.filter((event, at) => at < opened || at > removed || !isLog(event));
    },
    90,
  ));

test("a store that brings a log in doubt into the database as it is, is found out", () =>
  isFoundOut(recordingOf(BROKEN), (events) => events, 700));

async function isFoundOut(
  { root, events }: Recording,
  forget: (events: readonly DiskEvent[]) => readonly DiskEvent[],
  from = 0,
): Promise<void> {
  const left = forget(events);
  const { broken } = await simulate({ root, events: left }, { crashes: from === 0 ? 1500 : 600, seed: 6, from });
  assert.equal(broken.length, 1);
}

async function holds(t: TestContext, recording: Recording, crashes: number): Promise<void> {
  const { events, crashes: done, threads, drained, broken } = await simulate(recording, { crashes, seed: 5 });
  assert.deepEqual(broken, []);
  assert.equal(done.lost + done.doubt + done.kept + done.torn, crashes);
  const kinds = Object.entries(done).map(([kind, count]) => `${count} ${kind}`);
  t.diagnostic(`${events} events, power cuts: ${kinds.join(", ")}; ${threads} threads, ${drained} drained`);
}

function isSync(event: DiskEvent, end: string): boolean {
  return event.kind === "sync-begin" && event.path.endsWith(end);
}

function recordingOf(name: string): Recording {
  const recording = kept.get(name);
  assert.ok(recording);
  return recording;
}

const CUTS = 400;
