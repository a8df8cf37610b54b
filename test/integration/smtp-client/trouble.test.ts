import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { utf8 } from "../../../src/base/mod.ts";
import { conversation, type TransactionRequest } from "../../../src/smtp/client/mod.ts";
import { brief, CONTENT, type Dialogue, mailbox, OPTIONS, play, type PlayOptions, request, to } from "./dialogue.ts";

const TLS: NonNullable<PlayOptions["options"]> = { tls: "starttls" };

/** A whole session with everything in it; what follows cuts it short at every point. */
const WHOLE: Dialogue = [
  "> connected",
  "S: 220 mx.rook.example",
  "C: EHLO out.pine.example",
  "S: 250-mx.rook.example",
  "S: 250 STARTTLS",
  "C: STARTTLS",
  "S: 220 go on",
  "< start-tls",
  "> secured",
  "C: EHLO out.pine.example",
  "S: 250 mx.rook.example",
  "< ready",
  "> transact",
  "C: MAIL FROM:<ada@pine.example>",
  "S: 250 ok",
  "C: RCPT TO:<bo@rook.example>",
  "S: 550 5.1.1 no",
  "C: RCPT TO:<cy@rook.example>",
  "S: 250 ok",
  "C: DATA",
  "S: 354 go on",
  "C: Subject: x",
  "C: ",
  "C: ..hello",
  "C: .",
  "S: 250 kept",
  "< done: 550 5.1.1 remote-reply, 250 - remote-reply; reusable",
  "> quit",
  "C: QUIT",
  "S: 221 bye",
  "< end",
];
const TWO = [request({ recipients: to("bo@rook.example", "cy@rook.example") })];

/** The first lines of the session up to each command that awaits a reply, with the name of the wait. */
const WAITS: readonly (readonly [name: string, upTo: number])[] = [
  ["greeting", 1],
  ["EHLO", 3],
  ["STARTTLS", 6],
  ["second EHLO", 10],
  ["MAIL", 14],
  ["first RCPT", 16],
  ["second RCPT", 18],
  ["DATA", 20],
  ["final dot", 25],
  ["QUIT", 29],
];

/** What happens when `what` comes at each wait. */
function everywhere(...what: readonly string[]): readonly (readonly [string, Dialogue])[] {
  return WAITS.map(([name, upTo]) => {
    const { lines } = play([...WHOLE.slice(0, upTo), ...what], { options: TLS, requests: TWO });
    assert.deepEqual(lines.slice(0, upTo), WHOLE.slice(0, upTo));
    return [name, lines.slice(upTo + what.length)];
  });
}

function outcomes(failed: string, transient: string, host = "host failed"): readonly (readonly [string, Dialogue])[] {
  const session = (stage: string): Dialogue => [`< failed at ${stage}: ${failed}`, "< cut"];
  const message = (...recipients: readonly string[]): Dialogue => [
    `< done: ${recipients.join(", ")}; ${host}`,
    "< cut",
  ];
  const refused = "550 5.1.1 remote-reply";
  const flags = [host, transient.endsWith("remote-reply") ? "" : "after dot"].filter((flag) => flag !== "");
  const undecided = [`< done: ${refused}, ${transient}; ${flags.join(", ")}`, "< cut"];
  return [
    ["greeting", session("greeting")],
    ["EHLO", session("hello")],
    ["STARTTLS", session("starttls")],
    ["second EHLO", session("second-hello")],
    ["MAIL", message(transient, transient)],
    ["first RCPT", message(transient, transient)],
    ["second RCPT", message(refused, transient)],
    ["DATA", message(refused, transient)],
    ["final dot", undecided],
    ["QUIT", ["< end"]],
  ];
}

test("client: the session is whole to begin with", () => {
  assert.deepEqual(play(WHOLE, { options: TLS, requests: TWO }).lines, WHOLE);
});

test("client: 421 at any step ends the session and is temporary for all that is open (RFC 5321 §3.8)", () => {
  const said = "421 4.3.2 remote-reply";
  assert.deepEqual(everywhere("S: 421 4.3.2 closing"), outcomes(said, said));
});

