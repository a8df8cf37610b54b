import assert from "node:assert/strict";
import { seededRandom } from "../../../base/mod.ts";
import type { Destination, NewMessage, Settlement } from "../../port.ts";
import type { Check } from "../contract.test.ts";
import { deferred, delivered, envelopeFor, failed, type Lab, LEASE, SMALL } from "./lab.test.ts";

/** What becomes of a unit after an attempt. */
export function settlingContract(check: Check): void {
  check("the message goes with its last unit, and so does its content", async (lab) => {
    for (const body of [SMALL, seededRandom(3).bytes(150_000)]) {
      const message = await lab.queue(lab.message("rook.example", "pine.example"), body);
      const [first, second] = await lab.claim();
      assert.ok(first && second);
      assert.equal(await lab.store.settle(first, all(lab, first, delivered(lab.now()))), true);
      const left = await lab.store.show(message.id);
      assert.deepEqual(
        left?.units.map(({ unit }) => unit),
        [second.unit],
      );
      assert.deepEqual(await lab.read(message.id), body);
      assert.equal(await lab.store.settle(second, all(lab, second, failed(lab.now()))), true);
      assert.equal(await lab.store.show(message.id), undefined);
      await assert.rejects(lab.read(message.id));
      assert.deepEqual(await lab.store.count(), { messages: 0, units: 0 });
    }
  });

  check("states are kept by index, those not named stay", async (lab) => {
    const message = threeRecipients(lab);
    await lab.queue(message);
    const first = await lab.claimOne();
    const retryAt = lab.now() + 1000;
    const states = new Map([
      [4, delivered(lab.now())],
      [2, deferred()],
    ]);
    assert.equal(await lab.store.settle(first, { at: lab.now(), recipients: states, retryAt }), true);
    const expected = new Map([
      [2, deferred()],
      [3, { kind: "pending" }],
      [4, delivered(lab.now())],
    ]);
    const [unit] = (await lab.store.show(message.id))?.units ?? [];
    assert.deepEqual(unit?.recipients, expected);
    assert.deepEqual([unit?.state, unit?.nextAt], ["waiting", retryAt]);
    lab.advance(1000);
    const [second] = await lab.claim({ except: ["pine.example" as Destination] });
    assert.deepEqual(second?.recipients, expected);
  });

  check("a settled claim is spent", async (lab) => {
    await lab.queue();
    const claim = await lab.claimOne();
    const retry: Settlement = { at: lab.now(), recipients: new Map(), retryAt: lab.now() };
    assert.equal(await lab.store.settle(claim, retry), true);
    assert.equal(await lab.store.settle(claim, retry), false);
    assert.equal(await lab.store.settle(claim, all(lab, claim, delivered(0))), false);
    assert.equal(await lab.store.renew(claim, lab.now() + LEASE), false);
    assert.equal((await lab.claim()).length, 1);
  });

  check("a claim of a message that is gone settles nothing, even when others came since", async (lab) => {
    await lab.queue();
    const claim = await lab.claimOne();
    await lab.store.settle(claim, all(lab, claim, delivered(0)));
    const next = await lab.queue();
    await lab.claimOne();
    assert.equal(await lab.store.settle(claim, all(lab, claim, delivered(0))), false);
    assert.equal(await lab.store.renew(claim, lab.now() + LEASE), false);
    assert.equal((await lab.store.show(next.id))?.units[0]?.state, "leased");
  });

  check("retryAt must be given while a recipient is pending, and indices must be the unit's", async (lab) => {
    const { id } = await lab.queue();
    const claim = await lab.claimOne();
    await assert.rejects(lab.store.settle(claim, { at: 0, recipients: new Map([[0, deferred()]]) }));
    await assert.rejects(lab.store.settle(claim, { at: 0, recipients: new Map([[9, delivered(0)]]), retryAt: 0 }));
    assert.equal((await lab.store.show(id))?.units[0]?.state, "leased");
    assert.equal(await lab.store.settle(claim, all(lab, claim, delivered(0))), true);
  });
}

/** Notices, holds and many settlements at once. */
export function enqueueingContract(check: Check): void {
  check("notices are queued with the settlement, small, large and empty", async (lab) => {
    await lab.queue();
    const claim = await lab.claimOne();
    const bodies = [SMALL, seededRandom(5).bytes(100_000), new Uint8Array(0)];
    const enqueue = bodies.map((body) => ({ message: lab.message("pine.example"), body }));
    assert.equal(await lab.store.settle(claim, { ...all(lab, claim, failed(lab.now())), enqueue }), true);
    assert.deepEqual(await lab.store.count(), { messages: 3, units: 3 });
    for (const { message, body } of enqueue) assert.deepEqual(await lab.read(message.id), body);
    assert.equal((await lab.claim()).length, 3);
  });

  check("a notice that cannot be queued leaves the whole settlement undone", async (lab) => {
    const kept = await lab.queue(lab.message("oak.example"));
    const { id } = await lab.queue();
    const claim = await lab.claimOne({ except: ["oak.example" as Destination] });
    const before = await lab.store.show(id);
    const fresh = lab.message();
    for (const bad of [kept, fresh]) {
      const enqueue = [fresh, bad].map((message) => ({ message, body: SMALL }));
      await assert.rejects(lab.store.settle(claim, { ...all(lab, claim, failed(0)), enqueue }));
      assert.deepEqual(await lab.store.show(id), before);
      assert.deepEqual(await lab.store.count(), { messages: 2, units: 2 });
    }
  });

  check("a held unit waits for an operator", async (lab) => {
    const { id } = await lab.queue();
    const claim = await lab.claimOne();
    const hold: Settlement = { at: lab.now(), recipients: new Map([[0, deferred()]]), hold: true };
    assert.equal(await lab.store.settle(claim, hold), true);
    lab.advance(LEASE * 1000);
    assert.deepEqual(await lab.claim(), []);
    assert.equal(await lab.store.nextDue(), undefined);
    assert.equal((await lab.store.show(id))?.units[0]?.state, "held");
    assert.deepEqual(await lab.store.count(), { messages: 1, units: 1 });
  });

  check("many settlements at once each have their own answer", async (lab) => {
    await Promise.all(Array.from({ length: 30 }, (_, at) => lab.queue(lab.message(`d${at}.example`))));
    const claims = await lab.claim();
    const answers = await Promise.allSettled(
      claims.flatMap((claim, at) => {
        const good = all(lab, claim, delivered(lab.now()));
        return at % 3 === 0
          ? [lab.store.settle(claim, { at: 0, recipients: new Map() })]
          : [lab.store.settle(claim, good)];
      }),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      claims.map((_, at) => (at % 3 === 0 ? "rejected" : "fulfilled")),
    );
    assert.deepEqual(await lab.store.count(), { messages: 10, units: 10 });
  });
}

function all(
  lab: Lab,
  claim: { readonly recipients: ReadonlyMap<number, unknown> },
  state: ReturnType<typeof delivered>,
): Settlement {
  return { at: lab.now(), recipients: new Map(claim.recipients.keys().map((index) => [index, state])) };
}

/** Five recipients in two units; the first unit has the indices 2, 3 and 4. */
function threeRecipients(lab: Lab): NewMessage {
  const names = ["pine.example", "pine.example", "rook.example", "rook.example", "rook.example"];
  return {
    ...lab.message(),
    envelope: envelopeFor(names),
    units: [
      { destination: "rook.example" as Destination, recipients: [2, 3, 4] },
      { destination: "pine.example" as Destination, recipients: [0, 1] },
    ],
  };
}
