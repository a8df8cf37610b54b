import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { certificates, dial, listening } from "./_dialogue.ts";
import { recording } from "./_reception.ts";

const folder = fileURLToPath(new URL("../../corpus/smtp/", import.meta.url));
const files = readdirSync(folder);

/** Where our codes differ from the dialogue's, with the reason; everything not named here must be equal. */
const DIFFERENCES = new Map<string, { readonly why: string; readonly codes: readonly number[] }>([
  ["authplain.test", { why: "AUTH waits for submission; before EHLO it is out of order", codes: [220, 503, 500, 500] }],
  [
    "starttls_session_fixation.test",
    {
      why: "AUTH waits for submission; STARTTLS inside a transaction is out of order rather than malformed",
      codes: [220, 250, 502, 500, 500, 250, 250, 503],
    },
  ],
  ["starttls_with_injection.test", { why: "octets behind STARTTLS end the connection", codes: [220, 250, 0] }],
]);

interface Script {
  readonly says: readonly string[];
  readonly codes: readonly number[];
}

/** Reads `C:` and `S:` lines; a reply goes on while its lines are written "250-" or "250.*". */
function readScript(text: string): Script {
  const says: string[] = [];
  const codes: number[] = [];
  let within = false;
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("C:")) says.push(line.slice(2).trimStart().replaceAll("\\r\\n", "\r\n").replace(/\r\n$/, ""));
    if (!line.startsWith("S:")) continue;
    const said = line.slice(2).trimStart();
    if (!within) codes.push(Number(said.slice(0, 3)));
    within = said[3] === "-" || said[3] === ".";
  }
  return { says, codes };
}

for (const name of files.filter((file) => file.endsWith(".test"))) {
  test(`the dialogue ${name} gets its reply codes`, async () => {
    const script = readScript(readFileSync(`${folder}${name}`, "utf8"));
    const kept = recording();
    await using server = await listening({
      reception: kept.reception,
      tls: "starttls",
      certificates: await certificates(),
    });
    using client = await dial(server.address);
    const codes = [(await client.reply())?.code ?? 0];
    for (let at = 0; at < script.says.length; at++) {
      const code = await client.ask(script.says[at] ?? "");
      codes.push(code);
      if (code !== 354) continue;
      const content = script.says.slice(at + 1, script.says.indexOf(".", at) + 1);
      codes.push(await client.ask(content.join("\r\n")));
      at += content.length;
    }
    assert.deepEqual(codes, DIFFERENCES.get(name)?.codes ?? script.codes);
    assert.ok(DIFFERENCES.has(name) || codes.length >= 2);
  });
}

for (const name of files.filter((file) => file.endsWith(".raw"))) {
  test(`the raw stream ${name} neither breaks nor hangs the server`, async () => {
    const stream = readFileSync(`${folder}${name}`);
    const kept = recording();
    await using server = await listening({ reception: kept.reception });
    for (const size of [1, 2, 7, 64, stream.length]) {
      using client = await dial(server.address);
      for (let at = 0; at < stream.length; at += size) client.socket.write(stream.subarray(at, at + size));
      client.socket.end();
      while ((await client.reply()) !== undefined);
    }
    assert.deepEqual([kept.breaches, kept.open()], [[], { handlers: 0, sinks: 0 }]);
  });
}

test("words of the dictionary in any order neither break nor hang the server", async () => {
  const words = readFileSync(`${folder}smtp.dict`, "utf8").match(/"[^"]*"/g) ?? [];
  assert.ok(words.length > 10);
  const kept = recording();
  await using server = await listening({ reception: kept.reception });
  for (const first of words) {
    using client = await dial(server.address);
    await client.reply();
    await client.ask("EHLO a");
    for (const second of words) client.send(`${first.slice(1, -1)} ${second.slice(1, -1)}\r\n`);
    client.socket.end();
    while ((await client.reply()) !== undefined);
  }
  assert.deepEqual([kept.breaches, kept.open()], [[], { handlers: 0, sinks: 0 }]);
});
