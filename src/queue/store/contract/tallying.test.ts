import assert from "node:assert/strict";
import type { Destination, RecipientState, TallyEntry } from "../../port.ts";
import type { Check } from "../contract.test.ts";
import { deferred, delivered, type Lab, LEASE } from "./lab.test.ts";

/** What is counted with settlements. */
export function tallyingContract(check: Check): void {
  const MONDAY = "2026-03-02";
  const TUESDAY = "2026-03-03";

  check("tally entries are counted with their settlement, by day and key, in order", async (lab) => {
    await settleWith(lab, [entry(TUESDAY, "b"), entry(TUESDAY, "a"), entry(TUESDAY, "b")]);
    await settleWith(lab, [
      entry(MONDAY, "b"),
      entry(TUESDAY, "b"),
      entry(TUESDAY, "\u{1f511}"),
      entry(TUESDAY, "\uffee"),
    ]);
    await settleWith(lab, []);
    const tuesday = [
      { day: TUESDAY, key: "a", count: 1 },
      { day: TUESDAY, key: "b", count: 3 },
      { day: TUESDAY, key: "\uffee", count: 1 },
      { day: TUESDAY, key: "\u{1f511}", count: 1 },
    ];
    assert.deepEqual(await lab.store.tallies(), [{ day: MONDAY, key: "b", count: 1 }, ...tuesday]);
    assert.deepEqual(await lab.store.tallies(TUESDAY), tuesday);
    assert.deepEqual(await lab.store.tallies("2026-03-04"), []);
  });

  check("a lost settlement and a refused one count nothing", async (lab) => {
    await lab.queue();
    const claim = await lab.claimOne();
    const tally = [entry(MONDAY, "a")];
    const base = { at: lab.now(), recipients: new Map(), tally };
    await assert.rejects(lab.store.settle(claim, base));
    const notice = { message: lab.message(), body: new Uint8Array(1) };
    const twice = { ...base, retryAt: lab.now(), enqueue: [notice, notice] };
    await assert.rejects(lab.store.settle(claim, twice));
    assert.deepEqual(await lab.store.tallies(), []);
    assert.equal(await lab.store.settle(claim, { ...base, retryAt: lab.now() }), true);
    assert.equal(await lab.store.settle(claim, { ...base, retryAt: lab.now() }), false);
    assert.deepEqual(await lab.store.tallies(), [{ ...entry(MONDAY, "a"), count: 1 }]);
  });

  check("forgetTallies forgets the days before, and no others", async (lab) => {
    await settleWith(lab, [entry(MONDAY, "a"), entry(TUESDAY, "a"), entry("2025-12-31", "a")]);
    await lab.store.forgetTallies(TUESDAY);
    assert.deepEqual(await lab.store.tallies(), [{ day: TUESDAY, key: "a", count: 1 }]);
  });

  check(
    "tallies last",
    async (lab) => {
      await settleWith(lab, [entry(MONDAY, "a")]);
      await lab.reopen();
      await settleWith(lab, [entry(MONDAY, "a")]);
      assert.deepEqual(await lab.store.tallies(), [{ day: MONDAY, key: "a", count: 2 }]);
    },
    { lasting: true },
  );
}