test("client: a lost connection is temporary, after the final dot too (RFC 5321 §4.5.3.2.6)", () => {
  const lost = "451 4.4.2 connection-lost";
  assert.deepEqual(everywhere("> lost"), outcomes(lost, lost));
});

test("client: a late reply is temporary at every step (RFC 5321 §4.5.3.2)", () => {
  const late = "451 4.4.2 timeout";
  assert.deepEqual(everywhere("> expired"), outcomes(late, late));
});

test("client: a session that is called off is temporary for all that is open", () => {
  const off = "421 4.3.2 shutting-down";
  assert.deepEqual(everywhere("> abort"), outcomes(off, off, ""));
});

test("client: what is no reply ends the session as the host's fault, and delivers nothing", () => {
  const fault = "451 4.5.0 peer-protocol-error";
  const garbage = ["S: HTTP/1.1 200 OK", "S: 25", "S: 2500 ok", "S: 199 early", "S: 250ok", "S: ", "S: 250-a\n250 b"];
  for (const line of garbage) assert.deepEqual(everywhere(line), outcomes(fault, fault), line);
  assert.deepEqual(everywhere("S: 250-one", "S: 251 two"), outcomes(fault, fault));
});

test("client: an endless reply is cut off, by lines and by octets", () => {
  for (const line of ["250-x\r\n", `250-${"x".repeat(4000)}\r\n`, "x".repeat(1000)]) {
    const machine = conversation(OPTIONS);
    machine.handle({ kind: "connected" });
    let octets = 0;
    while (machine.state.kind !== "closed" && octets < 1_000_000) {
      machine.handle({ kind: "octets", octets: utf8(line) });
      octets += line.length;
    }
    assert.equal(machine.state.kind, "closed");
    assert.ok(octets <= 72_000, `${octets} octets were taken in`);
  }
});

test("client: 3yz answers nothing but DATA, and 2yz does not answer DATA (RFC 5321 §4.2.1)", () => {
  const fault = "451 4.5.0 peer-protocol-error";
  const expected = outcomes(fault, fault);
  const go = everywhere("S: 354 go on");
  for (const [at, [name, lines]] of go.entries()) {
    if (name !== "DATA") assert.deepEqual([name, lines], expected[at]);
  }
  const accepted = everywhere("S: 250 kept");
  assert.deepEqual(accepted[7], expected[7]);
});

test("client: octets behind the reply to STARTTLS, a partial line too, end the session before TLS (RFC 3207 §6)", () => {
  const upTo = WHOLE.slice(0, 6);
  for (const injected of ["250 2.0.0 injected\r\n", "2", "\r", "\n"]) {
    const machine = conversation({ ...OPTIONS, tls: "starttls" });
    machine.handle({ kind: "connected" });
    machine.handle({ kind: "octets", octets: utf8("220 mx.rook.example\r\n") });
    machine.handle({ kind: "octets", octets: utf8("250-mx.rook.example\r\n250 STARTTLS\r\n") });
    const effects = machine.handle({ kind: "octets", octets: utf8(`220 go on\r\n${injected}`) });
    const failed = effects.find((effect) => effect.kind === "failed");
    assert.equal(failed === undefined ? "" : `${failed.stage} ${brief(failed.status)}`, FAULT_AT_STARTTLS);
    assert.equal(
      effects.some((effect) => effect.kind === "start-tls"),
      false,
    );
    assert.deepEqual(effects.at(-1), { kind: "close", politely: false });
  }
  assert.equal(upTo.at(-1), "C: STARTTLS");
});

test("client: a reply that comes before its command has left ends the session", () => {
  const fault = "451 4.5.0 peer-protocol-error";
  assert.deepEqual(everywhere("S: 250 ok", "S: 250 ok").at(4), [
    "MAIL",
    ["C: RCPT TO:<bo@rook.example>", `< done: ${fault}, ${fault}; host failed`, "< cut"],
  ]);
  // The answer to the content stands; what comes after it unasked ends the session all the same.
  assert.deepEqual(everywhere("S: 250 kept", "S: 250 again").at(8), [
    "final dot",
    ["< done: 550 5.1.1 remote-reply, 250 - remote-reply; reusable", "< cut"],
  ]);
  assert.deepEqual(everywhere("S: 250 kept", "S: 421 bye").at(8)?.[1].at(-1), "< cut");
});

