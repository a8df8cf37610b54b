import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../test/support/clock.ts";
import { seededRandom, utf8 } from "../base/mod.ts";
import { noticeBound } from "../dsn/mod.ts";
import { domain, formatMailbox, formatReversePath, type Mailbox, type Notify, parseMailbox } from "../mail/mod.ts";
import { type Destination, newQueueId, type Store } from "../queue/mod.ts";
import { memoryStore } from "../queue/store/memory.ts";
import { type Expansion, expandLocal, type LocalOptions } from "./local.ts";
import type { LocalDomain } from "./recipients.ts";

function mailbox(text: string): Mailbox {
  const parsed = parseMailbox(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

const ROOK: LocalDomain = {
  name: domain("rook.example"),
  aliases: new Map([
    ["sales", [mailbox("ann@rook.example"), mailbox("x@pine.example")]],
    ["info", [mailbox("bo@rook.example")]],
    ["away", [mailbox("x@pine.example")]],
  ]),
  exists: (localPart) => ["ann", "bo"].includes(localPart),
  canonical: (localPart) => localPart.toLowerCase(),
  srs: true,
};
const FROM = { kind: "mailbox", mailbox: mailbox("ada@elm.example") } as const;

function options(store: Store, clock: ManualClock): LocalOptions {
  const random = seededRandom(7);
  return {
    store,
    clock,
    rules: { domains: new Map([[ROOK.name, ROOK]]), postmaster: mailbox("bo@rook.example") },
    srs: ["a secret of some length"],
    mayRelay: true,
    notices: noticeBound({ perMinute: 1, burst: 2, longestWait: 3_600_000, senders: 10 }),
    limits: { headerFields: 100, hops: 10, expandedRecipients: 4 },
    hostname: domain("mx.rook.example"),
    newId: () => newQueueId(clock, random),
    destinationOf: (to) => to.domain as string as Destination,
    ownTrace: () => utf8("Received: by mx.rook.example\r\n"),
  };
}

const ORIGINAL = {
  id: "1",
  arrivedAt: 0,
  dsn: {},
  demand: { level: "may", propagate: false, because: [] },
  origin: { kind: "local" },
  start: utf8("Subject: x\r\n\r\n"),
  complete: true,
} as const;

async function expand(to: readonly string[], notify?: Notify, from: typeof FROM = FROM): Promise<Expansion | string> {
  const clock = new ManualClock();
  const expanded = await expandLocal(
    { from, to: to.map(mailbox), ...(notify === undefined ? {} : { notify }) },
    options(memoryStore({ clock }), clock),
  );
  return expanded.ok ? expanded.value : `${expanded.error.code} ${expanded.error.cause}`;
}

test("expandLocal: aliases, marks, rewritten senders and NOTIFY as for what comes by SMTP (RFC 3461 §5.2.7)", async () => {
  const expansion = await expand(["sales@rook.example", "info@rook.example", "y@pine.example"], ["success", "failure"]);
  assert.ok(typeof expansion === "object");
  assert.deepEqual(
    expansion.copies.map(({ reversePath, recipients, deliveredTo }) => [
      formatReversePath(reversePath).replace(/=\w+=\w+=/, "=tag=day="),
      deliveredTo === undefined ? "-" : formatMailbox(deliveredTo),
      ...recipients.map(({ mailbox: to, asked, notify }) =>
        [formatMailbox(to), asked === undefined ? "-" : formatMailbox(asked), notify].join(" "),
      ),
    ]),
    [
      [
        "<ada@elm.example>",
        "-",
        "ann@rook.example sales@rook.example failure",
        "bo@rook.example info@rook.example success,failure",
        "y@pine.example - success,failure",
      ],
      [
        "<SRS0=tag=day=elm.example=ada@rook.example>",
        "sales@rook.example",
        "x@pine.example sales@rook.example failure",
      ],
    ],
  );
});

test("expandLocal: who is not there, and too many, are refused", async () => {
  assert.equal(await expand(["nobody@rook.example"]), "550 unknown-recipient");
  const many = Array.from({ length: 5 }, (_, at) => `u${at}@pine.example`);
  assert.equal(await expand(many), "550 policy-refused");
});

test("expandLocal: one bad recipient keeps the message from no other, and the sender hears of it (RFC 3461 §5.2.6)", async () => {
  const clock = new ManualClock();
  const store = memoryStore({ clock });
  const to = ["bo@rook.example", "nobody@rook.example"].map(mailbox);
  for (const [notify, notices] of [
    [undefined, 1],
    ["never", 1],
    [["failure"], 2],
  ] as const) {
    const wishes = notify === undefined ? {} : { notify };
    const expanded = await expandLocal({ from: FROM, to, ...wishes }, options(store, clock));
    assert.ok(expanded.ok);
    assert.deepEqual(
      expanded.value.copies.map(({ recipients }) => recipients.map((one) => formatMailbox(one.mailbox))),
      [["bo@rook.example"]],
    );
    await expanded.value.tell(ORIGINAL);
    clock.advance(1);
    assert.equal((await store.count()).messages, notices);
  }
  const [notice] = await store.list();
  assert.ok(notice !== undefined);
  const parts: Uint8Array[] = [];
  for await (const chunk of store.openBody(notice.id)) parts.push(chunk);
  assert.match(
    Buffer.concat(parts).toString("latin1"),
    /Final-Recipient: rfc822; nobody@rook\.example\r\nAction: failed\r\nStatus: 5\.1\.1\r\n/,
  );
});

test("expandLocal: loops end here too (RFC 5321 §6.3)", async () => {
  const expansion = await expand(["away@rook.example", "bo@rook.example"]);
  assert.ok(typeof expansion === "object");
  const table: [string, string | undefined][] = [
    ["Subject: x\r\n\r\nDelivered-To: bo@rook.example\r\n", undefined],
    ["Delivered-To: away@rook.example\r\n\r\n", "mail-loop"],
    ["Delivered-To: bo@rook.example\r\n\r\n", "mail-loop"],
    ["Received: x\r\n".repeat(11), "mail-loop"],
    ["X: y\r\n".repeat(101), "too-many-header-fields"],
  ];
  for (const [content, expected] of table)
    assert.equal(expansion.judge(utf8(content))?.cause, expected, content.slice(0, 30));
});

test("expandLocal: the notice about an expanded alias is queued once, and counts with all other notices", async () => {
  const clock = new ManualClock();
  const store = memoryStore({ clock });
  const parts = options(store, clock);
  for (const [to, notify, queued] of [
    ["info@rook.example", ["success"], 0],
    ["sales@rook.example", ["failure"], 0],
    ["sales@rook.example", ["success"], 1],
    ["sales@rook.example", ["success"], 2],
    ["sales@rook.example", ["success"], 2],
  ] as const) {
    const expansion = await expandLocal({ from: FROM, to: [mailbox(to)], notify }, parts);
    assert.ok(expansion.ok);
    await expansion.value.tell(ORIGINAL);
    assert.equal((await store.count()).messages, queued, `${to} ${notify.join()}`);
  }
  const [notice] = await store.list();
  assert.deepEqual(notice?.envelope.recipients[0]?.mailbox, FROM.mailbox);
});
