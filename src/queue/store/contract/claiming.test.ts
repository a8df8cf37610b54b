import assert from "node:assert/strict";
import type { Destination } from "../../port.ts";
import type { Check } from "../contract.test.ts";
import { deferred, delivered, LEASE, SMALL } from "./lab.test.ts";

/** Leases: who gets what, when, and what a lost one may still do. */
export function claimingContract(check: Check): void {
  check("a claim carries everything that an attempt needs", async (lab) => {
    const message = await lab.queue();
    const claim = await lab.claimOne();
    assert.deepEqual(claim, {
      unit: claim.unit,
      message: message.id,
      destination: "rook.example",
      token: claim.token,
      leaseUntil: lab.now() + LEASE,
      attempt: 1,
      crashes: 0,
      envelope: message.envelope,
      acceptedAt: message.acceptedAt,
      bodySize: SMALL.length,
      recipients: new Map([[0, { kind: "pending" }]]),
    });
  });

  check("units are claimed once, oldest due first, at most limit", async (lab) => {
    const ids: string[] = [];
    for (let made = 0; made < 7; made++) {
      ids.push((await lab.queue(lab.message(`d${made % 3}.example`))).id);
      lab.advance(1);
    }
    const first = await lab.claim({ limit: 3 });
    const rest = await lab.claim();
    assert.deepEqual(
      first.map(({ message }) => message),
      ids.slice(0, 3),
    );
    assert.deepEqual(
      rest.map(({ message }) => message),
      ids.slice(3),
    );
    assert.deepEqual(await lab.claim(), []);
  });

  check("concurrent claims never share a unit", async (lab) => {
    await Promise.all(Array.from({ length: 40 }, () => lab.queue()));
    const claims = (await Promise.all(Array.from({ length: 10 }, () => lab.claim({ limit: 7 })))).flat();
    assert.equal(claims.length, 40);
    assert.equal(new Set(claims.map(({ unit }) => unit)).size, 40);
  });

  check("a unit is not due before its time", async (lab) => {
    await lab.queue();
    assert.deepEqual(await lab.claim({ now: lab.now() - 1 }), []);
    assert.equal((await lab.claim()).length, 1);
  });
}

/** Destinations that are left alone, and the order of what was passed over. */
export function exceptingContract(check: Check): void {
  check("except leaves destinations alone, and they are found later in order", async (lab) => {
    const busy = "busy.example" as Destination;
    const order: string[] = [];
    for (let made = 0; made < 200; made++) {
      const { id } = await lab.queue(lab.message(made % 100 === 50 ? "free.example" : busy));
      order.push(id);
      lab.advance(1);
    }
    const free = await lab.claim({ except: [busy], limit: 5 });
    assert.deepEqual(
      free.map(({ message }) => message),
      [order[50], order[150]],
    );
    assert.deepEqual(await lab.claim({ except: [busy], limit: 5 }), []);
    const late = await lab.queue(lab.message("free.example"));
    assert.deepEqual(
      (await lab.claim({ except: [busy] })).map(({ message }) => message),
      [late.id],
    );
    const others = order.filter((_, at) => at % 100 !== 50);
    assert.deepEqual(
      (await lab.claim({ limit: 3 })).map(({ message }) => message),
      others.slice(0, 3),
    );
    assert.deepEqual(
      (await lab.claim({ limit: 500 })).map(({ message }) => message),
      others.slice(3),
    );
  });

  check("a unit that falls due behind others that wait is claimed in its place", async (lab) => {
    const busy = "busy.example" as Destination;
    await lab.queue(lab.message("free.example"));
    const claim = await lab.claimOne();
    lab.advance(1000);
    const later = await lab.queue(lab.message(busy));
    assert.deepEqual(await lab.claim({ except: [busy] }), []);
    await lab.store.settle(claim, { at: lab.now(), recipients: new Map(), retryAt: lab.now() - 500 });
    const found = (await lab.claim()).map(({ message }) => message);
    assert.deepEqual(found, [claim.message, later.id]);
  });
}

