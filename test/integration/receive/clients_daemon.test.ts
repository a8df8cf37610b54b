import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { buildWorld } from "../../support/dns-world.ts";
import { type RunningHopseal, startHopseal } from "../../support/hopseal.ts";
import { needs } from "../../support/programs.ts";
import type { Dialogue } from "../smtp-server/_dialogue.ts";
import { dialFrom, greetingOf, sendMail } from "./_clients.ts";

const BASE = `hostname = "mx.rook.example"
data_dir = "{folder}/queue"
postmaster = "bo@rook.example"
[dns]
dnssec = "off"
DNS
[[domain]]
name = "rook.example"
recipients = ["bo"]
[[route]]
recipients = ["*"]
deliver = "discard"
[[listen]]
address = "127.0.0.1:0"
tls = "none"
`;
const DELIVERED = [250, 250, 250, 354, 250];
const PROXY = "127.0.0.80";

async function run(config: string, files: Readonly<Record<string, string>> = {}, dns = ""): Promise<RunningHopseal> {
  return await startHopseal({ config: BASE.replace("DNS\n", dns) + config, files });
}

async function dial(house: RunningHopseal, from: string): Promise<Dialogue> {
  return await dialFrom(from, { address: "127.0.0.1", port: house.ports[0] ?? 0 });
}

async function greeting(house: RunningHopseal, from: string): Promise<string> {
  using client = await dial(house, from);
  return await greetingOf(client);
}

async function reload(house: RunningHopseal): Promise<void> {
  const before = house.log.filter(({ event }) => event === "reloaded").length;
  process.kill(house.pid, "SIGHUP");
  await house.waitFor(() => house.log.filter(({ event }) => event === "reloaded").length > before);
}

test("lists of clients in files: read at the start and by SIGHUP; one with a mistake changes nothing and is named", async () => {
  const config = `[clients]
deny = ["127.0.0.64/26"]
deny_files = ["deny.list"]
allow_files = ["allow.list"]
`;
  const files = { "deny.list": "# strangers\n127.0.0.3\n", "allow.list": "127.0.0.66 ; but this one\n" };
  await using house = await run(config, files);
  const denied = "554 Your address is not served here";
  const all = async (): Promise<readonly string[]> =>
    await Promise.all(
      ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.65", "127.0.0.66"].map((from) => greeting(house, from)),
    );
  assert.deepEqual(await all(), ["220", denied, "220", denied, "220"]);
  await writeFile(join(house.folder, "deny.list"), "127.0.0.3\n127.0.0.4\nmx.pine.example\n");
  await reload(house);
  assert.deepEqual(await all(), ["220", denied, "220", denied, "220"]);
  const fault = house.log.find(({ event, where }) => event === "fault" && where === "reload");
  assert.equal(
    fault?.["text"],
    `${join(house.folder, "deny.list")}:3: "mx.pine.example" is no network; write e.g. "192.0.2.0/24" or "2001:db8::/32"`,
  );
  await writeFile(join(house.folder, "deny.list"), "127.0.0.4\n");
  await reload(house);
  assert.deepEqual(await all(), ["220", "220", denied, denied, "220"]);
});

test("two workers count as one, and let in by the same lists", async () => {
  const config = `proxy_from = ["${PROXY}"]
[clients]
connections_per_client = 3
deny_files = ["deny.list"]
`;
  await using house = await startHopseal({
    config: `workers = 2\n${BASE.replace("DNS\n", "")}${config}`,
    files: { "deny.list": "192.0.2.0/24\n" },
  });
  const crowd: Dialogue[] = [];
  const said: string[] = [];
  for (let at = 0; at < 8; at++) {
    const client = await dial(house, "127.0.0.66");
    crowd.push(client);
    said.push(await greetingOf(client));
  }
  const full = "421 4.7.0 Too many connections from your address";
  assert.deepEqual(said, ["220", "220", "220", full, full, full, full, full]);
  const behind = async (address: string): Promise<string> => {
    using client = await dial(house, PROXY);
    client.send(`PROXY TCP4 ${address} 203.0.113.9 1 25\r\n`);
    return await greetingOf(client);
  };
  const denied = "554 Your address is not served here";
  const asked = async (): Promise<readonly string[]> => [await behind("192.0.2.1"), await behind("198.51.100.1")];
  // Whichever worker it is.
  for (let at = 0; at < 3; at++) assert.deepEqual(await asked(), [denied, "220"]);
  await writeFile(join(house.folder, "deny.list"), "198.51.100.0/24\n");
  await reload(house);
  for (let at = 0; at < 3; at++) assert.deepEqual(await asked(), ["220", denied]);
  for (const client of crowd) client[Symbol.dispose]();
});

