import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, utf8 } from "../base/mod.ts";
import {
  type ContentFacts,
  domain,
  formatMailbox,
  type Mailbox,
  NULL_REVERSE_PATH,
  parseMailbox,
} from "../mail/mod.ts";
import { type Destination, newQueueId, type QueueId, type Store, StoreError } from "../queue/mod.ts";
import { memoryStore } from "../queue/store/memory.ts";
import type { ContentSink, MailRequest, Peer, TransactionHandler } from "../smtp/server/mod.ts";
import { finality, type Status } from "../status/mod.ts";
import { ManualClock } from "../../test/support/clock.ts";
import { createReception, type Existence, type LocalDomain, type RecipientRules } from "./mod.ts";

const HOST = domain("mx1.rook.example");
const STRANGER: Peer = { address: "192.0.2.10", port: 40_000, hello: { verb: "EHLO", text: "out.pine.example" } };
const NEIGHBOUR: Peer = { ...STRANGER, address: "127.0.0.1" };
const MAIL: MailRequest = { reversePath: NULL_REVERSE_PATH, body: "7bit", smtpUtf8: false, dsn: {}, requireTls: false };

function mailbox(text: string): Mailbox {
  const parsed = parseMailbox(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

function rules(exists: (localPart: string) => Existence | Promise<Existence>): RecipientRules {
  const rook: LocalDomain = {
    name: domain("rook.example"),
    aliases: new Map([
      ["sales", [mailbox("ann@rook.example"), mailbox("x@pine.example")]],
      ["half", [mailbox("gone@rook.example"), mailbox("bo@rook.example")]],
      ["loop", [mailbox("pool@rook.example")]],
      ["verkäufe", [mailbox("ann@rook.example")]],
      ["pool", [mailbox("loop@rook.example")]],
    ]),
    exists,
    canonical: (localPart) => localPart.toLowerCase(),
  };
  const any: LocalDomain = {
    name: domain("any.example"),
    aliases: new Map(),
    exists: () => true,
    canonical: (localPart) => localPart,
    takesAll: true,
  };
  const domains = new Map([rook, any].map((one) => [one.name, one]));
  return { hostname: HOST, domains, postmaster: mailbox("bo@rook.example") };
}

interface House {
  readonly store: Store;
  begin(peer?: Peer, request?: MailRequest): TransactionHandler | Status;
}

function house(
  options: {
    exists?: (localPart: string) => Existence | Promise<Existence>;
    role?: "mx" | "submission";
    store?: Store;
  } = {},
): House {
  const clock = new ManualClock();
  const store = options.store ?? memoryStore({ clock });
  const exists = options.exists ?? ((localPart: string) => ["bo", "ann"].includes(localPart));
  const random = seededRandom(7);
  const reception = createReception({
    role: options.role ?? "mx",
    hostname: HOST,
    store,
    clock,
    limits: { headerFields: 1000, hops: 100, expandedRecipients: 10 },
    isRelayClient: (address) => address === "127.0.0.1",
    rules: () => rules(exists),
    newId: () => newQueueId(clock, random),
    destinationOf: (to) => to.domain as string as Destination,
    offsetAt: () => 60,
    writeReceived: (facts) =>
      utf8(
        `Received: by ${facts.by} id ${facts.id} for ${facts.for === undefined ? "-" : formatMailbox(facts.for)}\r\n`,
      ),
  });
  return {
    store,
    begin: (peer = STRANGER, request = MAIL) => reception.mail(peer, request) as TransactionHandler | Status,
  };
}

function handler(begun: TransactionHandler | Status): TransactionHandler {
  assert.ok("recipient" in begun, JSON.stringify(begun));
  return begun;
}

async function rcpt(tx: TransactionHandler, to: string | null): Promise<string> {
  const status = await tx.recipient({
    path: to === null ? { kind: "postmaster" } : { kind: "mailbox", mailbox: mailbox(to) },
  });
  return `${status.code} ${status.enhanced}`;
}

async function content(tx: TransactionHandler, text: string): Promise<Status> {
  const sink = (await tx.content()) as ContentSink;
  await sink.write(utf8(text));
  return await sink.finish(facts(text));
}

/** What the one message in the store holds, its id replaced. */
async function storedBody(store: Store): Promise<string> {
  const [message] = await store.list();
  assert.ok(message !== undefined);
  return await bodyOf(store, message.id);
}

async function bodyOf(store: Store, id: QueueId): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of store.openBody(id)) parts.push(chunk);
  return Buffer.concat(parts).toString("latin1").replace(id, "ID");
}

