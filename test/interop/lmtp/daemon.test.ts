import assert from "node:assert/strict";
import { test } from "node:test";
import { type DovecotOptions, startDovecot } from "../../support/dovecot.ts";
import { type RunningHopseal, startHopseal } from "../../support/hopseal.ts";
import { freePort } from "../../support/port.ts";
import { needs } from "../../support/programs.ts";
import { awkward, ends, hand, header } from "../chain/_hand.ts";
import { attempts, inbox, reportOf, told } from "../chain/_house.ts";

const skip = needs("dovecot", "python3");
const ADA = "ada@rook.example";
const USERS: DovecotOptions["users"] = {
  "bo@pine.example": {},
  "cy@pine.example": {},
  "full@pine.example": { quota: 1000 },
};

for (const [place, fullForGood] of [
  ["unix", false],
  ["tcp", true],
] as const) {
  test(`daemon → Dovecot by LMTP over ${place}: each recipient has its own end, and the sender hears of those that fail (RFC 2033 §4.2)`, {
    skip,
  }, async () => {
    await using dovecot = await startDovecot({ users: USERS, fullForGood });
    await using hopseal = await startAgent(place === "unix" ? dovecot.path : `127.0.0.1:${dovecot.port}`);
    const to = ["bo", "nobody", "full", "cy"].map((name) => `${name}@pine.example`);
    const content = awkward("mixed");
    await hand(hopseal.ports[0] ?? 0, [{ from: ADA, to, content }]);
    await attempts(hopseal, "delivered", ["bo@pine.example", "cy@pine.example"]);
    await attempts(hopseal, fullForGood ? "failed" : "deferred", ["full@pine.example"]);
    for (const user of ["bo@pine.example", "cy@pine.example"]) {
      const stored = await dovecot.messages(user);
      assert.equal(stored.length, 1);
      assert.ok(ends(stored[0] ?? Buffer.alloc(0), content));
      assert.match(String(stored[0]), /^Return-Path: <ada@rook\.example>\n/);
    }
    const [notice] = await inbox(hopseal, "ada", 1);
    const failed = reportOf(notice).recipients.map(({ status, final }) => `${status} ${final.value}`);
    assert.deepEqual(failed.sort(), ["5.1.1 nobody@pine.example", ...(fullForGood ? ["5.2.2 full@pine.example"] : [])]);
    assert.deepEqual(told(hopseal).slice(0, 4).sort(), [
      "bo@pine.example delivered 250",
      "cy@pine.example delivered 250",
      `full@pine.example ${fullForGood ? "failed 552" : "deferred 452"}`,
      "nobody@pine.example failed 550",
    ]);
  });
}

test("daemon → Dovecot by LMTP: an agent that is not there keeps mail waiting, and gets it once it is", {
  skip,
}, async () => {
  const port = await freePort();
  await using hopseal = await startAgent(`127.0.0.1:${port}`);
  const send = async (name: string): Promise<void> => {
    await hand(hopseal.ports[0] ?? 0, [{ from: ADA, to: ["bo@pine.example"], content: awkward(name) }]);
  };
  for (const name of ["first", "second"]) {
    const past = hopseal.log.length;
    await send(name);
    await hopseal.waitFor((line) => line["outcome"] === "deferred" && hopseal.log.indexOf(line) >= past);
    await using dovecot = await startDovecot({ users: USERS, port });
    await hopseal.waitFor((line) => line["outcome"] === "delivered" && hopseal.log.indexOf(line) >= past);
    const [stored = Buffer.alloc(0)] = await dovecot.messages("bo@pine.example");
    assert.ok(ends(stored, awkward(name)));
  }
});

test("daemon → Dovecot by LMTP: an agent without SMTPUTF8 gets no internationalised address; the sender hears 5.6.9 (RFC 6531 §3.5)", {
  skip,
}, async () => {
  await using dovecot = await startDovecot({ users: { "bø@pine.example": {} } });
  await using hopseal = await startAgent(dovecot.path);
  await hand(hopseal.ports[0] ?? 0, [
    { from: ADA, to: ["bø@pine.example"], mail: ["SMTPUTF8"], content: `${header("utf8")}\r\nx\r\n` },
  ]);
  const [notice] = await inbox(hopseal, "ada", 1);
  assert.deepEqual(
    reportOf(notice).recipients.map(({ status }) => status),
    ["5.6.9"],
  );
});

async function startAgent(lmtp: string): Promise<RunningHopseal> {
  return await startHopseal({
    config: `
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
recipients = ["rook.example"]
deliver = { maildir = "{folder}/mail/{localpart}" }
[[route]]
recipients = ["pine.example"]
deliver = { lmtp = "${lmtp}" }
[retry]
first = "1 s"
`,
  });
}
