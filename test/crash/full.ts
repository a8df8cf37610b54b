import { closeSync, existsSync, mkdirSync, openSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { systemClock, systemRandom } from "../../src/base/mod.ts";
import { domain, type Envelope, NO_DEMAND } from "../../src/mail/mod.ts";
import { type Claim, type Destination, newQueueId, type Store, StoreError } from "../../src/queue/mod.ts";
import { openSqliteStore } from "../../src/queue/store/mod.ts";
import { statusOf } from "../../src/status/mod.ts";

/**
 * Fills a small disk, which it has for itself, in several ways and says as JSON what became of the mail on it.
 *
 *     node full.ts FOLDER
 */
async function run([folder = ""]: readonly string[]): Promise<void> {
  const directory = `${folder}/shard`;
  const bounds = { freeSpace: 80e6, freeFiles: 30, messages: Infinity, octets: Infinity };
  const open = (): Promise<Store> => openSqliteStore({ directory, clock: systemClock, random: systemRandom, bounds });
  const free = (): number => statfsSync(folder).bavail * statfsSync(folder).bsize;
  const said: Record<string, unknown> = {};
  let store = await open();
  await until(() => existsSync(`${directory}/reserve`));

  const taken = new Map<string, number>();
  // What is taken is estimated high until the disk is asked again.
  do {
    said["bounded"] = await fill(store, taken, 60_000);
    await new Promise((resolve) => setTimeout(resolve, 1100));
  } while ((await store.room?.(0)) === undefined);
  said["kept free"] = free() > 40e6;
  said["taken"] = taken.size > 20;

  await until(() => statSync(`${directory}/queue.db-wal`).size === 0);
  // Somebody else takes the rest.
  takeAll(`${folder}/filler`);
  said["left"] = free();
  said["full"] = await fill(store, taken, 60_000);
  const claims = await store.claim({ now: Date.now(), lease: 60_000, limit: 20 });
  for (const claim of claims.slice(0, 10)) await settle(store, claim, "pending");
  await store[Symbol.asyncDispose]();
  store = await open();
  said["opened when full"] = (await store.count()).messages === taken.size;
  said["delivered when full"] = await deliverAll(store, taken);
  rmSync(`${folder}/filler`);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  said["after"] = await fill(store, taken, 60_000, 3);
  said["large"] = await fill(store, taken, 200_000, 2);

  mkdirSync(`${folder}/files`);
  takeNames(`${folder}/files`);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  said["no files"] = await fill(store, taken, 200_000);
  said["delivered without files"] = await deliverAll(store, taken);
  said["left over"] = (await store.count()).messages;
  await store[Symbol.asyncDispose]();
  process.stdout.write(`${JSON.stringify(said)}\n`);
}

/** Queues until it is refused, or `most` are queued; how it ended. */
async function fill(store: Store, taken: Map<string, number>, size: number, most = 10_000): Promise<string> {
  for (let count = 0; count < most; count++) {
    const id = newQueueId(systemClock, systemRandom);
    try {
      const sink = store.stage();
      await sink.write(contentOf(id, size));
      const units = [{ destination: "rook.example" as Destination, recipients: [0] }];
      await store.commit({ id, envelope: ENVELOPE, acceptedAt: Date.now(), units }, await sink.finish());
      taken.set(id, size);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return `${error.kind} ${error.limit ?? ""}`.trim();
    }
  }
  return "taken";
}

/** Reads and settles all; what of it was not as it was taken. */
async function deliverAll(store: Store, taken: Map<string, number>): Promise<string> {
  let wrong = 0;
  for (;;) {
    const claims = await store.claim({ now: Date.now() + 120_000, lease: 60_000, limit: 50 });
    if (claims.length === 0) break;
    for (const claim of claims) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of store.openBody(claim.message)) chunks.push(chunk);
      const size = taken.get(claim.message) ?? -1;
      if (size < 0 || !Buffer.concat(chunks).equals(contentOf(claim.message, size))) wrong++;
      if (await settle(store, claim, "delivered")) taken.delete(claim.message);
    }
  }
  return `${wrong} wrong, ${taken.size} missing`;
}

async function settle(store: Store, claim: Claim, end: "pending" | "delivered"): Promise<boolean> {
  const at = Date.now();
  if (end === "delivered") {
    return await store.settle(claim, { at, recipients: new Map([[0, { kind: end, status: statusOf("ok"), at }]]) });
  }
  const last = statusOf("connect-failed");
  return await store.settle(claim, { at, recipients: new Map([[0, { kind: end, last }]]), retryAt: at });
}

function contentOf(id: string, size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.alloc(size, id));
}

function takeAll(path: string): void {
  const file = openSync(path, "w");
  for (let size = 1 << 20; size > 0; ) {
    try {
      if (writeSync(file, new Uint8Array(size)) < size) size >>= 1;
    } catch {
      size >>= 1;
    }
  }
  closeSync(file);
}

function takeNames(folder: string): void {
  try {
    for (let at = 0; ; at++) closeSync(openSync(`${folder}/${at}`, "w"));
  } catch {
    // No more can be made.
  }
}

/** The reserve is written beside. */
async function until(done: () => boolean): Promise<void> {
  for (let left = 3000; !done(); left--) {
    if (left === 0) throw new Error(`It is never so: ${String(done)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const ENVELOPE: Envelope = {
  reversePath: { kind: "null" },
  recipients: [{ mailbox: { localPart: "bo", domain: domain("rook.example") } }],
  body: "8bitmime",
  smtpUtf8: false,
  dsn: {},
  demand: NO_DEMAND,
  origin: { kind: "generated" },
  content: { size: 0, eightBit: true, bareCrLf: true, nul: true, endsInCrlf: false, longestLine: 998 },
};

await run(process.argv.slice(2));
