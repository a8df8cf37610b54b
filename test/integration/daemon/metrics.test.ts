import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { systemClock } from "../../../src/base/mod.ts";
import { admit, allowPlaintext, confirmPeer } from "../../../src/policy/mod.ts";
import { openSession } from "../../../src/smtp/io/mod.ts";
import { loadCertificates, openTrust } from "../../../src/tls/io/mod.ts";
import { testCa, type TestCertificate } from "../../support/certificates.ts";
import { MAY, outgoing } from "../../support/client.ts";
import { type RunningHopseal, startHopseal } from "../../support/hopseal.ts";
import { startSink } from "../../support/sink.ts";
import { statusOf } from "../../../src/status/mod.ts";
import { hopseal } from "./_cli.ts";
import { get, scrape, scrapeUntil } from "./_scrape.ts";
import { letter, talk } from "./_talk.ts";

let certificate: TestCertificate;
before(async () => {
  certificate = await (await testCa()).issue(["mx.rook.example", "localhost"]);
});

function configFor(hop: number): string {
  return `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "ann@rook.example"
[[listen]]
address = "127.0.0.1:0"
[[certificate]]
chain = "chain.pem"
key = "key.pem"
[relay]
networks = ["127.0.0.1"]
[[domain]]
name = "rook.example"
recipients = ["bo", "ann"]
[[route]]
recipients = ["rook.example", "pine.example"]
deliver = { smtp = "localhost:${hop}" }
[dns]
servers = ["127.0.0.1:1"]
[policy_service]
path = "{folder}/policy.sock"
[metrics]
path = "{folder}/metrics.sock"
`;
}

