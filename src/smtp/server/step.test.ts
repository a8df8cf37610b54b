import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContentFacts } from "../../mail/mod.ts";
import { domain } from "../../mail/mod.ts";
import { statusOf } from "../../status/mod.ts";
import { DEFAULT_LIMITS, type ServerConfig } from "./config.ts";
import type { ServerEffect } from "./effect.ts";
import type { ServerInput, TimeLimit } from "./input.ts";
import { patienceOf, readingOf, type ServerState } from "./state.ts";
import { open, step } from "./step.ts";

const CONFIG: ServerConfig = {
  hostname: domain("mx.rook.example"),
  tls: { starttls: true, required: false },
  limits: DEFAULT_LIMITS,
};
const FACTS: ContentFacts = { size: 3, eightBit: false, bareCrLf: false, nul: false, endsInCrlf: true, longestLine: 1 };
const octets = Uint8Array.of(120, 13, 10);

const line = (text: string, behind = false): ServerInput => ({ kind: "line", text, behind });
const ADMITTED: ServerInput = { kind: "admission", refusal: undefined, behind: false };
const SENDER: ServerInput = { kind: "sender", refusal: undefined, behind: false };
const RECIPIENT: ServerInput = { kind: "recipient", status: statusOf("ok-recipient"), behind: false };
const SINK: ServerInput = { kind: "sink", refusal: undefined, behind: false };
const END: ServerInput = { kind: "content-end", facts: FACTS, behind: false };

/** The inputs that lead to each state. */
const WAYS: { readonly [kind in Exclude<ServerState["kind"], "closed">]: readonly ServerInput[] } = {
  "await-admission": [],
  "turned-away": [{ kind: "admission", refusal: statusOf("policy-refused"), behind: false }],
  "hello-expected": [ADMITTED],
  ready: [ADMITTED, line("EHLO a")],
  "await-sender": [ADMITTED, line("EHLO a"), line("MAIL FROM:<>")],
  "in-transaction": [ADMITTED, line("EHLO a"), line("MAIL FROM:<>"), SENDER],
  "await-recipient": [ADMITTED, line("EHLO a"), line("MAIL FROM:<>"), SENDER, line("RCPT TO:<bo@rook.example>")],
  "await-sink": [
    ADMITTED,
    line("EHLO a"),
    line("MAIL FROM:<>"),
    SENDER,
    line("RCPT TO:<bo@rook.example>"),
    RECIPIENT,
    line("DATA"),
  ],
  "receiving-data": [
    ADMITTED,
    line("EHLO a"),
    line("MAIL FROM:<>"),
    SENDER,
    line("RCPT TO:<bo@rook.example>"),
    RECIPIENT,
    line("DATA"),
    SINK,
  ],
  "receiving-chunk": [
    ADMITTED,
    line("EHLO a"),
    line("MAIL FROM:<>"),
    SENDER,
    line("RCPT TO:<bo@rook.example>"),
    RECIPIENT,
    line("BDAT 3"),
    SINK,
  ],
  "chunk-expected": [
    ADMITTED,
    line("EHLO a"),
    line("MAIL FROM:<>"),
    SENDER,
    line("RCPT TO:<bo@rook.example>"),
    RECIPIENT,
    line("BDAT 3"),
    SINK,
    END,
  ],
  "await-finish": [
    ADMITTED,
    line("EHLO a"),
    line("MAIL FROM:<>"),
    SENDER,
    line("RCPT TO:<bo@rook.example>"),
    RECIPIENT,
    line("DATA"),
    SINK,
    END,
  ],
  "await-tls": [ADMITTED, line("EHLO a"), line("STARTTLS")],
};

function after(inputs: readonly ServerInput[]): ServerState {
  let { state } = open(CONFIG, { address: "192.0.2.1", port: 1025 });
  for (const input of inputs) ({ state } = step(state, input));
  return state;
}

/** Effects in a few words: replies by their first words, the rest by kind. */
function inWords(effects: readonly ServerEffect[]): string {
  const words = effects.map((effect) => {
    if (effect.kind === "reply") return effect.wire.slice(0, 9).trim();
    if (effect.kind === "limited") return `limited ${effect.limit}`;
    if (effect.kind === "close") return effect.flush ? "close" : "cut";
    return effect.kind;
  });
  return words.join(", ");
}

