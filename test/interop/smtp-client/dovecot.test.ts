import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bytes, systemClock, utf8 } from "../../../src/base/mod.ts";
import * as gate from "../../../src/policy/mod.ts";
import type { NamePattern, Proceed } from "../../../src/policy/mod.ts";
import { domain } from "../../../src/mail/mod.ts";
import type { ClientSession, Outgoing, SessionFailure, Target } from "../../../src/smtp/client/mod.ts";
import { openSession, type SessionOptions } from "../../../src/smtp/io/mod.ts";
import { openTrust, type TrustStore } from "../../../src/tls/io/mod.ts";
import { brief, request, to } from "../../integration/smtp-client/dialogue.ts";
import { testCa } from "../../support/certificates.ts";
import { type RunningDovecot, startDovecot } from "../../support/dovecot.ts";
import { startPostfix } from "../../support/postfix.ts";
import { needs } from "../../support/programs.ts";

const LOCAL: Proceed = {
  kind: "proceed",
  sni: null,
  keys: "any",
  floor: { kind: "any" },
  ladder: [{ kind: "plaintext" }],
  observe: [],
  policies: [],
  because: [],
};
const NAME = "mx.rook.example";
const SECURE: Proceed = {
  ...LOCAL,
  sni: domain(NAME),
  floor: { kind: "authenticated", by: "webpki", names: [NAME as NamePattern] },
  ladder: [{ kind: "tls", hello: "full" }],
};
const [BO, CY, DI] = ["bo@rook.example", "cy@rook.example", "di@rook.example"] as const;

async function opened(
  target: Pick<Target, "port" | "path" | "protocol" | "credentials">,
  decision: Proceed,
  options: Partial<SessionOptions> = {},
): Promise<ClientSession | SessionFailure> {
  const whole: Target = { host: NAME, address: "127.0.0.1", mode: "starttls", ...target };
  return openSession(whole, decision, decision.ladder[0], {
    hostname: "out.pine.example",
    trust: await trusting(),
    clock: systemClock,
    gate,
    chunkSize: 3000,
    ...options,
  });
}

async function ready(...asked: Parameters<typeof opened>): Promise<ClientSession> {
  const session = await opened(...asked);
  if ("kind" in session) throw new Error(`${session.stage}: ${session.status.text}`);
  return session;
}

let trust: TrustStore | undefined;
async function trusting(...certificates: readonly string[]): Promise<TrustStore> {
  if (certificates.length === 0 && trust !== undefined) return trust;
  const found = await openTrust(certificates.length === 0 ? { kind: "bundled" } : { kind: "pem", certificates });
  assert.ok(found.ok);
  if (certificates.length === 0) trust = found.value;
  return found.value;
}

function message(content: Bytes, recipients: readonly string[], eightBit = false): Outgoing {
  return {
    ...request({ recipients: to(...recipients), content: { size: content.length, eightBit } }),
    async *open() {
      for (let at = 0; at < content.length; at += 1009) yield content.subarray(at, at + 1009);
    },
  };
}

/** Content with everything that framing can get wrong. */
function awkward(subject: string, lines: number): Bytes {
  const samples = [".", "..", ".a", "", "a.", "\u00fcber", " .", ".\t", "From here", "QUIT", "250 ok"];
  const body = Array.from({ length: lines }, (_, at) => samples[at % samples.length] ?? "");
  return utf8([`Subject: ${subject}`, "Message-ID: <1@pine.example>", "", ...body, ""].join("\r\n"));
}

async function got(dovecot: RunningDovecot, user: string): Promise<readonly string[]> {
  const messages = await dovecot.messages(user);
  return messages.map((octets) => octets.toString("utf8")).sort();
}