test("client: whatever is said while idle ends the session, and the next message is not begun", () => {
  const idle = WHOLE.slice(0, 12);
  for (const [line, code] of [
    ["S: 250 hello?", "451 4.5.0 peer-protocol-error"],
    ["S: 421 4.4.2 idle", "421 4.4.2 remote-reply"],
    ["> lost", "451 4.4.2 connection-lost"],
  ] as const) {
    const { lines } = play([...idle, line, "> transact"], { options: TLS });
    assert.deepEqual(lines.slice(12), [line, "< cut", "> transact", `< done: ${code}; untouched`]);
  }
});

test("client: a reply while the content goes out: a refusal is believed, a success is not", () => {
  const big = request({ content: { size: 2 * CONTENT.length } });
  for (const [said, outcome] of [
    ["552 5.3.4 too big", "552 5.3.4 remote-reply"],
    ["250 2.0.0 kept", "451 4.5.0 peer-protocol-error"],
    ["354 go on", "451 4.5.0 peer-protocol-error"],
    ["421 4.3.2 bye", "421 4.3.2 remote-reply"],
  ] as const) {
    const machine = conversation(OPTIONS);
    const say = (text: string): void => void machine.handle({ kind: "octets", octets: utf8(`${text}\r\n`) });
    machine.handle({ kind: "connected" });
    say("220 x");
    say("250 x");
    machine.handle({ kind: "transact", request: big });
    say("250 x");
    say("250 x");
    say("354 x");
    machine.handle({ kind: "content", octets: CONTENT, last: false });
    const effects = machine.handle({ kind: "octets", octets: utf8(`${said}\r\n`) });
    const done = effects.find((effect) => effect.kind === "done");
    assert.deepEqual(done?.result.recipients.map(brief), [outcome]);
    assert.deepEqual(effects.at(-1), { kind: "close", politely: false });
    assert.deepEqual(machine.handle({ kind: "content", octets: CONTENT, last: true }), []);
  }
});

test("client: a reply to a BDAT that was not sent: a refusal is believed, a success is not", () => {
  for (const [said, outcome] of [
    ["552 5.3.4 too big", "552 5.3.4 remote-reply"],
    ["250 2.0.0 kept", "451 4.5.0 peer-protocol-error"],
    ["354 go on", "451 4.5.0 peer-protocol-error"],
  ] as const) {
    const machine = conversation({ ...OPTIONS, chunking: "preferred" });
    machine.handle({ kind: "connected" });
    for (const line of ["220 x", "250-x\r\n250 CHUNKING"])
      machine.handle({ kind: "octets", octets: utf8(`${line}\r\n`) });
    machine.handle({ kind: "transact", request: request({ content: { size: 2 * CONTENT.length } }) });
    for (const line of ["250 x", "250 x"]) machine.handle({ kind: "octets", octets: utf8(`${line}\r\n`) });
    assert.equal(machine.state.kind, "await-bdat-content");
    const more = machine.handle({ kind: "content", octets: CONTENT, last: false });
    assert.deepEqual(
      more.map((effect) => effect.kind),
      ["deadline", "pull"],
    );
    const effects = machine.handle({ kind: "octets", octets: utf8(`${said}\r\n`) });
    const done = effects.find((effect) => effect.kind === "done");
    assert.deepEqual(done?.result.recipients.map(brief), [outcome]);
    assert.equal(machine.state.kind, "closed");
  }
});