/** Tokens, attempts and crashes; what a lost lease may still do. */
export function leasingContract(check: Check): void {
  check("the token grows with every claim and the attempt is counted", async (lab) => {
    await lab.queue();
    const first = await lab.claimOne();
    assert.equal(await lab.store.settle(first, { at: lab.now(), recipients: new Map(), retryAt: lab.now() }), true);
    const second = await lab.claimOne();
    assert.ok(second.token > first.token);
    assert.deepEqual([first.attempt, second.attempt, second.crashes], [1, 2, 0]);
  });

  check("an expired lease is claimed again and counts as a crash", async (lab) => {
    const { id } = await lab.queue();
    const first = await lab.claimOne();
    lab.advance(LEASE - 1);
    assert.deepEqual(await lab.claim(), []);
    lab.advance(1);
    const second = await lab.claimOne();
    assert.deepEqual([second.message, second.attempt, second.crashes], [id, 2, 1]);
    assert.ok(second.token > first.token);
    lab.advance(LEASE);
    const third = await lab.claimOne();
    assert.deepEqual([third.attempt, third.crashes], [3, 2]);
    await lab.store.settle(third, { at: lab.now(), recipients: new Map([[0, deferred()]]), retryAt: lab.now() });
    const fourth = await lab.claimOne();
    assert.deepEqual([fourth.attempt, fourth.crashes], [4, 0]);
  });

  check("except holds for expired leases too", async (lab) => {
    await lab.queue();
    await lab.claimOne();
    lab.advance(LEASE);
    assert.deepEqual(await lab.claim({ except: ["rook.example" as Destination] }), []);
    assert.equal((await lab.claim()).length, 1);
  });

  check("a lost lease changes nothing", async (lab) => {
    const { id } = await lab.queue();
    const lost = await lab.claimOne();
    lab.advance(LEASE);
    const held = await lab.claimOne();
    const before = await lab.store.show(id);
    const notice = { message: lab.message(), body: SMALL };
    const settlement = { at: lab.now(), recipients: new Map([[0, delivered(lab.now())]]), enqueue: [notice] };
    assert.equal(await lab.store.settle(lost, settlement), false);
    assert.equal(await lab.store.renew(lost, lab.now() + LEASE * 9), false);
    assert.deepEqual(await lab.store.show(id), before);
    assert.deepEqual(await lab.store.count(), { messages: 1, units: 1 });
    assert.equal(await lab.store.settle(held, settlement), true);
    assert.equal(await lab.store.show(id), undefined);
    assert.deepEqual(await lab.store.count(), { messages: 1, units: 1 });
  });

  check("a lease that ran out but that nobody took may still be settled", async (lab) => {
    const { id } = await lab.queue();
    const claim = await lab.claimOne();
    lab.advance(LEASE * 2);
    assert.equal((await lab.store.show(id))?.units[0]?.state, "due");
    assert.equal(await lab.store.settle(claim, { at: 0, recipients: new Map([[0, delivered(0)]]) }), true);
    assert.deepEqual(await lab.store.count(), { messages: 0, units: 0 });
  });
}

/** Renewal, the next due time, reopening, hints. */
export function timingContract(check: Check): void {
  check("renew extends the lease", async (lab) => {
    const { id } = await lab.queue();
    const claim = await lab.claimOne();
    assert.equal(await lab.store.renew(claim, lab.now() + 3 * LEASE), true);
    lab.advance(2 * LEASE);
    assert.deepEqual(await lab.claim(), []);
    assert.equal((await lab.store.show(id))?.units[0]?.state, "leased");
    assert.equal(await lab.store.nextDue(), lab.now() + LEASE);
    lab.advance(LEASE);
    assert.equal((await lab.claimOne()).crashes, 1);
  });

  check("nextDue names the earliest of waiting units and ends of leases", async (lab) => {
    assert.equal(await lab.store.nextDue(), undefined);
    const begin = lab.now();
    await lab.queue();
    assert.equal(await lab.store.nextDue(), begin);
    const claim = await lab.claimOne();
    assert.equal(await lab.store.nextDue(), begin + LEASE);
    await lab.store.settle(claim, { at: begin, recipients: new Map(), retryAt: begin + 7 * LEASE });
    assert.equal(await lab.store.nextDue(), begin + 7 * LEASE);
  });

  check(
    "reopening makes leased units due at once, counts the crash, and refuses the old claim",
    async (lab) => {
      const { id } = await lab.queue();
      const lost = await lab.claimOne();
      await lab.reopen();
      assert.equal(await lab.store.settle(lost, { at: 0, recipients: new Map([[0, delivered(0)]]) }), false);
      assert.equal((await lab.store.show(id))?.units[0]?.state, "due");
      const again = await lab.claimOne();
      assert.deepEqual([again.message, again.attempt, again.crashes], [id, 2, 1]);
      assert.ok(again.token > lost.token);
    },
    { lasting: true },
  );

  check("watch hears of new work, once for many causes, until disposed", async (lab) => {
    let heard = 0;
    const first = Promise.withResolvers<void>();
    const watch = lab.store.watch(() => {
      heard++;
      first.resolve();
    });
    await Promise.all([lab.queue(), lab.queue(), lab.queue()]);
    await first.promise;
    assert.ok(heard >= 1 && heard <= 3, `heard ${heard}`);
    watch[Symbol.dispose]();
    const before = heard;
    await lab.queue();
    await lab.store.count();
    assert.equal(heard, before);
  });
}