test("client to Dovecot by LMTP: each recipient has its own outcome, over TCP and a unix socket, by DATA and BDAT (RFC 2033)", {
  skip: needs("dovecot"),
}, async () => {
  await using dovecot = await startDovecot({ users: { [BO]: {}, [CY]: { quota: 1000 }, [DI]: {} } });
  const kept: string[] = [];
  for (const place of [{ port: dovecot.port }, { port: 0, path: dovecot.path }]) {
    for (const chunking of ["needed", "preferred"] as const) {
      const session = await ready({ ...place, protocol: "lmtp" }, LOCAL, { chunking });
      assert.deepEqual([session.extensions.pipelining, session.extensions.chunking], [true, true]);
      const name = `${"path" in place ? "unix" : "tcp"} ${chunking}`;
      const content = awkward(name, 2000);
      const mixed = await session.send(message(content, [BO, CY, "nobody@rook.example", DI], true), LOCAL);
      assert.ok("recipients" in mixed);
      assert.deepEqual(
        mixed.recipients.map(brief),
        ["250 2.0.0 remote-reply", "452 4.2.2 remote-reply", "550 5.1.1 remote-reply", "250 2.0.0 remote-reply"],
        name,
      );
      assert.deepEqual([mixed.reusable, mixed.host, mixed.afterDot], [true, "ok", undefined]);
      const nobody = await session.send(message(content, ["nobody@rook.example"], true), LOCAL);
      assert.ok("recipients" in nobody);
      assert.deepEqual([nobody.recipients.map(brief), nobody.reusable], [["550 5.1.1 remote-reply"], true]);
      const again = awkward(`${name} again`, 3);
      const second = await session.send(message(again, [DI], true), LOCAL);
      assert.ok("recipients" in second);
      assert.deepEqual(second.recipients.map(brief), ["250 2.0.0 remote-reply"], name);
      await session.quit();
      kept.push(Buffer.from(content).toString("utf8"), Buffer.from(again).toString("utf8"));
    }
  }
  const stored = await got(dovecot, DI);
  assert.equal(stored.length, kept.length);
  for (const text of kept) {
    const body = text.replaceAll("\r\n", "\n");
    assert.ok(
      stored.some((one) => one.replaceAll("\r\n", "\n").endsWith(body)),
      "a message did not arrive octet for octet",
    );
  }
  assert.deepEqual([(await got(dovecot, BO)).length, (await got(dovecot, CY)).length], [4, 0]);
});

test("client to Dovecot by LMTP: a socket that is not there, and a host that speaks no LMTP, fail the session alone", {
  skip: needs("dovecot"),
}, async () => {
  await using dovecot = await startDovecot({ users: { [BO]: {} } });
  const missing = await opened({ port: 0, path: `${dovecot.path}-not`, protocol: "lmtp" }, LOCAL);
  assert.ok("kind" in missing);
  assert.deepEqual([missing.stage, missing.connected, missing.status.cause], ["connect", false, "connect-failed"]);
  assert.match(missing.status.text, /ENOENT/);
  assert.deepEqual(missing.status.peer, { host: NAME });
  const plain = await opened({ port: dovecot.port }, LOCAL);
  assert.ok("kind" in plain);
  assert.deepEqual([plain.stage, plain.status.cause, plain.status.code], ["hello", "remote-reply", 500]);
});

test("client to Postfix: AUTH inside verified TLS, judged by Dovecot; without a login nothing is taken (RFC 4954)", {
  skip: needs("postfix", "dovecot"),
}, async () => {
  const ca = await testCa();
  await using dovecot = await startDovecot({ users: { "ada@pine.example": { password: "s3cr=t \u00fc" } } });
  const login = (mechanisms: string): Promise<Awaited<ReturnType<typeof startPostfix>>> =>
    ca.issue([NAME]).then((tls) =>
      startPostfix({
        tls,
        mydestination: ["rook.example"],
        settings: {
          smtpd_sasl_auth_enable: "yes",
          smtpd_sasl_type: "dovecot",
          smtpd_sasl_path: dovecot.auth,
          smtpd_sasl_mechanism_filter: mechanisms,
          smtpd_tls_auth_only: "yes",
          smtpd_recipient_restrictions: "permit_sasl_authenticated, reject",
        },
      }),
    );
  for (const mechanisms of ["plain", "login"]) {
    await using postfix = await login(mechanisms);
    const options = { trust: await trusting(ca.pem) };
    const credentials = (password: string): Target["credentials"] & object => ({
      user: "ada@pine.example",
      password: () => Promise.resolve(password),
    });
    const target = { port: postfix.port, credentials: credentials("s3cr=t \u00fc") };
    const session = await ready(target, SECURE, options);
    const content = awkward(mechanisms, 20);
    for (let round = 0; round < 2; round++) {
      const result = await session.send(message(content, [BO], true), SECURE);
      assert.ok("recipients" in result);
      assert.deepEqual(result.recipients.map(brief), ["250 2.0.0 remote-reply"], mechanisms);
    }
    await session.quit();
    const wrong = await opened({ port: postfix.port, credentials: credentials("wrong") }, SECURE, options);
    assert.ok("kind" in wrong);
    assert.deepEqual(
      [wrong.stage, brief(wrong.status), wrong.status.reply?.code],
      ["auth", "454 4.7.8 login-failed", 535],
    );
    const anonymous = await ready({ port: postfix.port }, SECURE, options);
    const refused = await anonymous.send(message(content, [BO], true), SECURE);
    assert.ok("recipients" in refused);
    assert.deepEqual(refused.recipients.map(brief), ["554 5.7.1 remote-reply"]);
    await anonymous.quit();
    assert.equal((await postfix.delivered(2)).length, 2);
    assert.match(await postfix.log(), new RegExp(`sasl_method=${mechanisms.toUpperCase()}, sasl_username=ada@pine`));
  }
});
