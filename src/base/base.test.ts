import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ManualClock } from "../../test/support/clock.ts";
import { concat, equalBytes, fromStrictUtf8, fromUtf8, utf8 } from "./bytes.ts";
import { sleep, systemClock } from "./clock.ts";
import { seededRandom, shuffled, systemRandom } from "./random.ts";
import { err, ok } from "./result.ts";
import { unreachable } from "./unreachable.ts";

test("utf8, fromUtf8, fromStrictUtf8: there and back; what is ill-formed is told or marked", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      assert.equal(fromUtf8(utf8(text)), text);
      assert.equal(fromStrictUtf8(utf8(text)), text);
    }),
  );
  const bad = Uint8Array.of(0x61, 0xc3, 0x28);
  assert.equal(fromStrictUtf8(bad), undefined);
  assert.equal(fromUtf8(bad), "a\ufffd(");
});

test("concat, equalBytes: any pieces make the whole", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 5 })), (parts) => {
      const whole = concat(parts);
      assert.deepEqual(
        Array.from(whole),
        parts.flatMap((part) => Array.from(part)),
      );
      assert.ok(equalBytes(whole, new Uint8Array(whole)));
      assert.ok(!equalBytes(whole, concat([whole, Uint8Array.of(0)])));
      if (whole.length > 0)
        assert.ok(
          !equalBytes(
            whole,
            whole.map((octet, at) => (at === 0 ? octet ^ 1 : octet)),
          ),
        );
    }),
  );
});

test("sleep: ends when the clock gets there, rejects at once when told to stop, and leaves no timer", async () => {
  const clock = new ManualClock();
  let ended = false;
  const waiting = sleep(clock, 1000).then(() => {
    ended = true;
  });
  clock.advance(999);
  await Promise.resolve();
  assert.equal(ended, false);
  clock.advance(1);
  await waiting;
  assert.equal(ended, true);

  const stop = new AbortController();
  const stopped = sleep(clock, 1000, stop.signal);
  stop.abort(new Error("enough"));
  await assert.rejects(stopped, /enough/);
  await assert.rejects(sleep(clock, 1000, stop.signal), /enough/);
  assert.equal(clock.pending, 0);
});

test("sleep: an abort after the end changes nothing", async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  const waiting = sleep(clock, 5, stop.signal);
  clock.advance(5);
  await waiting;
  stop.abort();
  assert.equal(clock.pending, 0);
});

test("systemClock: both times move on, and a timer can be taken back", async () => {
  const before = systemClock.monotonic();
  assert.ok(Math.abs(systemClock.now() - Date.now()) < 1000);
  await new Promise<void>((resolve) => {
    const never = systemClock.after(0, () => assert.fail("was taken back"));
    never[Symbol.dispose]();
    systemClock.after(1, resolve);
  });
  assert.ok(systemClock.monotonic() > before);
  // Longer than setTimeout can count: must wait, not fire at once.
  using _far = systemClock.after(2 ** 40, () => assert.fail("fired at once"));
  await new Promise<void>((resolve) => {
    systemClock.after(2, resolve);
  });
});

test("seededRandom: repeats itself; systemRandom: does not; both stay below the bound", () => {
  const draw = (seed: number): readonly number[] => {
    const random = seededRandom(seed);
    return [...random.bytes(4), random.below(1000), random.below(2 ** 32)];
  };
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
  assert.notDeepEqual(systemRandom.bytes(16), systemRandom.bytes(16));
  for (const random of [seededRandom(1), systemRandom]) {
    const seen = new Set<number>();
    for (let count = 0; count < 400; count++) seen.add(random.below(3));
    assert.deepEqual([...seen].sort(), [0, 1, 2]);
    assert.equal(random.below(1), 0);
    assert.ok(random.below(2 ** 32) < 2 ** 32);
  }
});

test("shuffled: a new array with the same items, in an order that the source decides", () => {
  const items = [1, 2, 3, 4, 5, 6];
  const one = shuffled(items, seededRandom(3));
  assert.deepEqual(items, [1, 2, 3, 4, 5, 6]);
  assert.deepEqual([...one].sort(), items);
  assert.deepEqual(one, shuffled(items, seededRandom(3)));
  const orders = new Set(Array.from({ length: 200 }, (_, seed) => shuffled([1, 2, 3], seededRandom(seed)).join("")));
  assert.equal(orders.size, 6);
});

test("ok, err, unreachable: the shapes that everything else relies on", () => {
  assert.deepEqual(
    [ok(1), err("no")],
    [
      { ok: true, value: 1 },
      { ok: false, error: "no" },
    ],
  );
  const stray: unknown = { kind: "stray" };
  assert.throws(() => unreachable(stray as never), /Reached a case that the types exclude: \{"kind":"stray"\}/);
});
