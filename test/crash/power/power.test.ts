import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { needs } from "../../support/programs.ts";
import type { DiskEvent } from "./events.ts";
import { recordLives, type Recording } from "./recording.ts";
import { simulate } from "./simulate.ts";

// No two recordings are alike, and one in some thousand cuts shows a content that is missing, which is not understood yet;
// so this is a search, with a run of its own: HOPSEAL_POWER=1, or `npm run power` for many more cuts.
const asked = process.env["HOPSEAL_POWER"] !== undefined;
const recorded = asked && needs("strace") === false ? await recordLives(1) : undefined;
const skip = asked ? needs("strace") : "a search of its own: HOPSEAL_POWER=1";

test("whatever of the unsynced a power cut takes, nothing acknowledged is lost and nothing is half there", {
  skip,
}, async (t) => {
  const { events, crashes, threads, drained, broken } = await simulate(recording(), { crashes: 600, seed: 5 });
  assert.deepEqual(broken, []);
  const { lost, kept, torn } = crashes;
  assert.equal(lost + kept + torn, 600);
  say(
    t,
    `${events} events, power cuts: ${lost} lost, ${kept} kept, ${torn} torn; ${threads} threads, ${drained} drained`,
  );
});

/** A store that forgot one of its duties; the simulation must see it. */
const FORGETFUL: readonly { readonly what: string; readonly forgets: (event: DiskEvent) => boolean }[] = [
  { what: "never syncs the log", forgets: (event) => isSync(event, "queue.db-wal") },
  { what: "never syncs a content", forgets: (event) => isSync(event, ".part") },
  { what: "never syncs the folder of contents", forgets: (event) => isSync(event, "/bodies") },
  { what: "never syncs the database before it empties the log", forgets: (event) => isSync(event, "queue.db") },
];

for (const { what, forgets } of FORGETFUL) {
  test(`a store that ${what} is found out`, { skip }, async () => {
    const { root, events } = recording();
    const left = events.filter((event) => !forgets(event));
    assert.ok(left.length < events.length);
    const { broken } = await simulate({ root, events: left }, { crashes: 1200, seed: 6 });
    assert.equal(broken.length, 1);
  });
}

function isSync(event: DiskEvent, end: string): boolean {
  return event.kind === "sync-begin" && event.path.endsWith(end);
}

function recording(): Recording {
  assert.ok(recorded);
  return recorded;
}

function say(t: TestContext, text: string): void {
  t.diagnostic(text);
}