function facts(text: string): ContentFacts {
  return { size: text.length, eightBit: false, bareCrLf: false, nul: false, endsInCrlf: true, longestLine: 80 };
}

test("reception: who may send what to whom (RFC 5321 §3.6.2, §4.5.1)", async () => {
  const table: [Peer, string | null, string][] = [
    [STRANGER, "bo@rook.example", "250 2.1.5"],
    [STRANGER, "BO@rook.example", "250 2.1.5"],
    [STRANGER, "nobody@rook.example", "550 5.1.1"],
    [STRANGER, "x@pine.example", "550 5.7.1"],
    [STRANGER, "bo@mx1.rook.example", "550 5.7.1"],
    [STRANGER, "bo@[192.0.2.1]", "550 5.7.1"],
    [STRANGER, "sales@rook.example", "250 2.1.5"],
    [STRANGER, "half@rook.example", "250 2.1.5"],
    [STRANGER, "loop@rook.example", "451 4.3.0"],
    [STRANGER, null, "250 2.1.5"],
    [STRANGER, "PostMaster@rook.example", "250 2.1.5"],
    [STRANGER, "postmaster@pine.example", "550 5.7.1"],
    [STRANGER, "POSTMASTER@mx1.rook.example", "250 2.1.5"],
    [STRANGER, "x@any.example", "250 2.1.5"],
    // Whoever the next hop is, strangers do not tell it where to relay to.
    [STRANGER, "x%pine.example@any.example", "550 5.7.1"],
    [STRANGER, "pine.example!x@any.example", "550 5.7.1"],
    [STRANGER, '"x@pine.example"@any.example', "550 5.7.1"],
    [NEIGHBOUR, "x%pine.example@any.example", "250 2.1.5"],
    [NEIGHBOUR, "x@pine.example", "250 2.1.5"],
    [NEIGHBOUR, "nobody@rook.example", "550 5.1.1"],
    [{ ...STRANGER, identity: "ann" }, "x@pine.example", "250 2.1.5"],
  ];
  for (const [peer, to, expected] of table) {
    assert.equal(await rcpt(handler(house().begin(peer)), to), expected, `${peer.address} ${to}`);
  }
});

test("reception: not knowing whether a mailbox exists is a temporary error, never a refusal", async () => {
  assert.equal(await rcpt(handler(house({ exists: () => "unknown" }).begin()), "bo@rook.example"), "451 4.3.0");
  assert.equal(
    await rcpt(handler(house({ exists: async () => "unknown" as const }).begin()), "bo@rook.example"),
    "451 4.3.0",
  );
  assert.equal(await rcpt(handler(house({ exists: async () => true }).begin()), "bo@rook.example"), "250 2.1.5");
});

test("reception: a submission port takes nothing from strangers (RFC 6409 §4.3)", () => {
  const begun = house({ role: "submission" }).begin(STRANGER);
  assert.ok("code" in begun);
  assert.equal(`${begun.code} ${begun.enhanced}`, "530 5.7.0");
  handler(house({ role: "submission" }).begin(NEIGHBOUR));
});

test("transaction: aliases expanded, what they send elsewhere in a copy with a mark, the asked address kept for notices (RFC 3461 §5.2.7)", async () => {
  const { store, begin } = house();
  const tx = handler(begin());
  assert.equal(await rcpt(tx, "sales@rook.example"), "250 2.1.5");
  assert.equal(await rcpt(tx, "ann@rook.example"), "250 2.1.5");
  const status = await content(tx, "Subject: x\r\n\r\nhello\r\n");
  assert.equal(finality(status), "success");
  const asked = mailbox("sales@rook.example");
  const queued = await store.list();
  assert.deepEqual(
    queued.map(({ envelope }) => envelope.recipients.map((one) => [formatMailbox(one.mailbox), one.asked])),
    [[["ann@rook.example", asked]], [["x@pine.example", asked]]],
  );
  const bodies = await Promise.all(queued.map(async ({ id }) => await bodyOf(store, id)));
  assert.deepEqual(
    bodies.map((body) => body.split("\r\n")[0]?.split(" ", 2).join(" ")),
    ["Received: by", "Delivered-To: sales@rook.example"],
  );
});

