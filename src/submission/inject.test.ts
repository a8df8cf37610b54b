import assert from "node:assert/strict";
import { test } from "node:test";
import { ok, seededRandom, utf8 } from "../base/mod.ts";
import { domain, type Mailbox, NULL_REVERSE_PATH, parseMailbox, type TlsDemand } from "../mail/mod.ts";
import { type Destination, newQueueId, type QueuedMessage } from "../queue/mod.ts";
import { memoryStore } from "../queue/store/memory.ts";
import { ManualClock } from "../../test/support/clock.ts";
import { statusOf } from "../status/mod.ts";
import { demandFault, type Expansion, injectLocal, type LocalCopy, type LocalMessage } from "./mod.ts";

function mailbox(text: string): Mailbox {
  const parsed = parseMailbox(text, { utf8: true });
  assert.ok(parsed.ok);
  return parsed.value;
}

function copy(reversePath: LocalMessage["from"], to: readonly Mailbox[]): LocalCopy {
  return { reversePath, recipients: to.map((one) => ({ mailbox: one })) };
}

interface Injected {
  readonly count: number;
  readonly message: QueuedMessage;
  readonly header: string;
}

async function inject(
  message: Partial<LocalMessage>,
  tlsRequiredNo: "all" | "authenticated" | "ignore" = "all",
  given: Partial<Expansion> = {},
): Promise<Injected | string> {
  const clock = new ManualClock();
  const store = memoryStore({ clock });
  const random = seededRandom(3);
  const expansion = { judge: () => undefined, tell: async () => undefined, ...given };
  const taken = await injectLocal(
    {
      from: NULL_REVERSE_PATH,
      to: [mailbox("x@pine.example")],
      demand: "may",
      content: utf8("Subject: x\n\nhello\n"),
      ...message,
    },
    {
      hostname: domain("mx.rook.example"),
      store,
      clock,
      messageSize: 10_000,
      tlsRequiredNo,
      expand: async ({ from, to }) => ok({ ...expansion, copies: expansion.copies ?? [copy(from, to)] }),
      newId: () => newQueueId(clock, random),
      destinationOf: (to) => to.domain as string as Destination,
      offsetAt: () => 0,
      writeReceived: () => utf8("Received: x\r\n"),
    },
  );
  if (!taken.ok) return `${taken.error.code} ${taken.error.text}`;
  const queued = await store.show(taken.value.id);
  assert.ok(queued !== undefined);
  const parts: Uint8Array[] = [];
  for await (const chunk of store.openBody(queued.id)) parts.push(chunk);
  const { messages: count } = await store.count();
  return { count, message: queued, header: Buffer.concat(parts).toString("utf8").split("\r\n\r\n")[0] ?? "" };
}

const NO = utf8("TLS-Required: No\nSubject: x\n\nhello\n");

test("injectLocal: what a local sender asks of the way is kept with the message (RFC 8689 §4.3)", async () => {
  const table: [name: string, Partial<LocalMessage>, Omit<TlsDemand, "because">][] = [
    ["nothing", {}, { level: "may", propagate: false }],
    ["--tls may", { tls: { optional: true } }, { level: "may", propagate: false, tlsOptional: true }],
    ["TLS-Required: No", { content: NO }, { level: "may", propagate: false, tlsOptional: true }],
    ["--tls encrypt", { demand: "encrypt" }, { level: "encrypt", propagate: false }],
    ["--tls encrypt and the field", { demand: "encrypt", content: NO }, { level: "encrypt", propagate: false }],
    ["--tls secure", { demand: "secure" }, { level: "secure", propagate: false }],
    ["--by dane", { demand: "secure", tls: { by: ["dane"] } }, { level: "secure", by: ["dane"], propagate: false }],
    [
      "--mx dnssec",
      { demand: "secure", tls: { mxAuthentic: "dnssec" } },
      { level: "secure", mxAuthentic: "dnssec", propagate: false },
    ],
    [
      "--requiretls",
      { demand: "secure", tls: { requireTls: true } },
      { level: "secure", mxAuthentic: "dnssec-or-sts", propagate: true },
    ],
    [
      "--requiretls and the field",
      { demand: "secure", tls: { requireTls: true }, content: NO },
      { level: "secure", mxAuthentic: "dnssec-or-sts", propagate: true },
    ],
    [
      "--requiretls --by webpki --mx dnssec",
      { demand: "secure", tls: { requireTls: true, by: ["webpki"], mxAuthentic: "dnssec" } },
      { level: "secure", by: ["webpki"], mxAuthentic: "dnssec", propagate: true },
    ],
  ];
  for (const [name, message, expected] of table) {
    const injected = await inject(message);
    assert.ok(typeof injected === "object", name);
    const { because, ...demand } = injected.message.envelope.demand;
    assert.deepEqual(demand, expected, name);
    assert.equal(because.length > 0, name !== "nothing", name);
    assert.equal(injected.header.split("TLS-Required: No").length - 1, /may|field|No$/.test(name) ? 1 : 0, name);
  }
});

