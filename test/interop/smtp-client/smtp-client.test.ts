import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Bytes, systemClock, utf8 } from "../../../src/base/mod.ts";
import { domain, type Recipient } from "../../../src/mail/mod.ts";
import * as gate from "../../../src/policy/mod.ts";
import type { NamePattern, Proceed, Rung } from "../../../src/policy/mod.ts";
import type { ClientSession, Outgoing, SessionFailure, Target } from "../../../src/smtp/client/mod.ts";
import { openSession, type SessionOptions } from "../../../src/smtp/io/mod.ts";
import { openTrust, type TrustStore } from "../../../src/tls/io/mod.ts";
import { brief, mailbox, request, to } from "../../integration/smtp-client/dialogue.ts";
import { testCa } from "../../support/certificates.ts";
import { untilGreeted } from "../../support/other-program.ts";
import { freePort } from "../../support/port.ts";
import { startPostfix } from "../../support/postfix.ts";
import { needs } from "../../support/programs.ts";

const NAME = "mx.rook.example";
const MAY: Proceed = {
  kind: "proceed",
  sni: domain(NAME),
  keys: "any",
  floor: { kind: "any" },
  ladder: [{ kind: "tls", hello: "full" }, { kind: "plaintext" }],
  observe: [],
  policies: [],
  because: [],
};
const SECURE: Proceed = {
  ...MAY,
  keys: "ephemeral",
  floor: { kind: "authenticated", by: "webpki", names: [NAME as NamePattern] },
  ladder: [{ kind: "tls", hello: "full" }],
};
const FULL: Rung = { kind: "tls", hello: "full" };
const PLAIN: Rung = { kind: "plaintext" };

interface Attempt {
  readonly port: number;
  readonly decision?: Proceed;
  readonly rung?: Rung;
  readonly mode?: Target["mode"];
  readonly trust: TrustStore;
  readonly chunking?: SessionOptions["chunking"];
}

function open(attempt: Attempt): Promise<ClientSession | SessionFailure> {
  const target: Target = {
    host: NAME,
    address: "127.0.0.1",
    port: attempt.port,
    mode: attempt.mode ?? "starttls",
  };
  return openSession(target, attempt.decision ?? MAY, attempt.rung ?? FULL, {
    hostname: "out.pine.example",
    trust: attempt.trust,
    clock: systemClock,
    gate,
    chunkSize: 50_000,
    ...(attempt.chunking === undefined ? {} : { chunking: attempt.chunking }),
  });
}

async function opened(attempt: Attempt): Promise<ClientSession> {
  const session = await open(attempt);
  if ("kind" in session) throw new Error(`${session.stage}: ${session.status.text}`);
  return session;
}

async function trusting(...certificates: readonly string[]): Promise<TrustStore> {
  const trust = await openTrust(certificates.length === 0 ? { kind: "bundled" } : { kind: "pem", certificates });
  assert.ok(trust.ok);
  return trust.value;
}

function message(content: Bytes, recipients: readonly Recipient[], eightBit = false): Outgoing {
  const base = request({ recipients, content: { size: content.length, eightBit } });
  return {
    ...base,
    async *open() {
      for (let at = 0; at < content.length; at += 7919) yield content.subarray(at, at + 7919);
    },
  };
}

/** Content with everything that framing can get wrong, `lines` lines long. */
function awkward(subject: string, lines: number, letter = "x"): Bytes {
  const samples = [".", "..", ".a", "", "a.", letter.repeat(70), " .", ".\t", "From here", "QUIT", "250 ok"];
  const body = Array.from({ length: lines }, (_, at) => samples[at % samples.length] ?? "");
  const header = [
    "From: ada@pine.example",
    "To: bo@rook.example",
    `Subject: ${subject}`,
    "Message-ID: <1@pine.example>",
  ];
  const date = "Date: Tue, 3 Mar 2026 08:14:07 +0000";
  return utf8([...header, date, "", ...body, ""].join("\r\n"));
}

test("client to smtp-sink: a message with every kind of dot arrives octet for octet", {
  skip: needs("smtp-sink"),
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-sink-"));
  await chmod(folder, 0o777);
  const port = await freePort();
  const dump = join(folder, "dump");
  const sink = spawn("smtp-sink", ["-u", "nobody", "-D", dump, `127.0.0.1:${port}`, "10"], { stdio: "ignore" });
  try {
    await untilGreeted({ name: "smtp-sink", port }, () => sink.exitCode);
    const session = await opened({ port, rung: PLAIN, trust: await trusting() });
    assert.equal(session.extensions.pipelining, true);
    const content = awkward("dots", 3000);
    const result = await session.send(message(content, to("bo@rook.example", "cy@rook.example")), MAY);
    assert.ok("recipients" in result);
    assert.deepEqual(result.recipients.map(brief), ["250 2.0.0 remote-reply", "250 2.0.0 remote-reply"]);
    await session.quit();
    const stored = await readFile(dump, "latin1");
    const sent = Buffer.from(content).toString("latin1").replaceAll("\r\n", "\n");
    assert.ok(stored.includes(sent), "the dump does not hold the content");
  } finally {
    sink.kill();
    await rm(folder, { recursive: true, force: true });
  }
});