test("transaction: an asked address beyond ASCII is kept beside what it leads to", async () => {
  const { store, begin } = house();
  const tx = handler(begin());
  const verkauf = { localPart: "verkäufe", domain: domain("rook.example") };
  await tx.recipient({ path: { kind: "mailbox", mailbox: verkauf } });
  await content(tx, "Subject: x\r\n\r\n");
  assert.deepEqual(
    (await store.list())[0]?.envelope.recipients.map((one) => [one.asked, one.original]),
    [[verkauf, undefined]],
  );
});

test("transaction: letter case makes other hosts' addresses two, and ours one (RFC 5321 §2.4)", async () => {
  const { store, begin } = house();
  const tx = handler(begin(NEIGHBOUR));
  const asked = ["Pat@pine.example", "pat@pine.example", "pat@pine.example", "Bo@rook.example", "bO@rook.example"];
  for (const one of asked) assert.equal(await rcpt(tx, one), "250 2.1.5");
  assert.equal(finality(await content(tx, "Subject: x\r\n\r\n")), "success");
  const [message] = await store.list();
  assert.deepEqual(
    message?.envelope.recipients.map((one) => formatMailbox(one.mailbox)),
    ["Pat@pine.example", "pat@pine.example", "bo@rook.example"],
  );
  assert.ok(message?.envelope.recipients.every((one) => one.asked === undefined));
});

test("transaction: Received goes on top, with `for` only for exactly one recipient (RFC 5321 §4.4, §7.2)", async () => {
  const bodyOf = async (...to: string[]): Promise<string> => {
    const { store, begin } = house();
    const tx = handler(begin());
    for (const one of to) await rcpt(tx, one);
    await content(tx, "Subject: x\r\n\r\nhello\r\n");
    return await storedBody(store);
  };
  assert.equal(
    await bodyOf("bo@rook.example"),
    "Received: by mx1.rook.example id ID for bo@rook.example\r\nSubject: x\r\n\r\nhello\r\n",
  );
  assert.match(await bodyOf("bo@rook.example", "ann@rook.example"), /^Received: by mx1\.rook\.example id ID for -\r\n/);
});

test("transaction: no first line continues our Received field (RFC 5322 §2.2.3)", async () => {
  const received = "Received: by mx1.rook.example id ID for bo@rook.example\r\n";
  const table: [readonly string[], string][] = [
    [[" by evil.example\r\n", "Subject: x\r\n"], "\r\n by evil.example\r\nSubject: x\r\n"],
    [["", "\tx\r\n"], "\r\n\tx\r\n"],
    [["Subject: x\r\n", " y\r\n\r\n"], "Subject: x\r\n y\r\n\r\n"],
    [["\r\n", " y\r\n"], "\r\n y\r\n"],
  ];
  for (const [pieces, expected] of table) {
    const { store, begin } = house();
    const tx = handler(begin());
    await rcpt(tx, "bo@rook.example");
    const sink = (await tx.content()) as ContentSink;
    for (const piece of pieces) await sink.write(utf8(piece));
    await sink.finish(facts(pieces.join("")));
    const body = await storedBody(store);
    assert.equal(body, received + expected);
    const [message] = await store.list();
    // An id is longer than "ID".
    assert.equal(message?.envelope.content.size, body.length - "ID".length + (message?.id.length ?? 0));
  }
});

test("transaction: a message without content ends in the CRLF of its Received field", async () => {
  const { store, begin } = house();
  const tx = handler(begin());
  await rcpt(tx, "bo@rook.example");
  const sink = (await tx.content()) as ContentSink;
  await sink.finish({ ...facts(""), endsInCrlf: false });
  assert.equal((await store.list())[0]?.envelope.content.endsInCrlf, true);
});