test("injectLocal: where TLS-Required: No is ignored it lowers nothing, and that is kept as a reason (RFC 8689 §4.1)", async () => {
  for (const [taking, optional] of [
    ["authenticated", true],
    ["ignore", undefined],
  ] as const) {
    const injected = await inject({ content: NO }, taking);
    assert.ok(typeof injected === "object");
    assert.equal(injected.message.envelope.demand.tlsOptional, optional);
    assert.equal(injected.message.envelope.demand.because[0]?.source, "tls-required-no");
  }
});

test("demandFault: wishes that contradict each other are refused, and not queued", async () => {
  const table: [Pick<LocalMessage, "demand" | "tls">, boolean][] = [
    [{ demand: "may", tls: { optional: true } }, false],
    [{ demand: "secure", tls: { by: ["dane"], mxAuthentic: "dnssec", requireTls: true } }, false],
    [{ demand: "encrypt", tls: { optional: true } }, true],
    [{ demand: "may", tls: { optional: true, requireTls: true } }, true],
    [{ demand: "may", tls: { requireTls: true } }, true],
    [{ demand: "encrypt", tls: { by: ["dane"] } }, true],
    [{ demand: "may", tls: { mxAuthentic: "dnssec" } }, true],
  ];
  for (const [wishes, fault] of table) {
    assert.equal(demandFault(wishes) !== undefined, fault, JSON.stringify(wishes));
    assert.equal(typeof (await inject(wishes)) === "string", fault, JSON.stringify(wishes));
  }
});

test("injectLocal: copies are queued together, each with its sender, its trace and its mark", async () => {
  const to = [mailbox("sales@rook.example")];
  const rewritten = { kind: "mailbox", mailbox: mailbox("SRS0=x@rook.example") } as const;
  const [ann, pat] = [mailbox("ann@rook.example"), mailbox("pat@pine.example")];
  const told: string[] = [];
  const injected = await inject({ to, from: { kind: "mailbox", mailbox: mailbox("ada@elm.example") } }, "all", {
    copies: [
      { reversePath: rewritten, recipients: [{ mailbox: pat }], deliveredTo: mailbox("sales@rook.example") },
      { reversePath: NULL_REVERSE_PATH, recipients: [{ mailbox: ann }] },
    ],
    tell: async ({ id, start, complete }) => {
      told.push(`${id === "" ? "-" : "id"} ${start.length > 0} ${complete}`);
    },
  });
  assert.ok(typeof injected === "object");
  const { message, header, count } = injected;
  assert.deepEqual(
    [count, message.envelope.reversePath, message.envelope.recipients],
    [2, rewritten, [{ mailbox: pat }]],
  );
  assert.match(header, /^Delivered-To: sales@rook\.example\r\nReceived: x\r\nDate: /);
  assert.equal(message.envelope.content.size, message.bodySize);
  assert.deepEqual(told, ["id true true"]);
});

test("injectLocal: what must not leave does not, whoever hands it in: Bcc, Return-Path, and the line of mailbox files (RFC 5322 §3.6.3)", async () => {
  const content = utf8(
    "From ann Tue Mar  3 09:14:07 2026\nBcc: secret@pine.example,\n other@pine.example\nSubject: x\nReturn-Path: <a@b>\n\nBcc: stays\n",
  );
  const injected = await inject({ content, from: { kind: "mailbox", mailbox: mailbox("ada@elm.example") } });
  assert.ok(typeof injected === "object");
  assert.deepEqual(
    injected.header.split("\r\n").map((line) => line.split(":")[0]),
    ["Received", "Date", "Message-ID", "From", "Subject"],
  );
});

test("injectLocal: what has been here before goes no further", async () => {
  assert.equal(
    await inject({}, "all", { judge: () => statusOf("mail-loop", "round and round") }),
    "554 round and round",
  );
});
