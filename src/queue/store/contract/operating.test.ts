import assert from "node:assert/strict";
import { NULL_REVERSE_PATH } from "../../../mail/mod.ts";
import type { Destination, NewMessage, Operation, QueueId, UnitFilter } from "../../port.ts";
import type { Check } from "../contract.test.ts";
import { deferred, type Lab, LEASE } from "./lab.test.ts";

/** What an operator's word does to units in every state. */
export function operatingContract(check: Check): void {
  const outcomes: readonly (readonly [Operation, number, Record<string, string | undefined>])[] = [
    ["retry", 1, { due: "due", waiting: "due", held: "held", leased: "leased" }],
    ["release", 1, { due: "due", waiting: "waiting", held: "due", leased: "leased" }],
    ["hold", 2, { due: "held", waiting: "held", held: "held", leased: "leased" }],
    ["drop", 3, { due: undefined, waiting: undefined, held: undefined, leased: "leased" }],
  ];
  for (const [operation, count, after] of outcomes) {
    check(`${operation} over all units touches those it means, and no lease`, async (lab) => {
      const ids = await oneOfEach(lab);
      assert.equal(await lab.store.operate({}, operation, lab.now()), count);
      assert.deepEqual(await statesOf(lab, ids), after);
      assert.equal(await lab.store.operate({}, operation, lab.now()), 0);
    });

    check(
      `${operation} lasts`,
      async (lab) => {
        const ids = await oneOfEach(lab);
        await lab.store.operate({}, operation, lab.now());
        await lab.reopen();
        // A reopening ends every lease.
        const expected = { ...after, leased: "due" };
        assert.deepEqual(await statesOf(lab, ids), expected);
      },
      { lasting: true },
    );
  }

  check("the census counts messages, units in every state, and says since when one is due", async (lab) => {
    const none = { due: 0, waiting: 0, leased: 0, held: 0 };
    assert.deepEqual(await lab.store.census(lab.now()), { messages: 0, units: none });
    const since = lab.now();
    await oneOfEach(lab);
    const units = { due: 1, waiting: 1, leased: 1, held: 1 };
    assert.deepEqual(await lab.store.census(lab.now()), { messages: 4, units, oldestDue: since });
    // A lease that ran out is due.
    const later = { messages: 4, units: { due: 3, waiting: 0, leased: 0, held: 1 }, oldestDue: since };
    assert.deepEqual(await lab.store.census(lab.now() + 100 * LEASE), later);
    await lab.store.operate({ state: "held" }, "drop", lab.now());
    await lab.store.operate({ state: "due" }, "drop", lab.now());
    assert.deepEqual(await lab.store.census(lab.now()), { messages: 2, units: { ...units, due: 0, held: 0 } });
  });

  check("every word of a filter narrows", async (lab) => {
    const ids = await oneOfEach(lab);
    const cases: readonly (readonly [UnitFilter, number])[] = [
      [{ message: ids["waiting"] as QueueId }, 1],
      [{ message: "absent" as QueueId }, 0],
      [{ destination: "waiting.example" as Destination }, 1],
      [{ destination: "absent.example" as Destination }, 0],
      [{ state: "waiting" }, 1],
      [{ state: "due" }, 1],
      [{ state: "leased" }, 0],
      [{ sender: "ann@pine.example" }, 3],
      [{ sender: "ann@PINE.example" }, 3],
      [{ sender: "Ann@pine.example" }, 0],
      [{ sender: "" }, 0],
      [{ sender: "no address" }, 0],
      [{ message: ids["waiting"] as QueueId, state: "held" }, 0],
      [{ destination: "held.example" as Destination, state: "held", sender: "ann@pine.example" }, 1],
    ];
    for (const [filter, expected] of cases) {
      const listed = await lab.store.list({ filter });
      const dropped = await lab.store.operate(filter, "drop", lab.now());
      assert.equal(dropped, expected, JSON.stringify(filter));
      assert.equal(listed.length, filter.state === "leased" || expected === 3 ? expected + 1 : expected);
      await dropAll(lab);
      Object.assign(ids, await oneOfEach(lab));
    }
  });

  check("the null reverse-path is a sender of its own", async (lab) => {
    const notice = lab.message();
    await lab.queue({ ...notice, envelope: { ...notice.envelope, reversePath: NULL_REVERSE_PATH } });
    await lab.queue();
    assert.deepEqual(
      (await lab.store.list({ filter: { sender: "" } })).map(({ id }) => id),
      [notice.id],
    );
    assert.equal(await lab.store.operate({ sender: "<>" }, "drop", lab.now()), 1);
    assert.equal((await lab.store.count()).messages, 1);
  });

  check("drop takes the message and its content with its last unit", async (lab) => {
    const message = await lab.queue(lab.message("a.example", "b.example"));
    const a = { destination: "a.example" as Destination };
    assert.equal(await lab.store.operate(a, "drop", lab.now()), 1);
    assert.equal((await lab.store.show(message.id))?.units.length, 1);
    assert.ok((await lab.read(message.id)).length > 0);
    assert.equal(await lab.store.operate({ message: message.id }, "drop", lab.now()), 1);
    assert.equal(await lab.store.show(message.id), undefined);
    await assert.rejects(lab.read(message.id));
    assert.deepEqual(await lab.claim(), []);
  });

  check("what an operator holds says so, and release makes it due with its crashes forgotten", async (lab) => {
    const { id } = await lab.queue();
    await lab.store.operate({ message: id }, "hold", lab.now());
    assert.equal(await lab.store.nextDue(), undefined);
    assert.deepEqual(await lab.claim(), []);
    const [held] = (await lab.store.show(id))?.units ?? [];
    assert.deepEqual([held?.state, held?.heldBy], ["held", "operator"]);
    lab.advance(10);
    assert.equal(await lab.store.operate({ message: id }, "release", lab.now()), 1);
    const [free] = (await lab.store.show(id))?.units ?? [];
    assert.deepEqual([free?.state, free?.heldBy, free?.crashes, free?.nextAt], ["due", undefined, 0, lab.now()]);
    assert.equal((await lab.claimOne()).message, id);
  });

  check("more units than one step holds are all done", async (lab) => {
    const names = Array.from({ length: 700 }, (_, at) => `d${at}.example`);
    await Promise.all([lab.queue(lab.message(...names)), lab.queue(lab.message(...names)), lab.queue()]);
    assert.equal(await lab.store.operate({}, "hold", lab.now()), 1401);
    assert.equal(await lab.store.operate({ destination: "d699.example" as Destination }, "release", lab.now()), 2);
    assert.equal((await lab.claim()).length, 2);
    assert.equal(await lab.store.operate({ state: "held" }, "drop", lab.now()), 1399);
    assert.deepEqual(await lab.store.count(), { messages: 2, units: 2 });
  });
}

