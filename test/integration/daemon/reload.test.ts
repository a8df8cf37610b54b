import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { type RunningHopseal, startHopseal } from "../../support/hopseal.ts";

const CONFIG = `
workers = 1
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "ann@rook.example"
[[listen]]
address = "127.0.0.1:0"
tls = "none"
[[domain]]
name = "rook.example"
recipients = "any"
[[route]]
recipients = ["rook.example"]
deliver = { maildir = "{folder}/old/{localpart}" }
`;

test("SIGHUP: the configuration is read again, and an open connection goes on under it", async () => {
  await using hopseal = await startHopseal({ config: CONFIG });
  const client = await talk(hopseal.ports[0] ?? 0);
  assert.match(await client.say("EHLO out.pine.example"), /^250 /);
  assert.match(await client.say("MAIL FROM:<>"), /^250 /);
  assert.match(await client.say("RCPT TO:<bo@pine.example>"), /^550 /);
  await rewrite(
    hopseal,
    (text) =>
      `${text.replaceAll("/old/", "/new/")}[[domain]]\nname = "pine.example"\nrecipients = "any"\n[[route]]\nrecipients = ["pine.example"]\ndeliver = { maildir = "{folder}/new/{localpart}" }\n`,
  );
  const reloaded = await hangUp(hopseal, 1);
  assert.equal(reloaded["problems"], 0);
  assert.match(await client.say("RSET"), /^250 /);
  assert.match(await client.say("MAIL FROM:<>"), /^250 /);
  for (const to of ["bo@pine.example", "ann@rook.example"]) assert.match(await client.say(`RCPT TO:<${to}>`), /^250 /);
  assert.match(await client.say("DATA"), /^354 /);
  assert.match(await client.say("Subject: x\r\n\r\nx\r\n."), /^250 /);
  await hopseal.waitFor((line) => line["to"] === "bo@pine.example" && line["outcome"] === "delivered");
  await hopseal.waitFor((line) => line["to"] === "ann@rook.example" && line["outcome"] === "delivered");
  assert.deepEqual((await readdir(join(hopseal.folder, "new"))).sort(), ["ann", "bo"]);
  assert.match(await client.say("QUIT"), /^221 /);
});

test("SIGHUP: a configuration with a mistake changes nothing; what needs a start says so", async () => {
  await using hopseal = await startHopseal({ config: CONFIG });
  await rewrite(hopseal, (text) => text.replace('recipients = "any"', 'recipients = "everybody"'));
  assert.equal((await hangUp(hopseal, 1))["problems"], 1);
  const mistake = await hopseal.waitFor((line) => line["where"] === "reload");
  assert.match(String(mistake["text"]), /hopseal\.toml:11:\d+: error: domain\.0\.recipients/);
  await rewrite(hopseal, () => CONFIG.replace("mx.rook.example", "mx2.rook.example"));
  assert.equal((await hangUp(hopseal, 2))["problems"], 1);
  await hopseal.waitFor((line) => String(line["text"]) === "hostname has changed; that waits for the next start");
  const client = await talk(hopseal.ports[0] ?? 0);
  assert.match(client.greeting, /^220 mx\.rook\.example /);
  assert.match(await client.say("QUIT"), /^221 /);
});

async function rewrite(hopseal: RunningHopseal, change: (text: string) => string): Promise<void> {
  await writeFile(hopseal.configFile, change(CONFIG).replaceAll("{folder}", hopseal.folder));
}

/** Resolves with the line that tells of the n-th reload. */
async function hangUp(hopseal: RunningHopseal, nth: number): Promise<Record<string, unknown>> {
  process.kill(hopseal.pid, "SIGHUP");
  let seen = 0;
  return await hopseal.waitFor((line) => line["event"] === "reloaded" && ++seen === nth);
}

async function talk(port: number): Promise<{ greeting: string; say(text: string): Promise<string> }> {
  const socket: Socket = connect({ host: "127.0.0.1", port });
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const reply = async (): Promise<string> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error("The connection ended");
      if (value[3] !== "-") return value;
    }
  };
  return {
    greeting: await reply(),
    async say(text) {
      socket.write(`${text}\r\n`);
      return await reply();
    },
  };
}