test("metrics: every count is moved by what really happens to mail, and by nothing before", async () => {
  await using undo = new AsyncDisposableStack();
  const sink = undo.use(await sinkWithTls());
  const running = undo.use(await start(sink.port));
  const path = join(running.folder, "metrics.sock");
  const [port = 0] = running.ports;
  const told = await running.waitFor((line) => line["event"] === "listening" && line["role"] === "metrics");
  assert.equal(told["address"], path);
  const first = await scrape(path);

  // Two over TLS that go on over one connection, one that the next hop refuses for good, one that waits for DNS.
  await letterOverTls(port, ["bo@rook.example"]);
  await running.waitFor((line) => line["to"] === "bo@rook.example" && line["outcome"] === "delivered");
  await letterOverTls(port, ["ann@rook.example"]);
  await running.waitFor((line) => line["to"] === "ann@rook.example" && line["outcome"] === "delivered");
  assert.match(await letter(port, "refused@pine.example"), /^250 /);
  await running.waitFor((line) => line["to"] === "refused@pine.example" && line["outcome"] === "failed");
  await running.waitFor((line) => line["from"] === "<>" && line["outcome"] === "delivered");
  assert.match(await letter(port, "x@far.example"), /^250 /);
  await running.waitFor((line) => line["to"] === "x@far.example" && line["outcome"] === "deferred");
  // Refused, by us, and lost.
  assert.match(await letter(port, "nobody@rook.example"), /^550 /);
  const lost = await talk(port);
  lost.end();
  await lost.ended;
  await hopseal("pause", "-c", running.configFile, "--receiving");
  const turned = await talk(port);
  assert.match(turned.greeting, /^421 /);
  await turned.ended;
  assert.equal(await lookUp(join(running.folder, "policy.sock"), "[localhost]"), "answered");
  // A fault of the operator's.
  await writeFile(running.configFile, "nonsense");
  process.kill(running.pid, "SIGHUP");
  await running.waitFor((line) => line["where"] === "reload");

  // The last of the sessions and of the queue's states come a moment after what the log says of them.
  const last = await scrapeUntil(path, (now) => {
    const ends = [...now].filter(([series]) => series.startsWith("hopseal_smtp_sessions_total"));
    const over = ends.reduce((sum, [, count]) => sum + count, 0);
    return over >= 7 && now.get('hopseal_queue_units{state="waiting"}') === 1;
  });
  const moved = (series: string): number => (last.get(series) ?? 0) - (first.get(series) ?? 0);
  const exactly: Readonly<Record<string, number>> = {
    'hopseal_accepted_messages_total{tls="TLSv1.3"}': 2,
    'hopseal_accepted_messages_total{tls="plaintext"}': 2,
    hopseal_accepted_size_bytes_count: 4,
    hopseal_accept_latency_seconds_count: 4,
    'hopseal_smtp_refused_total{stage="rcpt",cause="unknown-recipient"}': 1,
    'hopseal_limited_total{limit="paused"}': 1,
    'hopseal_faults_total{where="reload"}': 1,
    'hopseal_attempts_total{outcome="delivered"}': 3,
    'hopseal_attempts_total{outcome="failed"}': 1,
    'hopseal_attempt_seconds_count{outcome="delivered"}': 3,
    hopseal_delivered_age_seconds_count: 3,
    'hopseal_protection_total{wanted="may",got="encrypted",outcome="delivered"}': 3,
    hopseal_notices_total: 1,
    'hopseal_tls_handshake_seconds_count{side="server",version="TLSv1.3"}': 2,
    'hopseal_smtp_sessions_total{role="mx",tls="TLSv1.3",ended="quit"}': 2,
    'hopseal_smtp_sessions_total{role="mx",tls="plaintext",ended="hung-up"}': 1,
    'hopseal_paused{what="receiving"}': 1,
    hopseal_queue_messages: 1,
    'hopseal_queue_units{state="waiting"}': 1,
  };
  const atLeast: Readonly<Record<string, number>> = {
    'hopseal_smtp_connections_total{role="mx"}': 7,
    'hopseal_smtp_sessions_total{role="mx",tls="plaintext",ended="lost"}': 1,
    hopseal_accepted_bytes_total: 100,
    hopseal_store_commit_seconds_count: 4,
    hopseal_store_group_calls_count: 4,
    hopseal_claimed_units_total: 5,
    'hopseal_attempts_total{outcome="deferred"}': 1,
    'hopseal_protection_total{wanted="may",got="!dns",outcome="deferred"}': 1,
    'hopseal_policy_reasons_total{source="default"}': 1,
    'hopseal_outbound_connections_total{change="dialled"}': 1,
    'hopseal_dns_lookups_total{type="MX",result="unavailable"}': 1,
    hopseal_dns_lookup_seconds_count: 1,
    'hopseal_dns_messages_total{from="servers"}': 1,
    'hopseal_policy_service_answers_total{answer="OK"}': 1,
  };
  // A slow machine lets an idle connection end between two messages; each message uses one.
  const opened = moved('hopseal_outbound_connections_total{change="opened"}');
  assert.ok(opened >= 1 && moved('hopseal_outbound_connections_total{change="reused"}') === 4 - opened);
  assert.equal(moved('hopseal_tls_handshake_seconds_count{side="client",version="TLSv1.3"}'), opened);
  assert.equal(moved('hopseal_tls_results_total{policy="no-policy-found",result="success"}'), opened);
  const found = Object.fromEntries(Object.keys(exactly).map((series) => [series, moved(series)]));
  assert.deepEqual(found, exactly);
  for (const [series, least] of Object.entries(atLeast))
    assert.ok(moved(series) >= least, `${series} moved by ${moved(series)}, less than ${least}`);
  for (const always of [
    "hopseal_certificate_expiry_seconds",
    "hopseal_disk_free_bytes",
    "process_resident_memory_bytes",
  ])
    assert.ok((last.get(always) ?? 0) > 0, always);
  const text = [...last.keys()].join("\n");
  assert.doesNotMatch(text, /example|127\.0\.0\.1|localhost/, "no domain and no address is a label");
});

test("readyz: 200 while mail is taken, 503 with the reasons while an operator has stopped it", async () => {
  await using running = await start(9);
  const path = join(running.folder, "metrics.sock");
  await running.waitFor((line) => line["event"] === "listening" && line["role"] === "metrics");
  const ready = async (): Promise<readonly [number, readonly string[]]> => {
    const { status, body } = await get(path, "/readyz");
    return [status, (JSON.parse(body) as { reasons: { text: string }[] }).reasons.map(({ text }) => text)];
  };
  assert.deepEqual(await ready(), [200, []]);
  await hopseal("pause", "-c", running.configFile);
  assert.deepEqual(await ready(), [503, ["Receiving is paused", "Sending is paused"]]);
  await hopseal("resume", "-c", running.configFile);
  assert.deepEqual(await ready(), [200, []]);
  assert.equal((await get(path, "/healthz")).status, 200);
});

