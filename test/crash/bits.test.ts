import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { seededRandom, systemClock, systemRandom } from "../../src/base/mod.ts";
import { domain, type Envelope, NO_DEMAND } from "../../src/mail/mod.ts";
import { type Destination, type QueueId, type Store, StoreError } from "../../src/queue/mod.ts";
import { openSqliteStore, verifyShard } from "../../src/queue/store/mod.ts";
import { statusOf } from "../../src/status/mod.ts";
import { bodyOf, SMALL_BODY } from "./body.ts";
import { startHere } from "./power/start_here.ts";

test("a bit that turns anywhere in a stored queue delivers nothing wrong and hides nothing from verify", async (t) => {
  const root = mkdtempSync(`${existsSync("/dev/shm") ? "/dev/shm" : tmpdir()}/hopseal-bits-`);
  try {
    const sound = `${root}/sound`;
    {
      await using store = await open(sound);
      for (const [at, size] of SIZES.entries()) await queue(store, `m${at}`, size);
    }
    const random = seededRandom(9);
    const counts = { delivered: 0, held: 0, refused: 0, "found by verify": 0 };
    for (let turn = 0; turn < TURNS; turn++) {
      const directory = `${root}/turned`;
      cpSync(sound, directory, { recursive: true });
      const file = turn % 4 === 3 ? `${directory}/bodies/m${FILED[turn % FILED.length]}` : `${directory}/queue.db`;
      turnBit(file, random.below(readFileSync(file).length * 8));
      cpSync(directory, `${root}/kept`, { recursive: true });
      const seen = await deliverAll(directory);
      for (const kind of ["delivered", "held", "refused"] as const) counts[kind] += seen[kind];
      if (seen.delivered + seen.held < SIZES.length) {
        // What is not there any more, or cannot be asked for, must not look sound.
        const report = await verifyShard(`${root}/kept`, false).catch((error: unknown) => error);
        const found = report instanceof StoreError || (report as { findings: readonly unknown[] }).findings.length > 0;
        assert.ok(found, `bit ${turn} hides a message`);
        counts["found by verify"]++;
      }
      rmSync(directory, { recursive: true });
      rmSync(`${root}/kept`, { recursive: true });
    }
    t.diagnostic(JSON.stringify(counts));
    assert.ok(counts.held > 10);
  } finally {
    rmSync(root, { recursive: true });
  }
});

/** Delivers what can be; every octet of it must be right. What is held at the end is counted, and what was refused. */
async function deliverAll(directory: string): Promise<{ delivered: number; held: number; refused: number }> {
  const seen = { delivered: 0, held: 0, refused: 0 };
  try {
    await using store = await open(directory);
    const now = Date.now() + 120_000;
    for (;;) {
      const claims = await store.claim({ now, lease: 60_000, limit: 3 });
      if (claims.length === 0) break;
      for (const claim of claims) {
        const at = Number(claim.message.slice(1));
        assert.equal(claim.envelope.recipients[0]?.mailbox.localPart, `bo${at}`);
        const content = await read(store, claim.message);
        if (content === undefined) {
          await store.settle(claim, { at: now, recipients: new Map(), retryAt: now, hold: "damage" });
          continue;
        }
        assert.ok(content.equals(bodyOf(claim.message, SIZES[at] ?? 0)));
        const recipients = new Map([[0, { kind: "delivered" as const, status: statusOf("ok"), at: now }]]);
        assert.equal(await store.settle(claim, { at: now, recipients }), true);
        seen.delivered++;
      }
    }
    seen.held = (await store.count()).units;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    seen.refused = 1;
  }
  return seen;
}

async function read(store: Store, id: QueueId): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of store.openBody(id)) chunks.push(chunk);
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof StoreError && error.kind === "corrupt") return undefined;
    throw error;
  }
}

function turnBit(file: string, at: number): void {
  const octets = readFileSync(file);
  octets[at >> 3] = (octets[at >> 3] ?? 0) ^ (1 << (at & 7));
  writeFileSync(file, octets);
}

function open(directory: string): Promise<Store> {
  const start = startHere;
  return openSqliteStore({ directory, clock: systemClock, random: systemRandom, smallBody: SMALL_BODY, start });
}

async function queue(store: Store, id: string, size: number): Promise<void> {
  const sink = store.stage();
  await sink.write(bodyOf(id, size));
  const units = [{ destination: "rook.example" as Destination, recipients: [0] }];
  const recipients = [{ mailbox: { localPart: `bo${id.slice(1)}`, domain: domain("rook.example") } }];
  const message = { id: id as QueueId, envelope: { ...ENVELOPE, recipients }, acceptedAt: Date.now(), units };
  await store.commit(message, await sink.finish());
}

const SIZES = [0, 100, 1000, 1900, 2500, 1500, 7000, 1800];
const FILED = [4, 6];
const TURNS = Number(process.env["HOPSEAL_BITS"] ?? 150);
const ENVELOPE: Envelope = {
  reversePath: { kind: "null" },
  recipients: [],
  body: "8bitmime",
  smtpUtf8: false,
  dsn: {},
  demand: NO_DEMAND,
  origin: { kind: "generated" },
  content: { size: 0, eightBit: true, bareCrLf: true, nul: true, endsInCrlf: false, longestLine: 998 },
};
