import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../../test/support/clock.ts";
import { createRoom, NO_BOUNDS, type RoomBounds } from "./room.ts";

test("a disk below its free space takes nothing, and takes mail again only with a tenth more", async () => {
  const it = lab({ freeSpace: 1000 });
  const seen: (string | undefined)[] = [];
  for (const free of [2000, 1000, 999, 1000, 1099, 1100, 1000, 0]) seen.push(await it.at({ free }));
  const disk = "disk-space";
  assert.deepEqual(seen, [undefined, undefined, disk, disk, disk, undefined, undefined, disk]);
});

test("the declared size counts, and so does what was taken since the disk was asked; a large message bars no small one", async () => {
  const it = lab({ freeSpace: 1000 });
  assert.equal(await it.at({ free: 3000 }), undefined);
  assert.equal(await it.room.admits(2001), "disk-space");
  assert.equal(await it.room.admits(2000), undefined);
  it.room.take(1500);
  assert.equal(await it.room.admits(501), "disk-space");
  assert.equal(await it.room.admits(500), undefined);
});

test("files that can be made count where the file system counts them", async () => {
  const it = lab({ freeFiles: 10 });
  assert.equal(await it.at({ files: 9 }), "disk-space");
  assert.equal(await it.at({ files: 12 }), undefined);
  assert.equal(await it.at({ files: 0, counted: 0 }), undefined);
});

test("a disk that does not answer keeps those waiting who came first; the others go by what is known", async () => {
  const it = lab({ freeSpace: 1000 });
  assert.equal(await it.at({ free: 3000 }), undefined);
  it.disk.hangs = Promise.withResolvers();
  it.clock.advance(1000);
  const first = it.room.admits(0);
  const second = it.room.admits(0);
  assert.ok(first instanceof Promise && second instanceof Promise);
  it.clock.advance(1000);
  assert.equal(it.room.admits(0), undefined);
  assert.equal(it.room.admits(2001), "disk-space");
  assert.equal(it.asked(), 2);
  it.disk.free = 0;
  it.disk.hangs.resolve();
  assert.deepEqual(await Promise.all([first, second]), ["disk-space", "disk-space"]);
});

test("the queue is full by messages or octets until some have left it", async () => {
  const it = lab({ messages: 100, octets: 10_000 });
  const seen: (string | undefined)[] = [];
  for (const messages of [99, 100, 95, 91, 90, 99]) {
    it.held.messages = messages;
    seen.push(await it.room.admits(0));
  }
  const full = "queue-size";
  assert.deepEqual(seen, [undefined, full, full, full, undefined, undefined]);
  it.held.octets = 9000;
  assert.equal(await it.room.admits(1001), full);
  assert.equal(await it.room.admits(1000), undefined);
});

test("the disk is asked once a second, once for all who wait; a failure to ask bars nobody", async () => {
  const it = lab({ freeSpace: 1000 });
  await Promise.all(Array.from({ length: 50 }, async () => await it.room.admits(0)));
  assert.equal(it.asked(), 1);
  for (let at = 0; at < 100; at++) {
    it.clock.advance(100);
    await it.room.admits(0);
  }
  assert.equal(it.asked(), 11);
  it.disk.free = -1;
  it.clock.advance(1000);
  assert.equal(await it.room.admits(1e15), undefined);
});

interface Lab {
  free: number;
  files: number;
  counted: number;
  hangs?: PromiseWithResolvers<void>;
}

function lab(bounds: Partial<RoomBounds>) {
  const clock = new ManualClock();
  const disk: Lab = { free: 1e9, files: 1e6, counted: 1e6 };
  const held = { messages: 0, octets: 0 };
  let asked = 0;
  const room = createRoom({
    directory: "",
    bounds: { ...NO_BOUNDS, ...bounds },
    clock,
    held: () => held,
    async askDisk() {
      asked++;
      await disk.hangs?.promise;
      if (disk.free < 0) throw new Error("EIO");
      return { bsize: 1, bavail: disk.free, files: disk.counted, ffree: disk.files };
    },
  });
  return {
    clock,
    disk,
    held,
    room,
    asked: () => asked,
    at(now: Partial<typeof disk>) {
      Object.assign(disk, now);
      clock.advance(1000);
      return room.admits(0);
    },
  };
}