test("client: content that fails, or is not what was promised, is never ended as if it were whole", () => {
  const sending = [...WHOLE.slice(0, 20), "S: 354 go on"];
  const cases: readonly (readonly [name: string, PlayOptions, string])[] = [
    ["shorter", { requests: [request({ content: { size: 30 } })] }, "451 4.3.0 local-error"],
    ["longer", { requests: [request({ content: { size: 10 } })] }, "451 4.3.0 local-error"],
    ["bare LF", { content: [utf8("a\nb\r\n")], requests: [request({ content: { size: 5 } })] }, CONVERSION],
    ["bare CR", { content: [utf8("a\rb\r\n")], requests: [request({ content: { size: 5 } })] }, CONVERSION],
    ["no CRLF", { content: [utf8("a")], requests: [request({ content: { size: 1 } })] }, CONVERSION],
    ["CR alone at the end", { content: [utf8("a\r")], requests: [request({ content: { size: 2 } })] }, CONVERSION],
    [
      "CR, then nothing",
      { content: [utf8("\r"), utf8("\r\n")], requests: [request({ content: { size: 3 } })] },
      CONVERSION,
    ],
  ];
  for (const [name, options, outcome] of cases) {
    const dialogue = sending.filter((line) => !line.includes("550")).filter((line) => !line.includes("cy@"));
    const { lines, written } = play(dialogue, { options: TLS, ...options });
    assert.deepEqual(lines.slice(-2), [`< done: ${outcome}; `, "< cut"], name);
    assert.equal(Buffer.from(written).includes("\r\n.\r\n"), false, name);
  }
});

test("client: content rules, before anything is sent (RFC 1870 §6.1, RFC 3030 §3, RFC 6152 §3, RFC 6531 §3.2, RFC 8689 §4.2.1)", () => {
  const sharp = mailbox("b\u00f6@rook.example");
  const requireTls = { level: "secure", propagate: true, because: [] } as const;
  const utf8Sender = { kind: "mailbox", mailbox: mailbox("\u00e4@pine.example") } as const;
  const table: readonly (readonly [string, readonly string[], TransactionRequest, string])[] = [
    ["too big", ["SIZE 21"], request(), "552 5.3.4 message-too-big"],
    ["just fits", ["SIZE 22"], request(), "C: MAIL FROM:<ada@pine.example> SIZE=22"],
    ["no fixed size", ["SIZE 0"], request(), "C: MAIL FROM:<ada@pine.example> SIZE=22"],
    ["size without value", ["SIZE"], request(), "C: MAIL FROM:<ada@pine.example> SIZE=22"],
    ["malformed size", ["SIZE x"], request(), "C: MAIL FROM:<ada@pine.example>"],
    ["8-bit, not taken", [], request({ content: { eightBit: true } }), CONVERSION],
    [
      "8-bit, taken",
      ["8BITMIME"],
      request({ content: { eightBit: true } }),
      "C: MAIL FROM:<ada@pine.example> BODY=8BITMIME",
    ],
    ["7-bit declared 8-bit", [], request({ envelope: { body: "8bitmime" } }), "C: MAIL FROM:<ada@pine.example>"],
    ["bare LF, only CHUNKING", ["CHUNKING"], request({ content: { bareCrLf: true } }), BINARY],
    ["NUL, only CHUNKING", ["CHUNKING"], request({ content: { nul: true } }), BINARY],
    ["no CRLF at the end", ["8BITMIME", "CHUNKING"], request({ content: { endsInCrlf: false } }), BINARY],
    ["BINARYMIME without CHUNKING", ["BINARYMIME"], request({ content: { bareCrLf: true } }), BINARY],
    ["declared binary", ["8BITMIME"], request({ envelope: { body: "binarymime" } }), BINARY],
    [
      "binary, taken",
      ["CHUNKING", "BINARYMIME"],
      request({ content: { nul: true } }),
      "C: MAIL FROM:<ada@pine.example> BODY=BINARYMIME",
    ],
    [
      "recipient needs UTF-8",
      ["8BITMIME"],
      request({ recipients: [{ mailbox: sharp }] }),
      "553 5.6.7 utf8-recipient-refused",
    ],
    [
      "sender needs UTF-8",
      ["8BITMIME"],
      request({ envelope: { reversePath: utf8Sender } }),
      "550 5.6.7 utf8-sender-refused",
    ],
    [
      "content needs UTF-8",
      ["8BITMIME"],
      request({ envelope: { smtpUtf8: true }, content: { eightBit: true } }),
      "554 5.6.9 utf8-content-refused",
    ],
    [
      "declared UTF-8, all ASCII",
      ["8BITMIME"],
      request({ envelope: { smtpUtf8: true } }),
      "C: MAIL FROM:<ada@pine.example>",
    ],
    [
      "REQUIRETLS, not offered",
      [],
      request({ envelope: { demand: requireTls } }),
      "550 5.7.30 requiretls-unsupported; host failed",
    ],
    [
      "REQUIRETLS in plaintext",
      ["REQUIRETLS"],
      request({ envelope: { demand: requireTls } }),
      "550 5.7.30 requiretls-unsupported; host failed",
    ],
  ];
  const found = table.map(([name, keywords, asked]) => {
    const offered = ["mx.rook.example", ...keywords];
    const hello = offered.map((line, at) => `S: 250${at === offered.length - 1 ? " " : "-"}${line}`);
    const start = ["> connected", "S: 220 x", "C: EHLO out.pine.example", ...hello, "< ready", "> transact"];
    const { lines } = play(start, { requests: [asked] });
    return [
      name,
      keywords,
      asked,
      (lines[start.length] ?? "").replace("< done: ", "").replace("reusable, ", "").replace(UNTOUCHED, ""),
    ];
  });
  assert.deepEqual(found, table);
});

