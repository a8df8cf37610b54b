import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/clock.ts";
import { fakeNetwork } from "../../../test/support/sessions.ts";
import { NO_DEMAND } from "../../mail/mod.ts";
import { decide, type Proceed } from "../../policy/mod.ts";
import type { ClientSession, Extensions } from "../../smtp/client/mod.ts";
import { connectionPool } from "./connections.ts";

const host = {
  name: "a.example",
  literal: false,
  port: 25,
  mode: "starttls",
  learnt: "mx",
  mxSecurity: "secure",
} as const;
const made = decide({ destination: "pine.example", host, now: 0 }, NO_DEMAND);
assert.ok(made.kind === "proceed");
const OPEN: Proceed = made;

interface Fake {
  readonly session: ClientSession;
  readonly quits: () => number;
  usable: boolean;
}

async function fake(
  address = "192.0.2.1",
  { rung = 0, extensions = {} }: { rung?: number; extensions?: Partial<Extensions> } = {},
): Promise<Fake> {
  const target = { host: "a.example", address, port: 25, mode: "starttls" } as const;
  const opened = await fakeNetwork({ [address]: {} }).openSession(target, OPEN, OPEN.ladder[rung] ?? OPEN.ladder[0]);
  assert.ok(!("kind" in opened));
  let quits = 0;
  const it: Fake = {
    usable: true,
    quits: () => quits,
    session: {
      ...opened,
      extensions: { ...opened.extensions, ...extensions },
      get usable() {
        return it.usable;
      },
      quit() {
        quits++;
        return Promise.resolve();
      },
    },
  };
  return it;
}

test("connectionPool: an idle session is lent once, and ended when nobody wants it", async () => {
  const clock = new ManualClock();
  const pool = connectionPool({ clock });
  const one = await fake();
  assert.ok(pool.enter("192.0.2.1"));
  await pool.keep(one.session, OPEN);
  assert.equal(pool.take({ ...one.session.target, address: "192.0.2.2" }, OPEN), undefined);
  assert.equal(pool.take(one.session.target, { ...OPEN, floor: { kind: "encrypted" } }), undefined);
  assert.equal(pool.take(one.session.target, OPEN), one.session);
  assert.equal(pool.take(one.session.target, OPEN), undefined);
  await pool.keep(one.session, OPEN);
  clock.advance(1999);
  assert.equal(one.quits(), 0);
  clock.advance(1);
  assert.equal(one.quits(), 1);
  assert.equal(pool.take(one.session.target, OPEN), undefined);
  assert.equal(clock.pending, 0);
});

/** Whether a session is kept, by what it is and has done. */
test("connectionPool: what is kept and what is not, compared whole (RFC 9422 §4.1)", async () => {
  const clock = new ManualClock();
  const kept = async (one: Fake, options: Partial<Parameters<typeof connectionPool>[0]> = {}): Promise<number> => {
    const pool = connectionPool({ clock, ...options });
    let times = 0;
    for (; times < 200; times++) {
      await pool.keep(one.session, OPEN);
      if (pool.take(one.session.target, OPEN) === undefined) break;
      clock.advance(1000);
    }
    assert.equal(one.quits(), 1);
    return times;
  };
  const over = await fake();
  over.usable = false;
  assert.deepEqual(
    [
      await kept(await fake()),
      await kept(await fake(), { messages: 7 }),
      await kept(await fake(), { longest: 30_000 }),
      await kept(await fake(), { idle: 0 }),
      await kept(await fake("192.0.2.1", { extensions: { limits: { mailMax: 5 } } })),
      await kept(over),
      // Plaintext with a host that has no STARTTLS, and with one that has it.
      await kept(await fake("192.0.2.1", { rung: 2, extensions: { starttls: false } })),
      await kept(await fake("192.0.2.1", { rung: 2 })),
    ],
    [99, 6, 30, 0, 4, 0, 99, 0],
  );
});

test("connectionPool: a session that ended while it was idle is passed over", async () => {
  const pool = connectionPool({ clock: new ManualClock() });
  const [older, newer] = [await fake(), await fake()];
  await pool.keep(older.session, OPEN);
  await pool.keep(newer.session, OPEN);
  newer.usable = false;
  assert.equal(pool.take(older.session.target, OPEN), older.session);
  assert.equal(newer.quits(), 1);
  await pool.close();
});

test("connectionPool: an address has its share of connections, and idle ones make room", async () => {
  const pool = connectionPool({ clock: new ManualClock(), perAddress: 2 });
  const one = await fake();
  assert.deepEqual([pool.enter("192.0.2.1"), pool.enter("192.0.2.1"), pool.enter("192.0.2.1")], [true, true, false]);
  assert.equal(pool.enter("192.0.2.2"), true);
  pool.leave("192.0.2.1");
  assert.deepEqual([pool.enter("192.0.2.1"), pool.enter("192.0.2.1")], [true, false]);
  await pool.keep(one.session, OPEN);
  assert.equal(pool.enter("192.0.2.1"), true);
  assert.equal(one.quits(), 1);
  assert.equal(pool.enter("192.0.2.1"), false);
  await pool.close();
});

test("connectionPool: at a reload idle sessions end and those in use are not kept; after the close none is", async () => {
  const clock = new ManualClock();
  const pool = connectionPool({ clock });
  const [idle, used, fresh] = [await fake(), await fake(), await fake()];
  await pool.keep(used.session, OPEN);
  pool.take(used.session.target, OPEN);
  await pool.keep(idle.session, OPEN);
  await pool.endIdle();
  assert.deepEqual([idle.quits(), used.quits()], [1, 0]);
  await pool.keep(used.session, OPEN);
  await pool.keep(fresh.session, OPEN);
  assert.deepEqual([used.quits(), fresh.quits()], [1, 0]);
  await pool.close();
  assert.equal(fresh.quits(), 1);
  const late = await fake();
  await pool.keep(late.session, OPEN);
  assert.equal(late.quits(), 1);
  assert.equal(clock.pending, 0);
});

test("connectionPool: what was opened before the idle sessions were ended, or long ago, is not kept, its first message included", async () => {
  const clock = new ManualClock();
  const pool = connectionPool({ clock, longest: 1000 });
  const [before, old, fresh] = [await fake(), await fake(), await fake()];
  pool.opened(before.session);
  await pool.endIdle();
  pool.opened(old.session);
  clock.advance(1000);
  pool.opened(fresh.session);
  for (const { session } of [before, old, fresh]) await pool.keep(session, OPEN);
  assert.deepEqual([before.quits(), old.quits(), fresh.quits()], [1, 1, 0]);
  await pool.close();
});