function outcome(kind: keyof typeof WAYS, input: ServerInput): string {
  const turned = step(after(WAYS[kind]), input);
  return `${turned.state.kind}: ${inWords(turned.effects)}`;
}

const kinds = Object.keys(WAYS) as (keyof typeof WAYS)[];

test("every state is reached, and says what it reads and how long it waits (RFC 5321 §4.5.3.2.7)", () => {
  const table = kinds.map((kind) => {
    const state = after(WAYS[kind]);
    assert.equal(state.kind, kind);
    return `${kind}: ${readingOf(state).kind}, ${patienceOf(state) ?? "for ever"}`;
  });
  assert.deepEqual(table, [
    "await-admission: nothing, for ever",
    "turned-away: command, 300000",
    "hello-expected: command, 300000",
    "ready: command, 300000",
    "await-sender: nothing, for ever",
    "in-transaction: command, 300000",
    "await-recipient: nothing, for ever",
    "await-sink: nothing, for ever",
    "receiving-data: data, 300000",
    "receiving-chunk: chunk, 300000",
    "chunk-expected: command, 300000",
    "await-finish: nothing, for ever",
    "await-tls: nothing, 30000",
  ]);
});

test("a lost connection resets what the state holds, and nothing else", () => {
  const table = kinds
    .filter((kind) => !kind.startsWith("await-") || kind === "await-tls")
    .map((kind) => `${kind} -> ${outcome(kind, { kind: "lost" })}`);
  assert.deepEqual(table, [
    "turned-away -> closed: cut",
    "hello-expected -> closed: cut",
    "ready -> closed: cut",
    "in-transaction -> closed: reset, cut",
    "receiving-data -> closed: abort, reset, cut",
    "receiving-chunk -> closed: abort, reset, cut",
    "chunk-expected -> closed: abort, reset, cut",
    "await-tls -> closed: cut",
  ]);
});

test("a deadline and a shutdown end with 421, a handshake without a word (RFC 5321 §3.8)", () => {
  const late = (kind: keyof typeof WAYS, limit: TimeLimit): string => outcome(kind, { kind: "deadline", limit });
  assert.equal(late("ready", "command-time"), "closed: limited command-time, 421 4.4.2, close");
  assert.equal(late("in-transaction", "connection-time"), "closed: limited connection-time, reset, 421 4.4.2, close");
  assert.equal(late("receiving-data", "content-rate"), "closed: limited content-rate, abort, reset, 421 4.4.2, close");
  assert.equal(late("await-tls", "handshake-time"), "closed: limited handshake-time, cut");
  assert.equal(outcome("in-transaction", { kind: "shutdown" }), "closed: reset, 421 4.3.2, close");
});

test("RSET, EHLO and QUIT end a transaction wherever it stands (RFC 5321 §4.1.1.5, §4.1.4)", () => {
  const table: readonly (readonly [keyof typeof WAYS, string, string])[] = [
    ["in-transaction", "RSET", "ready: reset, 250 2.0.0"],
    ["in-transaction", "EHLO b", "ready: reset, 250-mx.ro"],
    ["in-transaction", "HELO b", "ready: reset, 250 mx.ro"],
    ["in-transaction", "QUIT", "closed: reset, 221 2.0.0, close"],
    ["chunk-expected", "RSET", "ready: abort, reset, 250 2.0.0"],
    ["chunk-expected", "EHLO b", "ready: abort, reset, 250-mx.ro"],
    ["chunk-expected", "QUIT", "closed: abort, reset, 221 2.0.0, close"],
    ["chunk-expected", "MAIL FROM:<>", "chunk-expected: 503 5.5.1"],
    ["chunk-expected", "RCPT TO:<bo@rook.example>", "chunk-expected: 503 5.5.1"],
    ["chunk-expected", "DATA", "chunk-expected: 503 5.5.1"],
    ["hello-expected", "RSET", "hello-expected: 250 2.0.0"],
    ["turned-away", "RSET", "turned-away: 503 5.5.1"],
  ];
  assert.deepEqual(
    table.map(([kind, text]) => [kind, text, outcome(kind, line(text))]),
    table,
  );
});