test("a list of clients with a mistake keeps the program from starting, and is named", async () => {
  await assert.rejects(
    run('[clients]\ndeny_files = ["deny.list"]\n', { "deny.list": "\n127.0.0.999\n" }),
    /deny\.list:2: "127\.0\.0\.999" is no network/,
  );
});

test("[relay] networks: opened by a proxy that is believed, by nobody else, and not by what no proxy told", async () => {
  const config = `proxy_from = ["${PROXY}"]
[relay]
networks = ["192.0.2.0/24", "${PROXY}"]
`;
  await using house = await run(config);
  const relay = async (from: string, header: string): Promise<readonly number[]> => {
    using client = await dial(house, from);
    client.send(header);
    await client.reply();
    return await sendMail(client, "x@pine.example");
  };
  const header = "PROXY TCP4 192.0.2.1 203.0.113.9 1 25\r\n";
  assert.deepEqual(await relay(PROXY, header), DELIVERED);
  const accepted = await house.waitFor(({ event }) => event === "accepted");
  assert.deepEqual([accepted["client"], accepted["proxy"]], ["192.0.2.1", PROXY]);
  assert.deepEqual(await relay(PROXY, header.replace("192.0.2.1", "198.51.100.1")), [250, 250, 550]);
  assert.deepEqual(await relay(PROXY, "PROXY UNKNOWN\r\n"), [250, 250, 550]);
  assert.deepEqual(await relay("127.0.0.2", ""), [250, 250, 550]);
  using early = await dial(house, "127.0.0.2");
  early.send(header);
  assert.match(await greetingOf(early), /^554 5\.5\.0 /);
});

test("bounds of one client by [clients], changed by SIGHUP; rates of messages and recipients", async () => {
  const config = `[clients]
connections_per_client = 2
messages_per_minute = 3
recipients_per_minute = 4
`;
  await using house = await run(config);
  using first = await dial(house, "127.0.0.66");
  using second = await dial(house, "127.0.0.66");
  assert.deepEqual([await greetingOf(first), await greetingOf(second)], ["220", "220"]);
  assert.equal(await greeting(house, "127.0.0.66"), "421 4.7.0 Too many connections from your address");
  for (let at = 0; at < 3; at++) assert.deepEqual(await sendMail(first, "bo@rook.example"), DELIVERED);
  assert.deepEqual(await sendMail(first, "bo@rook.example"), [250, 451]);
  using honest = await dial(house, "127.0.0.2");
  assert.equal(await greetingOf(honest), "220");
  assert.deepEqual(await sendMail(honest, "bo@rook.example"), DELIVERED);
  await honest.ask("MAIL FROM:<>");
  const codes = [];
  for (let at = 0; at < 5; at++) codes.push(await honest.ask("RCPT TO:<bo@rook.example>"));
  assert.deepEqual(codes, [250, 250, 250, 451, 451]);
  await writeFile(
    house.configFile,
    `${BASE.replace("DNS\n", "").replaceAll("{folder}", house.folder)}[clients]\nconnections_per_client = 3\n`,
  );
  await reload(house);
  using third = await dial(house, "127.0.0.66");
  assert.equal(await greetingOf(third), "220");
  assert.equal(await greeting(house, "127.0.0.66"), "421 4.7.0 Too many connections from your address");
  assert.deepEqual(await sendMail(third, "bo@rook.example"), DELIVERED);
});

