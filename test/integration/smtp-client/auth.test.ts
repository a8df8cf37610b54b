import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../../../src/base/mod.ts";
import { conversation } from "../../../src/smtp/client/mod.ts";
import { type Dialogue, LOGIN, OPTIONS, play, type PlayOptions } from "./dialogue.ts";

const OPEN: NonNullable<PlayOptions["options"]> = { tls: "established", login: true };
/** NUL, user, NUL, password (RFC 4616 §2). */
const PLAIN = Buffer.from(`\0${LOGIN.user}\0${LOGIN.password}`).toString("base64");
const USER = Buffer.from(LOGIN.user).toString("base64");
const PASSWORD = Buffer.from(LOGIN.password).toString("base64");

function offering(...keywords: readonly string[]): Dialogue {
  const lines = ["mx.rook.example", ...keywords];
  return [
    "> connected",
    "S: 220 mx.rook.example",
    "C: EHLO out.pine.example",
    ...lines.map((line, at) => `S: 250${at === lines.length - 1 ? " " : "-"}${line}`),
  ];
}
const ASKED: Dialogue = [...offering("AUTH LOGIN PLAIN"), "< ask-login", "> login", `C: AUTH PLAIN ${PLAIN}`];
const BY_LOGIN: Dialogue = [...offering("AUTH LOGIN"), "< ask-login", "> login", "C: AUTH LOGIN"];
const GONE: Dialogue = ["C: QUIT", "< end"];

interface Scene extends PlayOptions {
  readonly name: string;
  readonly dialogue: Dialogue;
}

const SCENES: readonly Scene[] = [
  {
    name: "PLAIN with its initial response, then MAIL (RFC 4954 §4, RFC 4616 §2)",
    deadlines: true,
    dialogue: [
      "> connected",
      "< wait 300 s for the greeting",
      "S: 220 mx.rook.example",
      "C: EHLO out.pine.example",
      "< wait 300 s for the reply to EHLO",
      "S: 250-mx.rook.example",
      "S: 250 AUTH LOGIN PLAIN",
      "< wait 300 s for the password",
      "< ask-login",
      "> login",
      `C: AUTH PLAIN ${PLAIN}`,
      "< wait 300 s for the reply to AUTH",
      "S: 235 2.7.0 welcome",
      "< ready",
      "> transact",
      "C: MAIL FROM:<ada@pine.example>",
      "< wait 300 s for the reply to MAIL",
    ],
  },
  {
    name: "AUTH comes inside TLS and after the second EHLO alone",
    options: { tls: "starttls", login: true },
    dialogue: [
      ...offering("STARTTLS", "AUTH PLAIN"),
      "C: STARTTLS",
      "S: 220 go on",
      "< start-tls",
      "> secured",
      "C: EHLO out.pine.example",
      "S: 250-mx.rook.example",
      "S: 250 AUTH PLAIN",
      "< ask-login",
      "> login",
      `C: AUTH PLAIN ${PLAIN}`,
      "S: 235 2.7.0 welcome",
      "< ready",
    ],
  },
  {
    name: "LOGIN where PLAIN is not offered; the words of the prompts mean nothing",
    dialogue: [
      ...BY_LOGIN,
      "S: 334 VXNlcm5hbWU6",
      `C: ${USER}`,
      "S: 334 ",
      `C: ${PASSWORD}`,
      "S: 235 2.7.0 welcome",
      "< ready",
    ],
  },
  {
    name: "an empty challenge after an initial response is one too many for PLAIN, and is cancelled (RFC 4954 §4)",
    dialogue: [
      ...ASKED,
      "S: 334 ",
      "C: *",
      "S: 501 5.7.0 cancelled",
      "< failed at auth: 454 4.7.0 login-failed",
      ...GONE,
    ],
  },
  {
    name: "a cancelled exchange is over whatever is said to it",
    dialogue: [
      ...ASKED,
      "S: 334 YQ==",
      "C: *",
      "S: 235 2.7.0 welcome",
      "< failed at auth: 454 4.7.0 login-failed",
      ...GONE,
    ],
  },
  {
    name: "LOGIN asked a third time",
    dialogue: [
      ...BY_LOGIN,
      "S: 334 VXNlcm5hbWU6",
      `C: ${USER}`,
      "S: 334 UGFzc3dvcmQ6",
      `C: ${PASSWORD}`,
      "S: 334 VXNlcm5hbWU6",
      "C: *",
      "S: 501 5.7.0 cancelled",
      "< failed at auth: 454 4.7.0 login-failed",
      ...GONE,
    ],
  },
  {
    name: "nothing on offer that we can do",
    dialogue: [...offering("AUTH CRAM-MD5 GSSAPI"), "< failed at auth: 454 4.7.0 login-failed", ...GONE],
  },
  {
    name: "no AUTH on offer",
    dialogue: [...offering("8BITMIME"), "< failed at auth: 454 4.7.0 login-failed", ...GONE],
  },
  {
    name: "a host with HELO alone has no AUTH",
    options: { tls: "none", login: true },
    dialogue: [
      ...offering().slice(0, 3),
      "S: 502 what?",
      "C: HELO out.pine.example",
      "S: 250 mx.rook.example",
      "< failed at auth: 454 4.7.0 login-failed",
      ...GONE,
    ],
  },
  {
    name: "the password cannot be read: ours, and temporary",
    dialogue: [
      ...offering("AUTH PLAIN"),
      "< ask-login",
      "> login-failed",
      "< failed at auth: 451 4.3.0 local-error",
      ...GONE,
    ],
  },
  {
    name: "what is said while the password is fetched was not asked for",
    dialogue: [
      ...offering("AUTH PLAIN"),
      "< ask-login",
      "S: 235 2.7.0 welcome",
      "< failed at auth: 451 4.5.0 peer-protocol-error",
      "< cut",
      "> login",
    ],
  },
];