test("client: any octets in any state end in a state and never in an exception; nothing is delivered without 2yz after the content", () => {
  const reply = fc.constantFrom(
    "220 x",
    "250 x",
    "250-x",
    "250 STARTTLS",
    "250-PIPELINING",
    "354 x",
    "421 x",
    "550 x",
    "?",
  );
  const input = fc.oneof(
    { weight: 6, arbitrary: reply.map((line) => `S: ${line}`) },
    { weight: 2, arbitrary: fc.constant("> transact") },
    { weight: 1, arbitrary: fc.constantFrom("> connected", "> secured", "> quit", "> lost", "> expired", "> abort") },
  );
  fc.assert(
    fc.property(fc.array(input, { maxLength: 30 }), fc.constantFrom("none", "starttls"), (inputs, tls) => {
      const machine = conversation({ ...OPTIONS, tls });
      let sent = false;
      let final = "";
      for (const one of ["> connected", ...inputs]) {
        if (one === "> transact" && machine.state.kind !== "ready" && machine.state.kind !== "closed") continue;
        if (one === "> transact") sent = false;
        const waited = machine.state.kind;
        let effects = one.startsWith("S: ")
          ? machine.handle({ kind: "octets", octets: utf8(`${one.slice(3)}\r\n`) })
          : machine.handle(inputFor(one));
        if (one.startsWith("S: ")) final = one.slice(3, 4);
        if (effects.some((effect) => effect.kind === "pull")) {
          effects = [...effects, ...machine.handle({ kind: "content", octets: CONTENT, last: true })];
          sent = true;
        }
        for (const effect of effects) {
          if (effect.kind !== "done" || !effect.result.recipients.some((status) => status.code < 400)) continue;
          assert.ok(sent && waited === "await-end" && final === "2", `delivered in ${waited} after ${one}`);
        }
      }
    }),
    { numRuns: 3000 },
  );
});

function inputFor(line: string): Parameters<ReturnType<typeof conversation>["handle"]>[0] {
  switch (line) {
    case "> connected":
    case "> secured":
    case "> quit":
      return { kind: line.slice(2) as "connected" | "secured" | "quit" };
    case "> transact":
      return { kind: "transact", request: request() };
    case "> abort":
      return { kind: "abort", status: { cause: "shutting-down", code: 421, text: "x" } };
    default:
      return { kind: line === "> lost" ? "lost" : "expired", detail: "x" };
  }
}

const UNTOUCHED = /(?:; |, )(?:reusable, )?untouched$/;
const CONVERSION = "554 5.6.3 conversion-required";
const BINARY = "554 5.6.1 binary-refused";
const FAULT_AT_STARTTLS = "starttls 451 4.5.0 peer-protocol-error";
