import assert from "node:assert/strict";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { newCa } from "../../lab/certificates.ts";
import { seededRandom, systemClock, systemRandom } from "../../src/base/mod.ts";
import { startDelivery } from "../../src/delivery/remote/mod.ts";
import { domain, type Envelope, NO_DEMAND } from "../../src/mail/mod.ts";
import { subscribe } from "../../src/observe/mod.ts";
import { admit, allowPlaintext, confirmPeer, localPolicies } from "../../src/policy/mod.ts";
import { type Destination, newQueueId, type QueueId, type Store } from "../../src/queue/mod.ts";
import { openSqliteStore, verifyShard } from "../../src/queue/store/mod.ts";
import { openSession } from "../../src/smtp/io/mod.ts";
import { openTrust } from "../../src/tls/io/mod.ts";
import { staticResolver } from "../support/resolver.ts";
import { startSink } from "../support/sink.ts";

/** What happens to a message while nobody looks. `filed` contents lie in files, the others in the database. */
const DAMAGES: readonly { readonly what: string; readonly filed: boolean; readonly how: (place: Place) => void }[] = [
  { what: "a bit at the start of its file is turned", filed: true, how: ({ file }) => turn(file, 0) },
  { what: "a bit in the middle of its file is turned", filed: true, how: ({ file }) => turn(file, 100_000) },
  { what: "the last bit of its file is turned", filed: true, how: ({ file }) => turn(file, LARGE - 1) },
  { what: "its file is cut short", filed: true, how: ({ file }) => truncateSync(file, 70_000) },
  { what: "its file is empty", filed: true, how: ({ file }) => truncateSync(file, 0) },
  { what: "its file is longer", filed: true, how: ({ file }) => writeFileSync(file, ".\r\nQUIT\r\n", { flag: "a" }) },
  { what: "its file is gone", filed: true, how: ({ file }) => rmSync(file) },
  { what: "its content in the database is another", filed: false, how: change("body = zeroblob(body_size)") },
  { what: "its content in the database is shorter", filed: false, how: change("body = substr(body, 1, 100)") },
  { what: "its recipient is another", filed: false, how: change(`envelope = replace(envelope, '"bo"', '"co"')`) },
  { what: "its envelope is no JSON", filed: false, how: change("envelope = substr(envelope, 1, 100)") },
  { what: "its id is another", filed: false, how: change("id = id || '0'") },
];

test("what is damaged is put on hold and told, never sent whole or to somebody else; the rest flows", async () => {
  const directory = await mkdtemp(`${tmpdir()}/hopseal-damage-`);
  try {
    const damaged = new Map<string, string>();
    const sound: string[] = [];
    {
      await using store = await open(directory);
      sound.push(await queue(store, 1000), await queue(store, LARGE));
      for (const { what, filed } of DAMAGES) damaged.set(await queue(store, filed ? LARGE : 1000), what);
      sound.push(await queue(store, LARGE), await queue(store, 1000));
    }
    for (const [id, what] of damaged) {
      const { how } = DAMAGES.find((one) => one.what === what) as (typeof DAMAGES)[number];
      how({ id, file: `${directory}/bodies/${id}`, directory });
    }
    const files = (await readdir(`${directory}/bodies`)).filter((name) => damaged.has(name));
    await using store = await open(directory);
    await using sink = await startSink();
    const taken = deliverAll(store, sink.port, damaged.size);
    const arrived = [await sink.next(), await sink.next(), await sink.next(), await sink.next()];
    const faults = await taken;
    assert.deepEqual(arrived.map(({ to, content }) => `${to.join()} ${content.length}`).sort(), [
      "bo@rook.example 1000",
      "bo@rook.example 1000",
      `bo@rook.example ${LARGE}`,
      `bo@rook.example ${LARGE}`,
    ]);
    assert.equal(sink.caught.length, sound.length);
    for (const fault of faults) assert.match(fault, /on hold/);
    assert.deepEqual(await store.count(), { messages: damaged.size, units: damaged.size });
    assert.deepEqual((await store.census(Date.now())).units, { due: 0, waiting: 0, leased: 0, held: damaged.size });
    for (const [id, what] of damaged) {
      const shown = await store.show(id as QueueId).catch((error: unknown) => error);
      const state = shown === undefined || shown instanceof Error ? "damaged" : heldBy(shown as Shown);
      assert.ok(state === "damage" || state === "damaged", what);
    }
    assert.deepEqual(
      (await readdir(`${directory}/bodies`)).filter((name) => damaged.has(name)),
      files,
    );
    await store[Symbol.asyncDispose]();
    const report = await verifyShard(directory, false);
    const named = new Set(report?.findings.map(({ name = "" }) => name.replace(/0$/, "")));
    for (const [id, what] of damaged) assert.ok(named.has(id) || named.has(id.replace(/0$/, "")), `${what}: ${id}`);
    assert.equal(report?.findings.length, damaged.size);
  } finally {
    await rm(directory, { recursive: true });
  }
});