test("metrics: one endpoint adds up what two workers count; a pause reaches both", async () => {
  await using undo = new AsyncDisposableStack();
  const sink = undo.use(await sinkWithTls());
  const running = undo.use(await start(sink.port, "workers = 2\n"));
  const path = join(running.folder, "metrics.sock");
  const [port = 0] = running.ports;
  await running.waitFor((line) => line["event"] === "listening" && line["role"] === "metrics");
  for (let nth = 0; nth < 4; nth++) assert.match(await letter(port, "bo@rook.example"), /^250 /);
  const delivered = 'hopseal_attempts_total{outcome="delivered"}';
  const last = await scrapeUntil(path, (now) => now.get(delivered) === 4 && now.get("hopseal_queue_messages") === 0);
  assert.equal(last.get(delivered), 4);
  assert.equal(last.get('hopseal_accepted_messages_total{tls="plaintext"}'), 4);
  assert.equal(last.get("hopseal_accepted_size_bytes_count"), 4);
  assert.equal(last.get("hopseal_queue_messages"), 0);
  assert.equal(JSON.parse((await get(path, "/readyz")).body).ready, true);
  assert.equal((await hopseal("pause", "-c", running.configFile, "--receiving")).status, 0);
  for (let nth = 0; nth < 4; nth++) {
    const turned = await talk(port);
    assert.match(turned.greeting, /^421 Taking no mail/);
    await turned.ended;
  }
  const limited = 'hopseal_limited_total{limit="paused"}';
  const paused = await scrapeUntil(path, (now) => now.get(limited) === 4);
  assert.deepEqual([paused.get(limited), paused.get('hopseal_paused{what="receiving"}')], [4, 1]);
  assert.equal((await get(path, "/readyz")).status, 503);
  assert.equal((await hopseal("drain", "-c", running.configFile)).status, 0);
  await assert.rejects(
    running.waitFor(() => false),
    /hopseal ended with 0/,
  );
});

async function start(hop: number, before = ""): Promise<RunningHopseal> {
  const files = { "chain.pem": certificate.chain, "key.pem": certificate.key };
  return await startHopseal({ config: before + configFor(hop), files });
}

async function sinkWithTls(): ReturnType<typeof startSink> {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-sink-"));
  await writeFile(join(folder, "chain.pem"), certificate.chain);
  await writeFile(join(folder, "key.pem"), certificate.key);
  const files = { chain: join(folder, "chain.pem"), key: join(folder, "key.pem") };
  const loaded = await loadCertificates([files], { clock: systemClock });
  await rm(folder, { recursive: true });
  assert.ok(loaded.ok);
  return await startSink({
    tls: loaded.value,
    verdict: ({ to }) => statusOf(to[0]?.startsWith("refused@") === true ? "content-refused" : "ok-message"),
  });
}

async function letterOverTls(port: number, to: readonly string[]): Promise<void> {
  const trust = await openTrust({ kind: "bundled" });
  assert.ok(trust.ok);
  const session = await openSession(
    { host: "mx.rook.example", address: "127.0.0.1", port, mode: "starttls" },
    MAY,
    { kind: "tls", hello: "full" },
    {
      hostname: "client.pine.example",
      trust: trust.value,
      clock: systemClock,
      gate: { confirmPeer, allowPlaintext, admit },
    },
  );
  assert.ok(!("kind" in session), "the session opens");
  const content = new TextEncoder().encode("Subject: x\r\n\r\nx\r\n");
  const result = await session.send(outgoing({ content, to, from: "ann@pine.example" }), MAY);
  assert.ok("recipients" in result && result.recipients[0]?.code === 250);
  await session.quit();
}

/** Asks the policy service as Postfix does (socketmap_table(5)). */
function lookUp(path: string, nextHop: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path).on("error", reject);
    const request = `policy ${nextHop}`;
    socket.once("data", () => {
      socket.destroy();
      resolve("answered");
    });
    socket.write(`${request.length}:${request},`);
  });
}
