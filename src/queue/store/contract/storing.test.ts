import assert from "node:assert/strict";
import { type Bytes, seededRandom, utf8 } from "../../../base/mod.ts";
import { domain, type Envelope } from "../../../mail/mod.ts";
import type { Destination, NewMessage, QueueId } from "../../port.ts";
import { StoreError } from "../../port.ts";
import type { Check } from "../contract.test.ts";
import { delivered, envelopeFor, SMALL, stage } from "./lab.test.ts";

/** Staging, committing, reading back. */
export function storingContract(check: Check): void {
  check("commit keeps the message, its units and its content", async (lab) => {
    const message = await lab.queue(lab.message("rook.example", "pine.example"));
    assert.deepEqual(await lab.store.show(message.id), {
      id: message.id,
      envelope: message.envelope,
      acceptedAt: message.acceptedAt,
      bodySize: SMALL.length,
      units: (await lab.store.show(message.id))?.units.map(({ unit }, index) => ({
        unit,
        destination: message.units[index]?.destination,
        state: "due",
        attempt: 0,
        crashes: 0,
        nextAt: lab.now(),
        recipients: new Map([[index, { kind: "pending" }]]),
      })),
    });
    assert.deepEqual(await lab.store.count(), { messages: 1, units: 2 });
    assert.deepEqual(await lab.read(message.id), SMALL);
  });

  check("every field of the envelope survives, on the claim too", async (lab) => {
    const message: NewMessage = { ...lab.message(), envelope: FULL_ENVELOPE, units: FULL_UNITS };
    await lab.queue(message);
    await lab.reopen();
    assert.deepEqual((await lab.store.show(message.id))?.envelope, FULL_ENVELOPE);
    assert.deepEqual((await lab.claimOne()).envelope, FULL_ENVELOPE);
  });

  for (const [what, size] of SIZES) {
    check(`a body of ${what} is read back, whole and from any place`, async (lab) => {
      const body = seededRandom(size).bytes(size);
      const message = lab.message();
      await lab.store.commit(message, await stage(lab.store, pieces(body)));
      for (const start of [0, 1, size >> 1, size - 1, size, size + 1].filter((at) => at >= 0)) {
        assert.deepEqual(await lab.read(message.id, start), body.slice(start), `from ${start}`);
      }
      assert.equal((await lab.store.show(message.id))?.bodySize, size);
    });
  }

  check("write keeps no reference to its chunk", async (lab) => {
    const sink = lab.store.stage();
    const chunk = Buffer.from("first");
    await sink.write(chunk);
    chunk.write("wrong");
    const message = lab.message();
    await lab.store.commit(message, await sink.finish());
    assert.deepEqual(await lab.read(message.id), new TextEncoder().encode("first"));
  });

  check("an abandoned sink and abandoned content leave nothing", async (lab) => {
    for (const body of [SMALL, LARGE]) {
      await using sink = lab.store.stage();
      await sink.write(body);
      await using _staged = await stage(lab.store, [body]);
    }
    assert.deepEqual(await lab.store.count(), { messages: 0, units: 0 });
    assert.equal(await lab.store.nextDue(), undefined);
    assert.deepEqual(await lab.store.list(), []);
  });
}

/** Many at once, senseless ones, and what can be seen of them. */
export function committingContract(check: Check): void {
  check("concurrent commits all succeed and each keeps its own content", async (lab) => {
    const bodies = new Map<QueueId, Bytes>();
    const commits = Array.from({ length: 64 }, async (_, index) => {
      const message = lab.message(`d${index % 5}.example`);
      const body = seededRandom(index).bytes(index * 1700);
      bodies.set(message.id, body);
      await lab.queue(message, body);
    });
    await Promise.all(commits);
    assert.deepEqual(await lab.store.count(), { messages: 64, units: 64 });
    for (const [id, body] of bodies) assert.deepEqual(await lab.read(id), body);
  });

  check("a commit that makes no sense is refused and disturbs no other", async (lab) => {
    const good = lab.message();
    const units = [{ destination: "rook.example" as Destination, recipients: [0, 1] }];
    const outcomes = await Promise.allSettled([
      lab.queue(good),
      lab.queue({ ...lab.message(), id: good.id }),
      lab.queue({ ...lab.message(), units }),
      lab.queue({ ...lab.message(), units: [] }),
      lab.queue({ ...lab.message(), id: "../x" as QueueId }),
      lab.queue(),
    ]);
    const states = outcomes.map(({ status }) => status);
    assert.deepEqual(states, ["fulfilled", "rejected", "rejected", "rejected", "rejected", "fulfilled"]);
    assert.deepEqual(await lab.store.count(), { messages: 2, units: 2 });
    assert.deepEqual(await lab.read(good.id), SMALL);
  });

  check("several messages are committed together, each with its own content", async (lab) => {
    const batch = [SMALL, LARGE, utf8("")].map((body, at) => ({ message: lab.message(`d${at}.example`), body }));
    const pledges = batch.map(async ({ message, body }) => ({ message, body: await stage(lab.store, [body]) }));
    await lab.store.commitAll(await Promise.all(pledges));
    await lab.reopen();
    for (const { message, body } of batch) assert.deepEqual(await lab.read(message.id), body);
    assert.equal((await lab.claim()).length, 3);
  });

  check("several messages are committed all or none", async (lab) => {
    const known = await lab.queue();
    const units = [{ destination: "rook.example" as Destination, recipients: [0, 1] }];
    const twice = lab.message();
    const bad = [
      [lab.message(), { ...lab.message(), id: known.id }],
      [lab.message(), { ...lab.message(), units }],
      [twice, lab.message(), twice],
    ];
    for (const messages of bad) {
      const pledges = messages.map(async (message) => ({ message, body: await stage(lab.store, [LARGE]) }));
      await assert.rejects(lab.store.commitAll(await Promise.all(pledges)));
    }
    assert.deepEqual(await lab.store.count(), { messages: 1, units: 1 });
    await lab.reopen();
    assert.deepEqual(await lab.store.count(), { messages: 1, units: 1 });
    assert.deepEqual(await lab.read(known.id), SMALL);
  });

  check("content cannot be committed twice", async (lab) => {
    const staged = await stage(lab.store, [SMALL]);
    await lab.store.commit(lab.message(), staged);
    await assert.rejects(lab.store.commit(lab.message(), staged));
    assert.deepEqual(await lab.store.count(), { messages: 1, units: 1 });
  });

  check("list goes by id, in pages", async (lab) => {
    const ids: string[] = [];
    for (let made = 0; made < 5; made++) {
      ids.push((await lab.queue()).id);
      lab.advance(1);
    }
    const all = await lab.store.list();
    assert.deepEqual(
      all.map(({ id }) => id),
      ids,
    );
    const page = await lab.store.list({ limit: 2, after: all[1]?.id as QueueId });
    assert.deepEqual(
      page.map(({ id }) => id),
      ids.slice(2, 4),
    );
  });

  check("what is not there is undefined, its content a StoreError", async (lab) => {
    assert.equal(await lab.store.show("nothing" as QueueId), undefined);
    await assert.rejects(lab.read("nothing" as QueueId), StoreError);
  });
}