test("client to Postfix: STARTTLS with a verified name, PIPELINING, DATA and BDAT, per-recipient outcomes", {
  skip: needs("postfix"),
}, async () => {
  const ca = await testCa();
  const leaf = await ca.issue([NAME]);
  await using postfix = await startPostfix({
    tls: leaf,
    mydestination: ["rook.example"],
    settings: { smtpd_relay_restrictions: "reject_unauth_destination" },
  });
  const trust = await trusting(ca.pem);
  const sent: string[] = [];
  for (const chunking of ["needed", "preferred"] as const) {
    const session = await opened({ port: postfix.port, decision: SECURE, trust, chunking });
    assert.ok(session.proof.kind === "tls" && session.proof.session.version === "TLSv1.3");
    assert.equal(session.extensions.chunking, true);
    const content = awkward(chunking, 4000, "\u00fc");
    const outgoing = message(content, to("bo@rook.example", "stranger@fir.example", "cy@rook.example"), true);
    const result = await session.send(outgoing, SECURE);
    assert.ok("recipients" in result);
    assert.deepEqual(
      result.recipients.map(brief),
      ["250 2.0.0 remote-reply", "554 5.7.1 remote-reply", "250 2.0.0 remote-reply"],
      chunking,
    );
    assert.equal(result.reusable, true);
    const nobody = await session.send(message(content, to("stranger@fir.example")), SECURE);
    assert.ok("recipients" in nobody);
    assert.deepEqual(nobody.recipients.map(brief), ["554 5.7.1 remote-reply"]);
    const again = await session.send(message(awkward("again", 5), to("bo@rook.example")), SECURE);
    assert.ok("recipients" in again);
    assert.deepEqual(again.recipients.map(brief), ["250 2.0.0 remote-reply"]);
    await session.quit();
    const text = Buffer.from(content).toString("utf8").replaceAll("\r\n", "\n");
    sent.push(text, text, Buffer.from(awkward("again", 5)).toString("utf8").replaceAll("\r\n", "\n"));
  }
  const delivered = (await postfix.delivered(sent.length)).map((octets) => octets.toString("utf8"));
  for (const text of sent) {
    const at = delivered.findIndex((one) => one.endsWith(text));
    assert.ok(at >= 0, "a message did not arrive octet for octet");
    delivered.splice(at, 1);
  }
  assert.match(await postfix.log(), /TLS connection established from .*TLSv1\.3 with cipher/);
});

test("client to Postfix: TLS from the start, the small ClientHello, SMTPUTF8 and DSN parameters", {
  skip: needs("postfix"),
}, async () => {
  const ca = await testCa();
  const leaf = await ca.issue([NAME]);
  await using postfix = await startPostfix({ tls: leaf, mydestination: ["rook.example"] });
  const trust = await trusting(ca.pem);
  const port = postfix.implicitPort ?? 0;
  const small: Rung = { kind: "tls", hello: "small" };
  const session = await opened({ port, decision: SECURE, rung: small, mode: "implicit", trust });
  assert.equal(session.proof.kind === "tls" ? session.proof.session.group : "", "x25519");
  const content = awkward("utf8", 10);
  const outgoing: Outgoing = {
    ...message(content, [{ mailbox: mailbox("b\u00f6@rook.example"), notify: ["failure"] }]),
    envelope: {
      ...request().envelope,
      smtpUtf8: true,
      dsn: { ret: "hdrs", envid: "a+b=c" },
    },
  };
  const result = await session.send(outgoing, SECURE);
  assert.ok("recipients" in result);
  assert.deepEqual(result.recipients.map(brief), ["250 2.0.0 remote-reply"]);
  await session.quit();
  const [delivered] = await postfix.delivered(1);
  assert.match(delivered?.toString("utf8") ?? "", /^Delivered-To: b\u00f6@rook\.example$/m);
});

test("client to Postfix: a name that does not fit, or a stranger's root, sends nothing", {
  skip: needs("postfix"),
}, async () => {
  const ca = await testCa();
  const other = await testCa("Somebody else");
  await using postfix = await startPostfix({
    tls: await ca.issue(["mx.pine.example"]),
    mydestination: ["rook.example"],
  });
  for (const trust of [await trusting(ca.pem), await trusting(other.pem)]) {
    const failure = await open({ port: postfix.port, decision: SECURE, trust });
    assert.ok("kind" in failure);
    assert.deepEqual([failure.stage, brief(failure.status)], ["verify", "451 4.7.5 tls-verify-failed"]);
  }
  assert.doesNotMatch(await postfix.log(), /from=</);
});