const V6_TEST = `2.0.0.0.0.0.f.7.f.f.f.f${".0".repeat(20)}`;
const TESTS = `2.0.0.127 A 127.0.0.2\n${V6_TEST} A 127.0.0.2`;

for (const at of ["recipient", "greeting"] as const) {
  test(`[[dnsbl]]: a listed client is refused at its ${at}, in the list's words; the world's list refuses nobody`, {
    skip: needs("nsd"),
  }, async () => {
    await using world = await buildWorld([
      {
        name: "bl.example",
        server: "nsd",
        records: `${TESTS}\n66.0.0.127 A 127.0.0.4\n66.0.0.127 TXT "Seen sending spam"\n67.0.0.127 A 127.0.0.10`,
        algorithms: [],
      },
      { name: "world.example", server: "nsd", records: "* A 127.0.0.2", algorithms: [] },
    ]);
    const dns = `servers = ["127.0.0.1:${world.stubs[0]?.port}"]\n`;
    const config = `[clients]
dnsbl_at = "${at}"
[[dnsbl]]
zone = "bl.example"
answers = ["127.0.0.2/31", "127.0.0.4"]
[[dnsbl]]
zone = "world.example"
`;
    await using house = await run(config, {}, dns);
    await house.waitFor(({ event, where }) => event === "fault" && where === "dnsbl world.example");
    using honest = await dial(house, "127.0.0.67");
    assert.equal(await greetingOf(honest), "220");
    assert.deepEqual(await sendMail(honest, "bo@rook.example"), DELIVERED);
    using listed = await listedClient(house);
    const words = "127.0.0.66 is listed by bl.example: Seen sending spam";
    if (at === "greeting") {
      assert.deepEqual(await listed.reply(), { code: 554, lines: [words] });
    } else {
      assert.equal(await greetingOf(listed), "220");
      assert.deepEqual(await sendMail(listed, "postmaster@rook.example"), DELIVERED);
      await listed.ask("MAIL FROM:<ada@pine.example>");
      listed.send("RCPT TO:<bo@rook.example>\r\n");
      assert.deepEqual(await listed.reply(), { code: 550, lines: [`5.7.1 ${words}`] });
    }
    const told = await house.waitFor(({ event }) => event === "listed");
    assert.deepEqual(
      [told["client"], told["zone"], told["codes"], told["action"]],
      ["127.0.0.66", "bl.example", ["127.0.0.4"], "refuse"],
    );
    const faults = house.log.filter(({ event }) => event === "fault").map(({ where, text }) => [where, text]);
    assert.deepEqual(faults, [
      ["dnsbl world.example", "The list is not used for 60 min: it lists 127.0.0.1, and so the whole world"],
    ]);
  });
}

/** The lists test themselves while the first clients may already come. */
async function listedClient(house: RunningHopseal): Promise<Dialogue> {
  for (;;) {
    const client = await dial(house, "127.0.0.66");
    if (house.log.some(({ event }) => event === "listed")) return client;
    await client.reply();
    client[Symbol.dispose]();
  }
}

test("[[dnsbl]]: a name server that does not answer refuses nobody, and that is told", async () => {
  const config = '[clients]\ndnsbl_time = "100 ms"\n[[dnsbl]]\nzone = "bl.example"\n';
  await using house = await run(config, {}, 'servers = ["127.0.0.1:9"]\n');
  using client = await dial(house, "127.0.0.66");
  assert.equal(await greetingOf(client), "220");
  assert.deepEqual(await sendMail(client, "bo@rook.example"), DELIVERED);
  const fault = await house.waitFor(({ event, where }) => event === "fault" && where === "dnsbl bl.example");
  assert.match(String(fault["text"]), /^The list is not used for 1 min: its test entries cannot be looked up: /);
});