for (const { name, dialogue, ...rest } of SCENES) {
  test(`AUTH client: ${name}`, () => {
    assert.deepEqual(play(dialogue, { options: OPEN, ...rest }).lines, dialogue);
  });
}

test("AUTH client: every refusal is the host's and temporary, its own code is kept (RFC 4954 §6)", () => {
  const table: readonly (readonly [string, Dialogue])[] = [
    ["535 5.7.8 bad", ["< failed at auth: 454 4.7.8 login-failed", ...GONE]],
    ["535 bad", ["< failed at auth: 454 4.7.8 login-failed", ...GONE]],
    ["534 5.7.9 too weak", ["< failed at auth: 454 4.7.9 login-failed", ...GONE]],
    ["534 too weak", ["< failed at auth: 454 4.7.9 login-failed", ...GONE]],
    ["538 5.7.11 encrypt", ["< failed at auth: 454 4.7.11 login-failed", ...GONE]],
    ["538 encrypt", ["< failed at auth: 454 4.7.11 login-failed", ...GONE]],
    ["454 4.7.0 later", ["< failed at auth: 454 4.7.0 login-failed", ...GONE]],
    ["432 4.7.12 change it", ["< failed at auth: 454 4.7.12 login-failed", ...GONE]],
    ["504 5.5.4 unknown", ["< failed at auth: 454 4.5.4 login-failed", ...GONE]],
    ["503 5.5.1 not now", ["< failed at auth: 454 4.5.1 login-failed", ...GONE]],
    ["550 go away", ["< failed at auth: 454 4.7.0 login-failed", ...GONE]],
    ["421 4.3.2 bye", ["< failed at auth: 421 4.3.2 remote-reply", "< cut"]],
    ["354 what", ["< failed at auth: 451 4.5.0 peer-protocol-error", "< cut"]],
    ["what", ["< failed at auth: 451 4.5.0 peer-protocol-error", "< cut"]],
    ["334 not base64!", ["C: *"]],
    ["334 YQ=", ["C: *"]],
    ["334 =YQ=", ["C: *"]],
    [`334 ${"AAAA".repeat(4000)}`, ["C: *"]],
    ["334-YQ==\r\n334 YQ==", ["C: *"]],
  ];
  const found = table.map(([said]) => {
    return [said, play([...ASKED, `S: ${said}`], { options: OPEN }).lines.slice(ASKED.length + 1)];
  });
  assert.deepEqual(found, table);
});