/** Pages of what a filter means. */
export function filteringContract(check: Check): void {
  check("a filtered list is in order, whole, paged and bounded", async (lab) => {
    const messages: NewMessage[] = [];
    for (let at = 0; at < 30; at++) {
      lab.advance(1);
      messages.push(lab.message(at % 3 === 0 ? "a.example" : "b.example", "c.example"));
    }
    await Promise.all(messages.toReversed().map((message) => lab.queue(message)));
    const filter = { destination: "a.example" as Destination };
    const wanted = messages.filter((_, at) => at % 3 === 0);
    const seen: QueueId[] = [];
    for (;;) {
      const after = seen.at(-1);
      const page = await lab.store.list({ limit: 4, filter, ...(after === undefined ? {} : { after }) });
      assert.ok(page.length <= 4);
      for (const message of page) assert.equal(message.units.length, 2);
      seen.push(...page.map(({ id }) => id));
      if (page.length < 4) break;
    }
    assert.deepEqual(
      seen,
      wanted.map(({ id }) => id),
    );
    assert.equal((await lab.store.list({ filter: { state: "due" } })).length, 30);
  });

  check("the last of many is found", async (lab) => {
    await Promise.all(Array.from({ length: 2300 }, () => lab.queue()));
    const last = await lab.queue(lab.message("rare.example"));
    const listed = await lab.store.list({ filter: { destination: "rare.example" as Destination } });
    assert.deepEqual(
      listed.map(({ id }) => id),
      [last.id],
    );
    assert.equal(await lab.store.operate({ destination: "rare.example" as Destination }, "drop", lab.now()), 1);
    assert.equal((await lab.store.count()).messages, 2300);
  });
}

/** One message in each state, by the name of the state. */
async function oneOfEach(lab: Lab): Promise<Record<string, QueueId>> {
  const ids: Record<string, QueueId> = {};
  const claimed = async (name: string): ReturnType<Lab["claimOne"]> => {
    ids[name] = (await lab.queue(lab.message(`${name}.example`))).id;
    return await lab.claimOne();
  };
  const recipients = new Map([[0, deferred()]]);
  await lab.store.settle(await claimed("waiting"), { at: lab.now(), recipients, retryAt: lab.now() + 2 * LEASE });
  await lab.store.settle(await claimed("held"), { at: lab.now(), recipients, hold: true });
  await claimed("leased");
  ids["due"] = (await lab.queue(lab.message("due.example"))).id;
  return ids;
}

async function statesOf(lab: Lab, ids: Record<string, QueueId>): Promise<Record<string, string | undefined>> {
  const states: Record<string, string | undefined> = {};
  for (const [name, id] of Object.entries(ids)) states[name] = (await lab.store.show(id))?.units[0]?.state;
  return states;
}

/** Drops what is leased, too. */
async function dropAll(lab: Lab): Promise<void> {
  await lab.store.operate({}, "drop", lab.now());
  lab.advance(LEASE + 1);
  for (const claim of await lab.claim()) {
    await lab.store.settle(claim, { at: lab.now(), recipients: new Map(), retryAt: lab.now() });
  }
  await lab.store.operate({}, "drop", lab.now());
  assert.deepEqual(await lab.store.count(), { messages: 0, units: 0 });
}