/** Claims given back, suspects, and what a recipient remembers. */
export function returningContract(check: Check): void {
  check("a claim given back untouched counts neither as an attempt nor as a crash", async (lab) => {
    const { id } = await lab.queue();
    const first = await lab.claimOne();
    const retryAt = lab.now() + 5;
    const untouched = { at: lab.now(), recipients: new Map(), untouched: true } as const;
    assert.equal(await lab.store.settle(first, { ...untouched, retryAt }), true);
    const [unit] = (await lab.store.show(id))?.units ?? [];
    assert.deepEqual([unit?.state, unit?.attempt, unit?.crashes, unit?.nextAt], ["waiting", 0, 0, retryAt]);
    lab.advance(5);
    const second = await lab.claimOne();
    assert.deepEqual([second.attempt, second.crashes, second.token > first.token], [1, 0, true]);
    assert.equal(await lab.store.settle(first, untouched), false);
    assert.equal(await lab.store.settle(second, { ...untouched, at: lab.now() }), true);
    assert.equal(await lab.store.nextDue(), lab.now());
    assert.deepEqual((await lab.claimOne()).attempt, 1);
  });

  check("a suspect given back stays one", async (lab) => {
    await lab.queue();
    await lab.claimOne();
    lab.advance(LEASE);
    const suspect = await lab.claimOne();
    assert.deepEqual([suspect.attempt, suspect.crashes], [2, 1]);
    await lab.store.settle(suspect, { at: lab.now(), recipients: new Map(), untouched: true });
    assert.deepEqual(await lab.claim({ suspects: "none" }), []);
    const [again] = await lab.claim({ suspects: "only" });
    assert.deepEqual([again?.attempt, again?.crashes], [2, 1]);
  });

  check("claims of suspects only, or of none, leave the others where they are", async (lab) => {
    const bad = await lab.queue(lab.message("bad.example"));
    await lab.claimOne();
    lab.advance(LEASE);
    const good = await lab.queue(lab.message("good.example"));
    const ids = (claims: readonly { readonly message: string }[]): string[] => claims.map(({ message }) => message);
    assert.deepEqual(ids(await lab.claim({ suspects: "only", except: ["bad.example" as Destination] })), []);
    const plain = await lab.claim({ suspects: "none" });
    assert.deepEqual(ids(plain), [good.id]);
    const suspects = await lab.claim({ suspects: "only" });
    assert.deepEqual(ids(suspects), [bad.id]);
    // A settlement clears the suspicion.
    for (const claim of [...plain, ...suspects]) {
      await lab.store.settle(claim, { at: lab.now(), recipients: new Map(), retryAt: lab.now() });
    }
    assert.deepEqual(await lab.claim({ suspects: "only" }), []);
    assert.deepEqual(ids(await lab.claim({ suspects: "none" })).sort(), [bad.id, good.id].sort());
  });

  check("a suspect put on hold and released at the same moment is none any more", async (lab) => {
    const { id } = await lab.queue();
    await lab.claimOne();
    lab.advance(LEASE);
    const suspect = await lab.claimOne();
    await lab.store.settle(suspect, { at: lab.now(), recipients: new Map(), untouched: true });
    assert.deepEqual(await lab.claim({ suspects: "none" }), []);
    await lab.store.operate({ message: id }, "hold", lab.now());
    await lab.store.operate({ message: id }, "release", lab.now());
    assert.deepEqual(await lab.claim({ suspects: "only" }), []);
    assert.equal((await lab.claim({ suspects: "none" })).length, 1);
  });

  check("a unit held for its crashes keeps their number in sight", async (lab) => {
    const { id } = await lab.queue();
    await lab.claimOne();
    lab.advance(LEASE);
    const claim = await lab.claimOne();
    await lab.store.settle(claim, { at: lab.now(), recipients: new Map(), hold: true });
    const [unit] = (await lab.store.show(id))?.units ?? [];
    assert.deepEqual([unit?.state, unit?.heldBy, unit?.crashes], ["held", "settlement", 1]);
    await lab.reopen();
    assert.deepEqual((await lab.store.show(id))?.units[0], unit);
  });

  check("a recipient remembers its warning, with and without a last status", async (lab) => {
    const { id } = await lab.queue();
    const states: readonly RecipientState[] = [
      { kind: "pending", warned: true },
      { ...deferred(), warned: true } as RecipientState,
    ];
    for (const state of states) {
      const settlement = { at: lab.now(), recipients: new Map([[0, state]]), retryAt: lab.now() };
      assert.equal(await lab.store.settle(await lab.claimOne(), settlement), true);
      assert.deepEqual((await lab.store.show(id))?.units[0]?.recipients.get(0), state);
    }
  });

  check("nextDue leaves out destinations, whether they wait or are leased", async (lab) => {
    const [a, b] = ["a.example" as Destination, "b.example" as Destination];
    await lab.queue(lab.message("a.example"));
    lab.advance(10);
    await lab.queue(lab.message("b.example"));
    assert.equal(await lab.store.nextDue([a]), lab.now());
    assert.equal(await lab.store.nextDue([b]), lab.now() - 10);
    assert.equal(await lab.store.nextDue([a, b]), undefined);
    const claim = await lab.claimOne();
    assert.equal(await lab.store.nextDue([b]), lab.now() + LEASE);
    await lab.store.settle(claim, { at: lab.now(), recipients: new Map(), retryAt: lab.now() + 500 });
    assert.equal(await lab.store.nextDue([b]), lab.now() + 500);
    await lab.store.operate({ destination: a }, "retry", lab.now() + 3);
    assert.equal(await lab.store.nextDue([b]), lab.now() + 3);
    await lab.store.operate({ destination: a }, "hold", lab.now());
    assert.equal(await lab.store.nextDue([b]), undefined);
    assert.equal(await lab.store.nextDue([a]), lab.now());
    assert.equal((await lab.claim()).length, 1);
  });
}

function entry(day: string, key: string): TallyEntry {
  return { day, key };
}

async function settleWith(lab: Lab, tally: readonly TallyEntry[]): Promise<void> {
  await lab.queue();
  const recipients = new Map([[0, delivered(lab.now())]]);
  assert.equal(await lab.store.settle(await lab.claimOne(), { at: lab.now(), recipients, tally }), true);
}
