import assert from "node:assert/strict";
import { test } from "node:test";
import { openLedger } from "./ledger.ts";
import { type Kill, killUnderLoad } from "./search.ts";

test("kill -9 of workers, of their parent and of all under load: nothing acknowledged is lost, nothing comes early or without cause twice", async () => {
  const { kills, acknowledged, ...found } = await killUnderLoad({
    kills: 12,
    plan: PLAN,
    seed: 3,
    workers: 2,
    producers: 4,
  });
  assert.deepEqual(kills, { worker: 10, parent: 1, all: 1 });
  assert.ok(acknowledged > 0);
  const { lost, early, refused, repeated } = found;
  assert.deepEqual({ lost, early, refused, repeated }, { lost: [], early: [], refused: [], repeated: [] });
});

test("the judge of that search sees every kind of harm", () => {
  const ledger = openLedger();
  const text = (name: string): Buffer => Buffer.from(`Subject: ${name}\r\n\r\nx\r\n`);
  const ok = { cause: "ok-message", code: 250, text: "" } as Parameters<typeof ledger.arrived>[1];
  ledger.sent("lost", text("lost"));
  ledger.answered("lost", 250);
  ledger.arrived(text("early"), ok);
  ledger.sent("torn", text("torn"));
  ledger.arrived(text("torn").subarray(0, -1), ok);
  ledger.sent("refused", text("refused"));
  ledger.answered("refused", 451);
  ledger.arrived(text("refused"), ok);
  ledger.sent("twice", text("twice"));
  ledger.answered("twice", 250);
  ledger.arrived(text("twice"), ok);
  ledger.arrived(text("twice"), ok);
  assert.deepEqual(ledger.judge(), {
    acknowledged: 2,
    lost: ["lost"],
    early: ["early", "torn"],
    refused: ["refused"],
    repeated: ["twice"],
    unanswered: 2,
    duplicates: 1,
    most: 2,
  });
});

/** `npm run kills` has a thousand. */
const PLAN: readonly Kill[] = [
  ...Array.from({ length: 6 }, () => "worker" as const),
  "all",
  "worker",
  "worker",
  "parent",
  "worker",
  "worker",
];