test("no enhanced code stands in the greeting, in answers to EHLO and HELO, or with 354 (RFC 2034 §4)", () => {
  assert.equal(outcome("await-admission", ADMITTED), "hello-expected: 220 mx.ro");
  assert.equal(
    outcome("await-admission", { kind: "admission", refusal: statusOf("policy-refused"), behind: false }),
    "turned-away: 550 Refus",
  );
  assert.equal(
    outcome("await-admission", { kind: "admission", refusal: statusOf("too-many-connections"), behind: false }),
    "closed: 421 Too m, close",
  );
  assert.equal(outcome("hello-expected", line("EHLO")), "hello-expected: 501 EHLO");
  assert.equal(outcome("turned-away", line("EHLO a")), "turned-away: 503 Bad s");
  assert.equal(outcome("await-sink", SINK), "receiving-data: 354 Send");
});

test("STARTTLS and what stands behind it (RFC 3207 §4)", () => {
  assert.equal(outcome("ready", line("STARTTLS")), "await-tls: start-tls");
  assert.equal(outcome("await-tls", { kind: "tls-unavailable" }), "ready: 454 4.7.0");
  assert.equal(outcome("ready", line("STARTTLS", true)), "closed: cut");
  assert.equal(outcome("in-transaction", line("STARTTLS", true)), "closed: reset, cut");
  assert.equal(outcome("ready", line("STARTTLS x", true)), "closed: cut");
  assert.equal(outcome("ready", line("STARTTLS x")), "ready: 501 5.5.4");
  assert.equal(outcome("hello-expected", line("STARTTLS")), "hello-expected: 503 5.5.1");
  assert.equal(outcome("in-transaction", line("STARTTLS")), "in-transaction: 503 5.5.1");
  const secured = step(after(WAYS["await-tls"]), {
    kind: "tls",
    tls: { version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256" },
  });
  assert.deepEqual(secured.effects, []);
  assert.ok(secured.state.kind === "hello-expected" && secured.state.session.peer.hello === undefined);
});

test("a status of 421 from the house ends the connection, and the transaction before it (RFC 5321 §3.8)", () => {
  const busy = statusOf("shutting-down");
  assert.equal(outcome("await-sender", { kind: "sender", refusal: busy, behind: false }), "closed: 421 4.3.2, close");
  assert.equal(
    outcome("await-recipient", { kind: "recipient", status: busy, behind: false }),
    "closed: reset, 421 4.3.2, close",
  );
  assert.equal(
    outcome("await-sink", { kind: "sink", refusal: busy, behind: false }),
    "closed: reset, 421 4.3.2, close",
  );
  assert.equal(
    outcome("await-finish", { kind: "finished", status: busy, behind: false }),
    "closed: reset, 421 4.3.2, close",
  );
});

test("a broken sink, or a refused one, is answered when the content is over", () => {
  const failed = step(after(WAYS["receiving-data"]), { kind: "sink-failed", status: statusOf("storage-error") });
  assert.deepEqual(failed.effects, []);
  const more = step(failed.state, { kind: "content", octets });
  assert.deepEqual(more.effects, []);
  assert.equal(inWords(step(more.state, END).effects), "reset, 451 4.3.0");
  const chunk = step(after(WAYS["receiving-chunk"]), { kind: "sink-failed", status: statusOf("storage-error") });
  const refused = step(chunk.state, END);
  assert.equal(`${refused.state.kind}: ${inWords(refused.effects)}`, "ready: reset, 451 4.3.0");
});

test("parameters of extensions that are not offered are unknown (RFC 5321 §4.1.1.11)", () => {
  assert.equal(outcome("ready", line("MAIL FROM:<> AUTH=<>")), "ready: 555 5.5.4");
  assert.equal(outcome("ready", line("MAIL FROM:<> REQUIRETLS")), "ready: 555 5.5.4");
  assert.equal(outcome("ready", line("AUTH PLAIN")), "ready: 502 5.5.1");
});

test("a BDAT without a readable size ends the connection, as its octets cannot be told from commands", () => {
  assert.equal(outcome("in-transaction", line("BDAT x")), "closed: reset, 501 5.5.4, close");
  assert.equal(outcome("ready", line("BDAT")), "closed: 503 5.5.1, close");
});

test("an input that the state cannot get is a bug", () => {
  assert.throws(() => step(after(WAYS.ready), END), /got "content-end" in "ready"/);
  assert.throws(() => step({ kind: "closed" }, line("NOOP")), /got "line" in "closed"/);
});
