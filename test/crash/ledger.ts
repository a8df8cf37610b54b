import assert from "node:assert/strict";
import { concat, systemClock, systemRandom } from "../../src/base/mod.ts";
import type { QueueId, Store } from "../../src/queue/mod.ts";
import { openSqliteStore } from "../../src/queue/store/mod.ts";
import { statusOf } from "../../src/status/mod.ts";
import { bodyOf, DAY, SMALL_BODY } from "./body.ts";

/** What was promised about one message, over all lives of the shard. */
interface Entry {
  readonly size: number;
  /** `unsure`: the process died before it said; `kept`: it must be there; `gone`: it must not. */
  state: "unsure" | "kept" | "gone";
  /** Handed to a next hop in this life, not yet settled for sure. */
  delivering: boolean;
  /** Put off or claimed in this life without an end that we know of. */
  attempts: number;
  /** Claimed in this life, and nothing said about a settlement since. */
  leased: boolean;
  /** Put on hold for sure, and nobody asked for its release. */
  held: boolean;
  /** Its delivery was settled for sure. */
  counted: boolean;
}

export type Ledger = Map<string, Entry>;

/** Enters what a process said before it died; the last line may be cut. */
export function record(ledger: Ledger, said: string): void {
  const lines = said.split("\n").slice(0, -1);
  for (const line of lines) {
    const [verb = "", id = "", detail = ""] = line.split(" ");
    if (verb === "refuse") continue;
    const entry = ledger.get(id);
    if (verb === "begin") {
      assert.equal(entry, undefined);
      ledger.set(id, {
        size: Number(detail),
        state: "unsure",
        delivering: false,
        attempts: 0,
        leased: false,
        held: false,
        counted: false,
      });
      continue;
    }
    assert.ok(entry, `"${line}" about a message that nobody queued`);
    switch (verb) {
      case "commit":
        if (entry.state === "unsure") entry.state = "kept";
        break;
      case "claim":
        assert.notEqual(entry.state, "gone", `${id} was claimed after it was settled`);
        assert.ok(Number(detail) > entry.attempts, `attempt ${detail} of ${id} was counted before`);
        entry.attempts = Number(detail);
        entry.leased = true;
        break;
      case "deliver":
        assert.equal(entry.delivering, false, `${id} was delivered twice in one life`);
        entry.delivering = true;
        entry.leased = false;
        break;
      case "settle":
        entry.state = "gone";
        entry.delivering = false;
        entry.counted = true;
        break;
      case "hold":
        entry.held = true;
        break;
      case "unhold":
        entry.held = false;
        break;
      case "defer":
        entry.leased = false;
        break;
      default:
        assert.equal(verb, "retry");
    }
  }
}

/** Opens the shard after a death and holds it to the ledger; `drain` then delivers everything that is left. */
export async function checkShard(directory: string, ledger: Ledger, drain: boolean): Promise<void> {
  await using store = await openSqliteStore({
    directory,
    clock: systemClock,
    random: systemRandom,
    smallBody: SMALL_BODY,
  });
  const present = new Map((await store.list({ limit: 1_000_000 })).map((message) => [message.id as string, message]));
  const tallied = new Map((await store.tallies(DAY)).map(({ key, count }) => [key, count]));
  for (const [id, entry] of ledger) {
    const message = present.get(id);
    // A delivery and its tally are settled together, or neither is.
    if (message === undefined && entry.delivering) entry.counted = true;
    assert.equal(tallied.get(id) ?? 0, entry.counted ? 1 : 0, `the tally of ${id} and its delivery disagree`);
    if (entry.held) assert.equal(message?.units[0]?.heldBy, "operator", `${id} was put on hold and is not`);
    if (message === undefined) {
      const excused = entry.state !== "kept" || entry.delivering;
      assert.ok(excused, `${id} was acknowledged and is lost`);
      entry.state = "gone";
    } else {
      assert.notEqual(entry.state, "gone", `${id} was settled and is back`);
      entry.state = "kept";
      assert.ok((message.units[0]?.attempt ?? 0) >= entry.attempts, `an attempt of ${id} was forgotten`);
      assert.equal(message.envelope.recipients[0]?.mailbox.localPart, id);
      assert.deepEqual(await readAll(store, message.id), bodyOf(id, entry.size), `the content of ${id} is torn`);
    }
  }
  for (const id of present.keys()) assert.ok(ledger.has(id), `${id} came from nowhere`);
  const held = present
    .values()
    .reduce((sum, { units }) => sum + units.filter(({ state }) => state === "held").length, 0);
  assert.equal(await store.operate({}, "release", Date.now()), held);
  if (drain) await deliverAll(store, ledger);
  for (const entry of ledger.values()) {
    entry.delivering = false;
    entry.leased = false;
    entry.held = false;
  }
}

async function deliverAll(store: Store, ledger: Ledger): Promise<void> {
  for (;;) {
    const claims = await store.claim({ now: Date.now() + 1000, lease: 60_000, limit: 100 });
    if (claims.length === 0) break;
    const status = statusOf("ok");
    const settled = claims.map(async (claim) => {
      const entry = ledger.get(claim.message);
      if (entry?.leased === true) assert.ok(claim.crashes > 0, `the crash under ${claim.message} was not counted`);
      if (entry !== undefined) entry.state = "gone";
      assert.equal(
        await store.settle(claim, { at: 0, recipients: new Map([[0, { kind: "delivered", status, at: 0 }]]) }),
        true,
      );
    });
    await Promise.all(settled);
  }
  assert.deepEqual(await store.count(), { messages: 0, units: 0 });
}

async function readAll(store: Store, id: QueueId): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.openBody(id)) chunks.push(chunk);
  return new Uint8Array(concat(chunks));
}
