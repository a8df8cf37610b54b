import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { utf8 } from "../../../src/base/mod.ts";
import { connectPlain, MAY, outgoing } from "../../support/client.ts";
import { type RunningHopseal, startHopseal } from "../../support/hopseal.ts";
import { startPeer } from "./_peer.ts";

/** Mail for pine.example goes to that port, mail for rook.example into maildirs. */
function config(port: number): string {
  return `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "postmaster@rook.example"
[[listen]]
address = "127.0.0.1:0"
tls = "none"
[[domain]]
name = "rook.example"
recipients = "any"
[[domain]]
name = "pine.example"
recipients = "any"
[[route]]
recipients = ["pine.example"]
deliver = { smtp = "127.0.0.1:${port}" }
[[route]]
recipients = ["rook.example"]
deliver = { maildir = "{folder}/mail/{localpart}" }
[retry]
first = "1 s"
expire_after = "2 s"
`;
}

async function send(hopseal: RunningHopseal, to: readonly string[], from?: string): Promise<void> {
  const session = await connectPlain(hopseal.ports[0] ?? 0);
  assert.ok(!("kind" in session));
  const content = utf8("Subject: canary\r\nMessage-ID: <1@rook.example>\r\n\r\nthe secret body\r\n");
  const result = await session.send(outgoing({ content, to, ...(from === undefined ? {} : { from }) }), MAY);
  assert.ok(!("kind" in result));
  assert.deepEqual(
    result.recipients.map(({ code }) => code),
    to.map(() => 250),
  );
  await session.quit();
}

/** What lies in the mailbox once the notice for it was delivered. */
async function mailOf(hopseal: RunningHopseal, name: string): Promise<string> {
  await hopseal.waitFor((line) => line["to"] === `${name}@rook.example` && line["outcome"] === "delivered");
  const folder = `${hopseal.folder}/mail/${name}/new`;
  const [file = "", ...more] = await readdir(folder);
  assert.deepEqual(more, []);
  return readFile(`${folder}/${file}`, "utf8");
}

function outcomes(hopseal: RunningHopseal, to: string): readonly string[] {
  const lines = hopseal.log.filter((line) => line["event"] === "attempt" && line["to"] === to);
  return lines.map((line) => `${String(line["attempt"])} ${String(line["outcome"])} ${String(line["enhanced"])}`);
}

test("returned mail: what cannot be delivered in time comes back to its sender's mailbox, once (RFC 5321 §4.5.4.1, §6.1)", async () => {
  await using peer = await startPeer("rcpt-450");
  await using hopseal = await startHopseal({ config: config(peer.port) });
  await send(hopseal, ["bo@pine.example"], "ada@rook.example");
  const notice = await mailOf(hopseal, "ada");
  assert.match(notice, /^Return-Path: <>\n/);
  assert.match(notice, /\nTo: <ada@rook\.example>\n/);
  assert.match(notice, /\nFinal-Recipient: rfc822; bo@pine\.example\nAction: failed\nStatus: 5\.4\.7\n/);
  assert.match(notice, /\nDiagnostic-Code: smtp; 450 4\.2\.0 greylisted\n/);
  assert.match(notice, /\nSubject: canary\n/);
  assert.ok(!notice.includes("the secret body"));
  const tries = outcomes(hopseal, "bo@pine.example");
  assert.ok(tries.length >= 2, "it was not tried again");
  assert.deepEqual(
    tries,
    tries.map((_, at) => `${at + 1} ${at === tries.length - 1 ? "failed 5.4.7" : "deferred 4.2.0"}`),
  );
});

test("returned mail: one notice tells of those who were refused, and a notice that fails is dropped with a word (RFC 5321 §6.1)", async () => {
  await using peer = await startPeer("rcpt-550");
  await using hopseal = await startHopseal({ config: config(peer.port) });
  await send(hopseal, ["bo@pine.example", "cy@pine.example", "di@rook.example"], "ada@rook.example");
  const notice = await mailOf(hopseal, "ada");
  assert.deepEqual(
    [...notice.matchAll(/^Final-Recipient: .*$/gm)].map(([line]) => line),
    ["Final-Recipient: rfc822; bo@pine.example", "Final-Recipient: rfc822; cy@pine.example"],
  );
  assert.match(await mailOf(hopseal, "di"), /the secret body/);
  // From nobody: there is nobody to tell.
  await send(hopseal, ["ed@pine.example"]);
  const fault = await hopseal.waitFor((line) => line["event"] === "fault");
  assert.match(String(fault["text"]), /to pine\.example failed and has no sender to be returned to; it is dropped$/);
  assert.deepEqual(outcomes(hopseal, "ed@pine.example"), ["1 failed 5.1.1"]);
});

test("returned mail: each recipient of one transaction has an end of its own (RFC 5321 §3.3)", async () => {
  await using peer = await startPeer("rcpt-by-name");
  await using hopseal = await startHopseal({ config: config(peer.port) });
  await send(hopseal, ["bo@pine.example", "later@pine.example", "never@pine.example"], "ada@rook.example");
  const done = (name: string): Promise<unknown> =>
    hopseal.waitFor((line) => line["to"] === `${name}@pine.example` && line["outcome"] !== "deferred");
  await Promise.all(["bo", "later", "never"].map(done));
  assert.deepEqual(outcomes(hopseal, "bo@pine.example"), ["1 delivered 2.6.0"]);
  assert.deepEqual(outcomes(hopseal, "never@pine.example"), ["1 failed 5.1.1"]);
  assert.equal(outcomes(hopseal, "later@pine.example").at(0), "1 deferred 4.2.1");
  assert.match(outcomes(hopseal, "later@pine.example").at(-1) ?? "", /^\d+ failed 5\.4\.7$/);
  // This host says 354 without a recipient too, and takes the lone dot that follows for a message.
  assert.equal(peer.accepted.filter((content) => content !== "").length, 1);
  const told = new Set<unknown>();
  await hopseal.waitFor((line) => line["to"] === "ada@rook.example" && told.add(line["id"]).size === 2);
  assert.equal((await readdir(`${hopseal.folder}/mail/ada/new`)).length, 2);
});
