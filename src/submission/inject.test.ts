import assert from "node:assert/strict";
import { test } from "node:test";
import { ok, seededRandom, utf8 } from "../base/mod.ts";
import { domain, formatMailbox, type Mailbox, NULL_REVERSE_PATH, parseMailbox, type TlsDemand } from "../mail/mod.ts";
import { type Destination, newQueueId, type QueuedMessage } from "../queue/mod.ts";
import { memoryStore } from "../queue/store/memory.ts";
import { ManualClock } from "../../test/support/clock.ts";
import { demandFault, injectLocal, type LocalMessage } from "./mod.ts";

function mailbox(text: string): Mailbox {
  const parsed = parseMailbox(text, { utf8: true });
  assert.ok(parsed.ok);
  return parsed.value;
}

interface Injected {
  readonly message: QueuedMessage;
  readonly header: string;
}

async function inject(
  message: Partial<LocalMessage>,
  tlsRequiredNo: "all" | "authenticated" | "ignore" = "all",
): Promise<Injected | string> {
  const clock = new ManualClock();
  const store = memoryStore({ clock });
  const random = seededRandom(3);
  const aliases = new Map([
    ["sales@rook.example", ["ann@rook.example", "x@pine.example"]],
    ["info@rook.example", ["bo@rook.example"]],
  ]);
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
      resolve: async (asked) => ok((aliases.get(formatMailbox(asked)) ?? [formatMailbox(asked)]).map(mailbox)),
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
  return { message: queued, header: Buffer.concat(parts).toString("utf8").split("\r\n\r\n")[0] ?? "" };
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

test("injectLocal: aliases keep the address that was asked for, and NOTIFY as it goes on (RFC 3461 §5.2.7)", async () => {
  const injected = await inject({
    to: ["sales@rook.example", "info@rook.example", "pat@pine.example"].map(mailbox),
    dsn: { notify: ["success", "failure"] },
  });
  assert.ok(typeof injected === "object");
  const sales = { type: "rfc822", address: "sales@rook.example" };
  assert.deepEqual(
    injected.message.envelope.recipients.map(({ mailbox: to, ...rest }) => [formatMailbox(to), rest]),
    [
      ["ann@rook.example", { original: sales, notify: ["failure"] }],
      ["x@pine.example", { original: sales, notify: ["failure"] }],
      [
        "bo@rook.example",
        { original: { type: "rfc822", address: "info@rook.example" }, notify: ["success", "failure"] },
      ],
      ["pat@pine.example", { notify: ["success", "failure"] }],
    ],
  );
});