type Shown = NonNullable<Awaited<ReturnType<Store["show"]>>>;

function heldBy({ units }: Shown): string | undefined {
  return units[0]?.heldBy;
}

/** Delivers to the port until so many faults were told. */
async function deliverAll(store: Store, port: number, enough: number): Promise<string[]> {
  const ca = await newCa();
  const trust = await openTrust({ kind: "pem", certificates: [ca.pem] });
  assert.ok(trust.ok);
  const stop = new AbortController();
  const faults: string[] = [];
  const told = Promise.withResolvers<void>();
  using _heard = subscribe("hopseal:fault", ({ text }) => {
    if (faults.push(text) === enough) told.resolve();
  });
  const delivery = startDelivery({
    store,
    clock: systemClock,
    random: seededRandom(1),
    resolver: staticResolver({
      "rook.example": { MX: [{ preference: 0, exchange: "mx.rook.example" }] },
      "mx.rook.example": { A: ["127.0.0.1"] },
    }),
    openSession: (target, decision, rung, signal) =>
      openSession({ ...target, port }, decision, rung, {
        hostname: "mx1.pine.example",
        trust: trust.value,
        clock: systemClock,
        gate: { confirmPeer, allowPlaintext, admit },
        ...(signal === undefined ? {} : { signal }),
      }),
    routes: [],
    policies: localPolicies([]),
    hostname: domain("mx1.pine.example"),
    postmaster: { localPart: "postmaster", domain: domain("pine.example") },
    self: { names: [], addresses: [] },
    newQueueId: () => newQueueId(systemClock, systemRandom),
    // Nobody is told of what an operator must see first.
    retry: { first: 60_000, expireAfter: 0 },
    signal: stop.signal,
  });
  await told.promise;
  stop.abort();
  await delivery.done;
  return faults;
}

interface Place {
  readonly id: string;
  readonly file: string;
  readonly directory: string;
}

function turn(file: string, at: number): void {
  const octets = readFileSync(file);
  octets[at] = (octets[at] ?? 0) ^ 1;
  writeFileSync(file, octets);
}

function change(set: string): (place: Place) => void {
  return ({ id, directory }) => {
    using db = new DatabaseSync(`${directory}/queue.db`);
    assert.equal(db.prepare(`UPDATE message SET ${set} WHERE id = ?`).run(id).changes, 1);
  };
}

function open(directory: string): Promise<Store> {
  return openSqliteStore({ directory, clock: systemClock, random: systemRandom });
}

async function queue(store: Store, size: number): Promise<string> {
  const id = newQueueId(systemClock, systemRandom);
  const sink = store.stage();
  const line = Buffer.from(`${"x".repeat(48)}\r\n`);
  for (let at = 0; at < size; at += line.length) await sink.write(Uint8Array.from(line));
  const units = [{ destination: "rook.example" as Destination, recipients: [0] }];
  await store.commit(
    { id, envelope: { ...ENVELOPE, content: { ...ENVELOPE.content, size } }, acceptedAt: Date.now(), units },
    await sink.finish(),
  );
  return id;
}

const LARGE = 200_000;
const ENVELOPE: Envelope = {
  reversePath: { kind: "mailbox", mailbox: { localPart: "ada", domain: domain("pine.example") } },
  recipients: [{ mailbox: { localPart: "bo", domain: domain("rook.example") } }],
  body: "7bit",
  smtpUtf8: false,
  dsn: {},
  demand: NO_DEMAND,
  origin: { kind: "local" },
  content: { size: LARGE, eightBit: false, bareCrLf: false, nul: false, endsInCrlf: true, longestLine: 48 },
};