test("AUTH client: a command that would be too long goes without the initial response (RFC 4954 §4)", () => {
  for (const length of [100, 372, 373, 5000]) {
    const machine = conversation({ ...OPTIONS, ...OPEN });
    const written: string[] = [];
    const feed = (input: Parameters<typeof machine.handle>[0]): void => {
      for (const effect of machine.handle(input)) {
        if (effect.kind === "write") written.push(Buffer.concat(effect.parts).toString("latin1"));
      }
    };
    feed({ kind: "connected" });
    for (const said of ["220 x", "250-x\r\n250 AUTH PLAIN"]) feed({ kind: "octets", octets: utf8(`${said}\r\n`) });
    const password = "p".repeat(length);
    feed({ kind: "login", login: { user: "ada", password } });
    const [command = ""] = written.slice(1);
    const whole = Buffer.from(`\0ada\0${password}`).toString("base64");
    assert.ok(command.length <= 512, `${command.length} octets`);
    if (command !== "AUTH PLAIN\r\n") {
      assert.equal(command, `AUTH PLAIN ${whole}\r\n`);
      continue;
    }
    assert.ok(`AUTH PLAIN ${whole}\r\n`.length > 512);
    feed({ kind: "octets", octets: utf8("334 \r\n") });
    assert.deepEqual(written.slice(2), [`${whole}\r\n`]);
  }
});

test("AUTH client: a login that cannot be sent is not begun, and not quoted", () => {
  for (const login of [
    { user: "", password: "hunter22" },
    { user: "ada", password: "" },
    { user: "ada", password: "hunter22\0" },
    { user: "a\0da", password: "hunter22" },
    { user: "ada", password: "hunter22".repeat(2000) },
    { user: "ada", password: "hunter22\ud800" },
  ]) {
    const machine = conversation({ ...OPTIONS, ...OPEN });
    machine.handle({ kind: "connected" });
    for (const said of ["220 x", "250-x\r\n250 AUTH PLAIN"]) {
      machine.handle({ kind: "octets", octets: utf8(`${said}\r\n`) });
    }
    const effects = machine.handle({ kind: "login", login });
    const failed = effects.find((effect) => effect.kind === "failed");
    assert.deepEqual([failed?.stage, failed?.status.cause], ["auth", "login-failed"]);
    assert.doesNotMatch(JSON.stringify([effects, machine.state]), /hunter/);
  }
});

test("AUTH client: a host that repeats what it was sent does not get it into any status", () => {
  const echoes = [
    `535 5.7.8 ${PLAIN} is wrong`,
    `535-5.7.8 no\r\n535 5.7.8 the password ${LOGIN.password} is wrong`,
    `454 4.7.0 ${PASSWORD}`,
    `421 4.7.0 ${PLAIN}`,
    `399 ${PLAIN}`,
    `334-${PLAIN}\r\n334 ${PLAIN}`,
    `AUTH PLAIN ${PLAIN}`,
    `535 ${PLAIN}\r\n535 ${PLAIN}`,
  ];
  for (const said of echoes) {
    const { effects, lines } = play([...ASKED, `S: ${said}`, "S: 501 5.7.0 cancelled"], { options: OPEN });
    const failed = effects.find((effect) => effect.kind === "failed");
    assert.equal(failed?.stage, "auth", lines.join("\n"));
    const kept = JSON.stringify(failed);
    for (const secret of [PLAIN, PASSWORD, LOGIN.password]) assert.equal(kept.includes(secret), false, kept);
  }
});
