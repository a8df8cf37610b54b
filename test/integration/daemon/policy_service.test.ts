import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { askDaemon } from "../../../src/daemon/control_client.ts";
import { netstring, netstringDecoder } from "../../../src/policy/mod.ts";
import { startHopseal } from "../../support/hopseal.ts";

const CONFIG = `
workers = 2
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "postmaster@rook.example"
[dns]
dnssec = "off"
servers = ["127.0.0.1:1"]
[policy_service]
path = "{folder}/policy.sock"
`;
/** A name that needs no DNS; nothing is published for it either. */
const LOCAL = "mx.localhost";
const FLOOR = `[[tls_policy]]\ndestination = "${LOCAL}"\nlevel = "encrypt"\n`;
const OFF = '[policy]\ndane = "off"\nmta_sts = "off"\n';

/** What is answered about one next hop, on a connection of its own. */
async function ask(folder: string, key: string): Promise<string> {
  const socket = connect(join(folder, "policy.sock"));
  try {
    socket.write(netstring(`policy ${key}`));
    const decoder = netstringDecoder(1000);
    for (;;) {
      const [chunk] = (await once(socket, "data")) as [Buffer];
      const [reply] = decoder.push(chunk).strings;
      if (reply !== undefined) return Buffer.from(reply).toString();
    }
  } finally {
    socket.destroy();
  }
}

test("policy service: a new configuration counts at once, also for what was remembered; its own place waits for a start", async () => {
  await using hopseal = await startHopseal({ config: CONFIG + OFF });
  const { folder, configFile, pid } = hopseal;
  assert.equal(await ask(folder, `[${LOCAL}]`), "OK may");
  const text = await readFile(configFile, "utf8");
  await writeFile(configFile, `${text.replace("policy.sock", "other.sock")}${FLOOR}`);
  process.kill(pid, "SIGHUP");
  const reloaded = await hopseal.waitFor((line) => line["event"] === "reloaded");
  assert.equal(reloaded["problems"], 1);
  assert.ok(hopseal.log.some((line) => line["text"] === "policy_service has changed; that waits for the next start"));
  assert.equal(await ask(folder, `[${LOCAL}]`), "OK encrypt protocols=>=TLSv1.2");
  const status = await askDaemon(join(folder, "data", "control.sock"), { method: "GET", path: "status" });
  assert.ok(status.ok);
  assert.deepEqual((status.value as { policyService: unknown }).policyService, {
    addresses: [join(folder, "policy.sock")],
    requests: 2,
    hits: 0,
    failures: 0,
  });
  const told = hopseal.log
    .filter((line) => line["event"] === "looked-up")
    .map((line) => [line["nextHop"], line["row"]]);
  assert.deepEqual(told, [
    [`[${LOCAL}]`, "open"],
    [`[${LOCAL}]`, "encrypt"],
  ]);
});

test("policy service: starts again where a killed daemon left its socket, and takes it away when it stops", async () => {
  const killed = await startHopseal({ config: CONFIG + OFF });
  const { folder } = killed;
  await killed.kill();
  assert.ok((await stat(join(folder, "policy.sock"))).isSocket());
  const again = await startHopseal({ config: CONFIG + OFF, folder });
  assert.equal(await ask(folder, `[${LOCAL}]`), "OK may");
  // A client that stays connected, as Postfix does, holds nobody up.
  const idle = connect(join(folder, "policy.sock"));
  await once(idle, "connect");
  idle.resume();
  assert.equal(await again.stop(), 0);
  idle.destroy();
  await assert.rejects(stat(join(folder, "policy.sock")), { code: "ENOENT" });
  await killed[Symbol.asyncDispose]();
});
