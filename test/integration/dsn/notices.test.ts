import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { fromUtf8 } from "../../../src/base/mod.ts";
import { MAIN, startHopseal } from "../../support/hopseal.ts";
import { startSink } from "../../support/sink.ts";
import { startPeer } from "../delivery/_peer.ts";
import { CONTENT, house, notices, send, told } from "./_house.ts";

const LATER = 'first = "1 h"\nwarn_after = "4 h"\nexpire_after = "5 d"';
const dsn = { envid: "QQ  3+1", ret: "full" } as const;

test("notices: into a mailbox, to a host without DSN, refused; ENVID and ORCPT come back, RET=FULL brings the message (RFC 3461 §5.2, §6.3)", async () => {
  await using peer = await startPeer("rcpt-by-name");
  await using hopseal = await startHopseal({ config: house(peer.port, LATER) });
  const original = { type: "rfc822", address: "Bo+1=x@old.example" };
  await send(
    hopseal,
    [
      { to: "cy@rook.example", notify: ["success"], original },
      { to: "bo@pine.example", notify: ["success", "failure"] },
      { to: "never@pine.example", original },
      { to: "di@rook.example" },
      { to: "ed@pine.example", notify: ["failure", "delay"] },
    ],
    dsn,
  );
  const reports = await notices(hopseal, 3);
  assert.deepEqual(told(reports), [
    "delivered 2.6.0 cy@rook.example Bo+1=x@old.example",
    "failed 5.1.1 never@pine.example Bo+1=x@old.example",
    "relayed 2.6.0 bo@pine.example",
  ]);
  for (const { message, recipients, returned, text } of reports) {
    assert.equal(message.envelopeId, "QQ  3+1");
    assert.equal(message.receivedFrom?.value, "client.pine.example (127.0.0.1)");
    const content = fromUtf8(returned?.content ?? new Uint8Array(0)).replaceAll("\n", "\r\n");
    const failed = recipients[0]?.action === "failed";
    assert.equal(returned?.type, failed ? "message/rfc822" : "text/rfc822-headers");
    assert.equal(content.endsWith(CONTENT), failed);
    assert.match(content, /Subject: canary/);
    assert.equal(text.includes("secret"), false);
  }
});

test("notices: a host with DSN gets what was asked and answers for it; none comes from here (RFC 3461 §5.2.1)", async () => {
  await using sink = await startSink();
  await using hopseal = await startHopseal({ config: house(sink.port, LATER) });
  await send(hopseal, [{ to: "bo@pine.example", notify: ["success", "failure", "delay"] }], dsn);
  const { request } = await sink.next();
  assert.deepEqual(request.dsn, dsn);
  await hopseal.waitFor((line) => line["to"] === "bo@pine.example" && line["outcome"] === "delivered");
  await hopseal.stop();
  assert.deepEqual(
    hopseal.log.filter((line) => line["to"] === "ada@rook.example"),
    [],
  );
});

test("notices: first of the delay, once, then of the end of waiting (RFC 3461 §5.2.5, §5.2.6)", async () => {
  await using peer = await startPeer("rcpt-450");
  const config = house(peer.port, 'first = "1 s"\nwarn_after = "1 s"\nexpire_after = "4 s"');
  await using hopseal = await startHopseal({ config });
  await send(
    hopseal,
    [
      { to: "bo@pine.example" },
      { to: "cy@pine.example", notify: ["failure"] },
      { to: "di@pine.example", notify: ["delay"] },
      { to: "ed@pine.example", notify: "never" },
    ],
    { envid: "e" },
  );
  const [delay, failure, ...more] = await notices(hopseal, 2);
  assert.ok(delay !== undefined && failure !== undefined);
  assert.deepEqual(more, []);
  assert.deepEqual(told([delay]), ["delayed 4.2.0 bo@pine.example", "delayed 4.2.0 di@pine.example"]);
  assert.deepEqual(told([failure]), ["failed 5.4.7 bo@pine.example", "failed 5.4.7 cy@pine.example"]);
  const [first] = delay.recipients;
  assert.equal((first?.retryUntil ?? 0) - (delay.message.arrivedAt ?? 0), 4000);
  assert.deepEqual(first?.diagnostic, { type: "smtp", value: "450 4.2.0 greylisted" });
  assert.deepEqual([delay.message.envelopeId, failure.message.envelopeId], ["e", "e"]);
});

test("notices: an alias of several is told of as expanded and no further, an alias of one where it leads (RFC 3461 §5.2.7)", async () => {
  await using peer = await startPeer("good");
  await using hopseal = await startHopseal({ config: house(peer.port, LATER) });
  await send(
    hopseal,
    [
      { to: "sales@rook.example", notify: ["success"], original: { type: "rfc822", address: "Sales@old.example" } },
      { to: "info@rook.example", notify: ["success"] },
    ],
    { envid: "e" },
  );
  const reports = await notices(hopseal, 2);
  assert.deepEqual(
    told(reports).map((line) => line.split(" ").slice(0, 3).join(" ")),
    ["delivered 2.6.0 info@rook.example", "expanded 2.0.0 sales@rook.example"],
  );
  assert.deepEqual(
    reports.map(({ message }) => message.envelopeId),
    ["e", "e"],
  );
});

test("notices: what asked for protection and could not have it comes back as nothing but its name (RFC 8689 §5)", async () => {
  await using peer = await startPeer("no-starttls");
  await using hopseal = await startHopseal({ config: house(peer.port, 'first = "1 s"\nexpire_after = "2 s"') });
  const words = ["--from", "ada@rook.example", "--to", "bo@pine.example", "--tls", "encrypt"];
  const letter = ["--subject", "canary", "--text", "the secret body"];
  await promisify(execFile)(process.execPath, [MAIN, "send", "-c", hopseal.configFile, ...words, ...letter]);
  const [report] = await notices(hopseal, 1);
  assert.ok(report !== undefined);
  assert.match(told([report])[0] ?? "", /^failed 5\.\d+\.\d+ bo@pine\.example$/);
  assert.match(fromUtf8(report.returned?.content ?? new Uint8Array(0)), /^(?:(?:Message-ID|Date): [^\n]+\n){2}$/);
  assert.ok(!JSON.stringify(report).includes("canary"));
  assert.equal(peer.clear, "");
});