test("transaction: loops end here (RFC 5321 §6.3)", async () => {
  const hops = "Received: x\r\n".repeat(101);
  const table: [string, string][] = [
    [`${hops}\r\n`, "554 5.4.6"],
    [`${hops.slice("Received: x\r\n".length)}\r\n`, "250 2.6.0"],
    ["Delivered-To: bo@rook.example\r\n\r\n", "554 5.4.6"],
    ["delivered-to:  BO@rook.example\r\n\r\n", "554 5.4.6"],
    ["Delivered-To: ann@rook.example\r\n\r\n", "250 2.6.0"],
    [`${"X: y\r\n".repeat(1001)}\r\n`, "554 5.6.0"],
  ];
  for (const [text, expected] of table) {
    const { store, begin } = house();
    const tx = handler(begin());
    await rcpt(tx, "bo@rook.example");
    const status = await content(tx, text);
    assert.equal(`${status.code} ${status.enhanced}`, expected, text.slice(0, 40));
    assert.equal((await store.list()).length, expected.startsWith("250") ? 1 : 0);
  }
});

test("transaction: abort and reset leave nothing", async () => {
  const { store, begin } = house();
  const tx = handler(begin());
  await rcpt(tx, "bo@rook.example");
  const sink = (await tx.content()) as ContentSink;
  await sink.write(utf8("half"));
  sink.abort();
  tx.reset();
  assert.deepEqual(await store.count(), { messages: 0, units: 0 });
});

test("transaction: recipients after expansion are bounded with 452 (RFC 5321 §4.5.3.1.10)", async () => {
  const tx = handler(house().begin(NEIGHBOUR));
  for (let at = 0; at < 10; at++) assert.equal(await rcpt(tx, `u${at}@pine.example`), "250 2.1.5");
  assert.equal(await rcpt(tx, "u10@pine.example"), "452 4.5.3");
});

test("transaction: a store that fails never yields success, and says whether to try again", async () => {
  const table: [StoreError["kind"], string][] = [
    ["no-space", "452 4.3.1"],
    ["io", "451 4.3.0"],
    ["closed", "451 4.3.0"],
  ];
  for (const [kind, expected] of table) {
    const inner = memoryStore({ clock: new ManualClock() });
    const store = new Proxy(inner, {
      get: (target, key) =>
        key === "commitAll"
          ? () => Promise.reject(new StoreError(kind, "told to fail"))
          : Reflect.get(target, key, target),
    });
    const tx = handler(house({ store }).begin());
    await rcpt(tx, "bo@rook.example");
    const status = await content(tx, "Subject: x\r\n\r\n");
    assert.equal(`${status.code} ${status.enhanced}`, expected);
  }
});

test("transaction: of several copies all are queued or none, and then nothing of them is left behind", async () => {
  const inner = memoryStore({ clock: new ManualClock() });
  let stages = 0;
  let dropped = 0;
  const store: Store = {
    ...inner,
    stage() {
      const sink = inner.stage();
      const second = ++stages === 2;
      return {
        ...sink,
        async finish() {
          if (second) throw new StoreError("no-space", "told to fail");
          const staged = await sink.finish();
          return {
            size: staged.size,
            async [Symbol.asyncDispose]() {
              dropped++;
              await staged[Symbol.asyncDispose]();
            },
          };
        },
      };
    },
  };
  const tx = handler(house({ store }).begin());
  assert.equal(await rcpt(tx, "sales@rook.example"), "250 2.1.5");
  assert.equal((await content(tx, "Subject: x\r\n\r\n")).code, 452);
  assert.deepEqual([await store.count(), stages, dropped], [{ messages: 0, units: 0 }, 2, 1]);
});

test("transaction: a bare CR or LF is refused unless BINARYMIME was declared (RFC 5321 §2.3.8, RFC 3030 §3)", async () => {
  const table = [
    ["7bit", "550 5.5.2", 0],
    ["8bitmime", "550 5.5.2", 0],
    ["binarymime", "250 2.6.0", 1],
  ] as const;
  for (const [body, expected, kept] of table) {
    const { store, begin } = house();
    const tx = handler(begin(STRANGER, { ...MAIL, body }));
    await rcpt(tx, "bo@rook.example");
    const sink = (await tx.content()) as ContentSink;
    const text = "Subject: x\r\n\r\na\nb\r\n";
    await sink.write(utf8(text));
    const status = await sink.finish({ ...facts(text), bareCrLf: true });
    assert.equal(`${status.code} ${status.enhanced}`, expected, body);
    assert.equal((await store.list()).length, kept);
  }
});