/** The end of the store, and its next opening. */
export function lastingContract(check: Check): void {
  check("after close every call is refused with StoreError closed", async (lab) => {
    const staged = await stage(lab.store, [SMALL]);
    const claim = await lab.queue().then(() => lab.claimOne());
    await lab.store[Symbol.asyncDispose]();
    const closed = { name: "StoreError", kind: "closed" };
    await assert.rejects(lab.store.commit(lab.message(), staged), closed);
    await assert.rejects(lab.claim(), closed);
    await assert.rejects(lab.store.renew(claim, lab.now()), closed);
    await assert.rejects(lab.store.settle(claim, { at: 0, recipients: new Map([[0, delivered(0)]]) }), closed);
    await assert.rejects(lab.store.nextDue(), closed);
    await assert.rejects(lab.store.count(), closed);
    await lab.store[Symbol.asyncDispose]();
  });

  check(
    "a commit that is under way when the store closes is durable",
    async (lab) => {
      const message = lab.message();
      const staged = await stage(lab.store, [SMALL]);
      const commit = lab.store.commit(message, staged);
      await lab.reopen();
      await commit;
      assert.deepEqual(await lab.read(message.id), SMALL);
    },
    { lasting: true },
  );

  check(
    "reopening keeps messages, states, holds and contents",
    async (lab) => {
      const small = await lab.queue();
      const large = await lab.queue(lab.message("oak.example"), LARGE);
      const held = await lab.queue(lab.message("fir.example"));
      const [first, second, third] = await lab.claim();
      assert.ok(first && second && third);
      const again = { at: lab.now(), recipients: new Map(), retryAt: lab.now() + 500 };
      await lab.store.settle(first, again);
      await lab.store.settle(second, again);
      await lab.store.settle(third, { ...again, hold: true });
      const before = await lab.store.list();
      await lab.reopen();
      assert.deepEqual(await lab.store.list(), before);
      assert.deepEqual(
        before.map(({ units }) => units[0]?.state),
        ["waiting", "waiting", "held"],
      );
      assert.deepEqual(await lab.read(small.id), SMALL);
      assert.deepEqual(await lab.read(large.id), LARGE);
      assert.equal((await lab.store.show(held.id))?.units[0]?.attempt, 1);
    },
    { lasting: true },
  );
}

function pieces(body: Bytes): Bytes[] {
  const result: Bytes[] = [];
  for (let at = 0; at < body.length; at += 10_000) result.push(body.subarray(at, at + 10_000));
  return result;
}

const LARGE: Bytes = seededRandom(7).bytes(200_000);
const SIZES: readonly (readonly [string, number])[] = [
  ["no octets", 0],
  ["one octet", 1],
  ["64 KiB", 65_536],
  ["64 KiB and one octet", 65_537],
  ["3 MB", 3_000_001],
];

const BO = { localPart: "B o\u00fc", domain: domain("xn--nxasmq6b.example") };
const FULL_ENVELOPE: Envelope = {
  ...envelopeFor([]),
  reversePath: { kind: "null" },
  recipients: [
    { mailbox: BO, asked: BO, original: { type: "rfc822", address: "bo+x@old.example" }, notify: ["failure", "delay"] },
    { mailbox: { ...BO, localPart: "kim" }, notify: "never" },
    { mailbox: BO },
  ],
  body: "binarymime",
  smtpUtf8: true,
  dsn: { ret: "hdrs", envid: 'QQ314159 "x"' },
  demand: {
    level: "secure",
    by: ["dane", "webpki"],
    mxAuthentic: "dnssec-or-sts",
    propagate: true,
    tlsOptional: false,
    because: [{ source: "requiretls", says: "the sender asked for it", rule: "RFC 8689 \u00a74.2" }],
  },
  origin: {
    kind: "submission",
    client: "2001:db8::7",
    helo: "[IPv6:2001:db8::7]",
    tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" },
  },
  identity: "ann@pine.example",
  content: { size: 28, eightBit: true, bareCrLf: true, nul: true, endsInCrlf: false, longestLine: 998 },
};
const FULL_UNITS = [{ destination: "xn--nxasmq6b.example" as Destination, recipients: [0, 1, 2] }];
