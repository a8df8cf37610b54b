import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type RunningHopseal, startHopseal } from "../../support/hopseal.ts";
import { hopseal } from "./_cli.ts";
import { letter, talk } from "./_talk.ts";

const CONFIG = `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "ann@rook.example"
[[listen]]
address = "127.0.0.1:0"
tls = "none"
[relay]
networks = ["127.0.0.1"]
[[domain]]
name = "rook.example"
recipients = "any"
[[domain]]
name = "oak.example"
recipients = "any"
[[route]]
recipients = ["rook.example", "oak.example"]
deliver = { maildir = "{folder}/mail/{localpart}" }
`;

test("pause --receiving: 421 4.3.2 for new clients and the next MAIL; content on its way is taken; lasts over SIGHUP and restart", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-pause-"));
  try {
    {
      await using running = await startHopseal({ config: CONFIG, folder });
      const [port = 0] = running.ports;
      const idle = await talk(port);
      await idle.say("EHLO out.pine.example");
      const sending = await talk(port);
      for (const line of ["EHLO out.pine.example", "MAIL FROM:<ann@pine.example>", "RCPT TO:<bo@rook.example>", "DATA"])
        await sending.say(line);
      const paused = await asked(running, "pause", "--receiving");
      assert.equal(paused.out, "PAUSED: receiving; clients get 421 4.3.2\n");
      await running.waitFor((line) => line["event"] === "paused" && line["receiving"] === true && line["level"] === 40);
      assert.match(await sending.say("Subject: x\r\n\r\nx\r\n."), /^250 /);
      for (const client of [idle, sending]) {
        assert.match(await client.say("MAIL FROM:<ann@pine.example>"), /^421 4\.3\.2 Taking no mail/);
        await client.ended;
      }
      // RFC 2034 §4: no enhanced code in the greeting.
      assert.match((await talk(port)).greeting, /^421 Taking no mail/);
      await running.waitFor((line) => line["event"] === "limited" && line["limit"] === "paused");
      const status = await asked(running, "status");
      assert.match(status.out, /^PAUSED: receiving/m);
      assert.match(status.out, /^bounds met paused 3×$/m);
      process.kill(running.pid, "SIGHUP");
      await running.waitFor((line) => line["event"] === "reloaded");
      assert.match((await talk(port)).greeting, /^421 /);
    }
    await using again = await startHopseal({ config: CONFIG, folder });
    await again.waitFor((line) => line["event"] === "paused" && line["receiving"] === true);
    const [port = 0] = again.ports;
    assert.match((await talk(port)).greeting, /^421 /);
    assert.equal((await asked(again, "resume")).out, "Nothing is paused\n");
    assert.match(await letter(port, "bo@rook.example"), /^250 /);
    await again.waitFor((line) => line["outcome"] === "delivered");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("pause --sending and --destination: mail is taken and waits, to others it goes; resume lets it go at once", async () => {
  await using running = await startHopseal({ config: CONFIG });
  const [port = 0] = running.ports;
  await asked(running, "pause", "--destination", "Rook.Example");
  assert.match(await letter(port, "bo@rook.example"), /^250 /);
  assert.match(await letter(port, "eve@oak.example"), /^250 /);
  await running.waitFor((line) => line["to"] === "eve@oak.example" && line["outcome"] === "delivered");
  await asked(running, "pause", "--sending");
  assert.match(await letter(port, "tim@oak.example"), /^250 /);
  const { queue, paused, state } = JSON.parse((await asked(running, "status", "--json")).out) as Status;
  assert.deepEqual(queue.states, { due: 2, waiting: 0, leased: 0, held: 0 });
  assert.deepEqual(paused, { receiving: false, sending: true, destinations: ["rook.example"] });
  assert.equal(state, "running");
  await asked(running, "resume", "--sending");
  await running.waitFor((line) => line["to"] === "tim@oak.example" && line["outcome"] === "delivered");
  assert.deepEqual((await readdir(join(running.folder, "mail"))).sort(), ["eve", "tim"]);
  await asked(running, "resume", "--destination", "rook.example");
  await running.waitFor((line) => line["to"] === "bo@rook.example" && line["outcome"] === "delivered");
});

test("drain: takes no more mail, delivers what is due, and ends with status 0; what waits for later is kept", async () => {
  await using running = await startHopseal({
    config: `${CONFIG}[[route]]\nrecipients = ["*"]\ndeliver = { smtp = "127.0.0.1:9" }\n`,
  });
  const [port = 0] = running.ports;
  assert.match(await letter(port, "x@far.example"), /^250 /);
  await running.waitFor((line) => line["outcome"] === "deferred");
  await asked(running, "pause", "--sending");
  for (const to of ["bo@rook.example", "eve@oak.example"]) assert.match(await letter(port, to), /^250 /);
  await asked(running, "resume");
  const drained = await asked(running, "drain", "--json");
  assert.deepEqual(JSON.parse(drained.out), { version: 1, drained: "empty", left: 1 });
  assert.deepEqual((await readdir(join(running.folder, "mail"))).sort(), ["bo", "eve"]);
  await endOf(running);
  await running.waitFor((line) => line["event"] === "stopped");
  await running.waitFor((line) => line["event"] === "paused" && line["draining"] === true);
});

test("drain --timeout: ends when the time is over, and says so; meanwhile clients get 421 and status says DRAINING", async () => {
  const silent = createServer();
  const begun = new Promise((resolve) => silent.once("connection", resolve));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port: hop } = silent.address() as AddressInfo;
  const dialled: Socket[] = [];
  silent.on("connection", (socket) => dialled.push(socket));
  // What is under way has another minute to end in order; the host ends it before.
  const hangUp = (): void => {
    silent.close();
    for (const socket of dialled) socket.destroy();
  };
  using _silent = { [Symbol.dispose]: hangUp };
  await using running = await startHopseal({
    config: `${CONFIG}[[route]]\nrecipients = ["*"]\ndeliver = { smtp = "127.0.0.1:${hop}" }\n`,
  });
  const [port = 0] = running.ports;
  assert.match(await letter(port, "x@far.example"), /^250 /);
  await begun;
  const first = hopseal("drain", "-c", running.configFile, "--timeout", "1 h");
  await running.waitFor((line) => line["event"] === "paused" && line["draining"] === true);
  assert.match((await talk(port)).greeting, /^421 Shutting down/);
  assert.match((await asked(running, "status")).out, /^DRAINING: /);
  // A second word sets another time.
  const second = hopseal("drain", "-c", running.configFile, "--timeout", "0 s");
  for (const { status, out, err } of [await first, await second]) {
    assert.equal(status, 1, err);
    assert.match(out, /^The time was over before everything due was delivered; .* 1 message/);
  }
  hangUp();
  await endOf(running);
});

test("pause while no daemon runs counts from the next start; what the file says is never guessed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-pause-"));
  try {
    {
      await using running = await startHopseal({ config: CONFIG, folder });
      await running.stop();
    }
    const file = join(folder, "hopseal.toml");
    const paused = await hopseal("pause", "-c", file, "--receiving", "--json");
    assert.deepEqual(JSON.parse(paused.out), {
      version: 1,
      paused: { receiving: true, sending: false, destinations: [] },
      running: false,
    });
    assert.equal((await hopseal("status", "-c", file)).status, 75);
    assert.equal((await hopseal("drain", "-c", file)).status, 75);
    assert.equal((await hopseal("pause", "-c", file, "--destination", "no domain")).status, 2);
    {
      await using running = await startHopseal({ config: CONFIG, folder });
      assert.match((await talk(running.ports[0] ?? 0)).greeting, /^421 /);
    }
    const kept = join(folder, "data", "paused.json");
    await writeFile(kept, (await readFile(kept, "utf8")).slice(0, 20));
    await assert.rejects(startHopseal({ config: CONFIG, folder }), /Cannot understand .*paused\.json/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

interface Status {
  readonly queue: { readonly states: Readonly<Record<string, number>> };
  readonly paused: unknown;
  readonly state: string;
}

/** The process ends by itself, with status 0. */
async function endOf(running: RunningHopseal): Promise<void> {
  await assert.rejects(
    running.waitFor(() => false),
    /hopseal ended with 0/,
  );
}

async function asked(running: RunningHopseal, ...args: readonly string[]): ReturnType<typeof hopseal> {
  const [word = "", ...rest] = args;
  const ended = await hopseal(word, "-c", running.configFile, ...rest);
  assert.equal(ended.status, 0, ended.err);
  return ended;
}
