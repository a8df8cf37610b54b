import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createSecureContext } from "node:tls";
import { systemClock } from "../../../src/base/mod.ts";
import { policyJson } from "../../../src/cli/policy-json.ts";
import { parseConfig } from "../../../src/config/mod.ts";
import { type Daemon, daemonTallies, openPolicyLook, startDaemon } from "../../../src/daemon/mod.ts";
import { domain, NO_DEMAND, NULL_REVERSE_PATH } from "../../../src/mail/mod.ts";
import { type Events, subscribe } from "../../../src/observe/mod.ts";
import { tcpDialer } from "../../../src/smtp/io/mod.ts";
import { spkiSha256 } from "../../../src/tls/mod.ts";
import { summarise } from "../../../src/tlsrpt/mod.ts";
import { testCa, type TestCa, type TestCertificate } from "../../support/certificates.ts";
import { type PolicyHost, policyHost } from "../../support/policy-host.ts";
import { staticResolver, type StaticZone } from "../../support/resolver.ts";
import { type Sink, startSink } from "../../support/sink.ts";

/**
 * The whole program with real sockets against domains that publish every sort of policy, and against an attacker who
 * answers for one of them. What is seen: the word in the log, what was counted, and what is known after a restart.
 */
let ca: TestCa;
let folder: string;
let web: PolicyHost;
const sinks = new Map<string, Sink>();
const certificates = new Map<string, TestCertificate>();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "hopseal-policy-"));
  ca = await testCa();
  web = await policyHost();
  await writeFile(join(folder, "ca.pem"), ca.pem);
  for (const name of [
    "mx.dane.example",
    "mx.rolled.example",
    "mx.sts.example",
    "mx.plain.example",
    "mx.evil.example",
  ]) {
    const certificate = await ca.issue([name]);
    certificates.set(name, certificate);
    const context = createSecureContext({ cert: certificate.chain, key: certificate.key });
    sinks.set(name, await startSink({ hostname: name, tls: { contextFor: () => context } }));
  }
  sinks.set("mx.testing.example", await startSink({ hostname: "mx.testing.example" }));
  await publish("sts.example", "enforce");
  await publish("testing.example", "testing");
});
after(async () => {
  for (const sink of sinks.values()) await sink[Symbol.asyncDispose]();
  await web[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function publish(name: string, mode: string): Promise<void> {
  const text = `version: STSv1\nmode: ${mode}\nmx: mx.${name}\nmax_age: 86400\n`;
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n`;
  web.behave(`mta-sts.${name}`, { certificate: await ca.issue([`mta-sts.${name}`]), answer: head + text });
}

const secure = (...records: readonly unknown[]) => ({ kind: "data", security: "secure", records }) as const;

function tlsa(host: string): unknown {
  const { der } = certificates.get(host) as TestCertificate;
  return { usage: 3, selector: 1, matching: 1, data: spkiSha256(der) };
}

/** What DNS says when nobody meddles. */
function zone(): StaticZone {
  const wrong = { usage: 3, selector: 1, matching: 1, data: createHash("sha256").update("old key").digest() };
  const unsigned = (name: string): StaticZone => ({
    [name]: { MX: [{ preference: 10, exchange: `mx.${name}` }] },
    [`mx.${name}`]: { A: ["127.0.0.1"] },
  });
  const signed = (name: string, record: unknown): StaticZone => ({
    [name]: { MX: secure({ preference: 10, exchange: `mx.${name}` }) },
    [`mx.${name}`]: { A: secure("127.0.0.1"), AAAA: { kind: "nodata", security: "secure" } },
    [`_25._tcp.mx.${name}`]: { TLSA: secure(record) },
  });
  const announced = (name: string): StaticZone => ({
    [`_mta-sts.${name}`]: { TXT: ["v=STSv1; id=1;"] },
    [`mta-sts.${name}`]: { A: ["127.0.0.1"] },
  });
  return {
    ...unsigned("sts.example"),
    ...unsigned("testing.example"),
    ...unsigned("plain.example"),
    ...unsigned("evil.example"),
    ...signed("dane.example", tlsa("mx.dane.example")),
    ...signed("rolled.example", wrong),
    ...announced("sts.example"),
    ...announced("testing.example"),
  };
}

function config(): Parameters<typeof startDaemon>[0] {
  const text = `
hostname = "mx.rook.example"
data_dir = "data"
postmaster = "postmaster@rook.example"
[outbound]
networks = ["127.0.0.0/8"]
roots = "ca.pem"
[policy]
mta_sts_roots = "ca.pem"
mta_sts_networks = ["127.0.0.0/8"]
mta_sts_port = ${web.port}
`;
  const loaded = parseConfig(text, join(folder, "hopseal.toml"));
  assert.ok(loaded.ok);
  return loaded.value.config;
}

async function start(records: StaticZone): Promise<Daemon> {
  const dial = tcpDialer({ clock: systemClock });
  const started = await startDaemon(config(), {
    resolver: staticResolver(records),
    // Port 25 needs root; each host answers on a port of its own.
    dial: async (target, signal) => await dial({ ...target, port: sinks.get(target.host)?.port ?? 1 }, signal),
  });
  assert.ok(started.ok, started.ok ? "" : started.error);
  return started.value;
}

/** Sends one message to each domain; what the log says of each, in the order of the domains. */
async function send(daemon: Daemon, names: readonly string[]): Promise<readonly string[]> {
  const done = Promise.withResolvers<void>();
  const lines = new Map<string, string>();
  using _listening = subscribe("hopseal:attempt", (event: Events["hopseal:attempt"]) => {
    lines.set(event.to, `${event.to} ${event.outcome} ${event.tls}`);
    if (lines.size === names.length) done.resolve();
  });
  for (const name of names) {
    const submitted = await daemon.operator.submit({
      from: NULL_REVERSE_PATH,
      to: [{ localPart: "bo", domain: domain(name) }],
      demand: "may",
      content: Buffer.from("Subject: x\r\n\r\nx\r\n"),
    });
    assert.ok(submitted.ok);
  }
  await done.promise;
  return names.map((name) => lines.get(`bo@${name}`) ?? "");
}

/** What was counted, one line for each domain and policy. */
async function counted(): Promise<readonly string[]> {
  const { days, unread } = summarise(await daemonTallies(config()));
  assert.equal(unread, 0);
  const lines = days.flatMap(({ domain: name, policies }) =>
    policies.map(({ policy, summary, "failure-details": details }) => {
      const failures = details.map(
        (one) => `${one["failed-session-count"]} ${one["result-type"]} ${one["receiving-mx-hostname"] ?? "-"}`,
      );
      return [name, policy["policy-type"], summary["total-successful-session-count"], ...failures].join(" ");
    }),
  );
  return lines.sort();
}

test("the daemon delivers by what destinations publish, counts it, and keeps MTA-STS over a restart without network", async () => {
  const daemon = await start(zone());
  try {
    assert.deepEqual(
      await send(daemon, ["dane.example", "rolled.example", "sts.example", "testing.example", "plain.example"]),
      [
        "bo@dane.example delivered dane:dane",
        "bo@rolled.example deferred dane:!verify",
        "bo@sts.example delivered sts:webpki",
        "bo@testing.example delivered may:plaintext",
        "bo@plain.example delivered may:encrypted",
      ],
    );
    assert.deepEqual(await counted(), [
      "dane.example tlsa 1",
      "plain.example no-policy-found 1",
      "rolled.example tlsa 0 1 validation-failure mx.rolled.example",
      "sts.example sts 1",
      "testing.example sts 0 1 starttls-not-supported mx.testing.example",
    ]);
  } finally {
    await daemon.stop();
  }
  // From here on the attacker answers for sts.example: no record, no policy host, and a host of his own.
  const spoofed: StaticZone = {
    ...zone(),
    "_mta-sts.sts.example": {},
    "mta-sts.sts.example": {},
    "sts.example": { MX: [{ preference: 10, exchange: "mx.evil.example" }] },
  };
  const again = await start(spoofed);
  try {
    assert.deepEqual(await send(again, ["sts.example", "plain.example"]), [
      "bo@sts.example deferred sts:!decision",
      "bo@plain.example delivered may:encrypted",
    ]);
    assert.ok((await counted()).includes("sts.example sts 1 1 certificate-host-mismatch mx.evil.example"));
    assert.deepEqual(sinks.get("mx.evil.example")?.caught, []);
  } finally {
    await again.stop();
  }
});

test("openPolicyLook: the command line decides as the daemon does, by what it stored, and stores nothing itself", async () => {
  await using looking = await openPolicyLook(config(), {
    resolver: staticResolver({
      "sts.example": { MX: [{ preference: 10, exchange: "mx.evil.example" }] },
      "mx.evil.example": { A: ["127.0.0.1"] },
    }),
  });
  const looked = await looking.look({ localPart: "", domain: domain("sts.example") }, NO_DEMAND);
  assert.equal(looked.stored?.kind, "policy");
  const json = JSON.parse(JSON.stringify(policyJson({ domain: "sts.example", message: "may", looked }))) as {
    hosts: { leftOut: string; decision: { kind: string; wanted: string } }[];
  };
  assert.deepEqual(
    json.hosts.map(({ leftOut, decision }) => [leftOut, decision.kind, decision.wanted]),
    [["decision", "skip-host", "sts"]],
  );
});
