import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { stsPolicyId } from "../../../src/publish/mod.ts";
import { freePort } from "../../support/port.ts";
import { needs } from "../../support/programs.ts";
import { MAIN, type RunningHopseal, startHopseal } from "../../support/hopseal.ts";
import { curl, openHouse, runProgram } from "./_house.ts";

const URL_OF = (name: string): string => `https://mta-sts.${name}/.well-known/mta-sts.txt`;

function config(mode: string, pairs: readonly { readonly chain: string; readonly key: string }[]): string {
  return `workers = 2
hostname = "mx1.rook.example"
data_dir = "{folder}/data"
postmaster = "bo@rook.example"
${pairs.map(({ chain, key }) => `[[certificate]]\nchain = "${chain}"\nkey = "${key}"\n`).join("")}
[[listen]]
address = "127.0.0.1:0"
[https]
address = "127.0.0.1:0"
[[domain]]
name = "rook.example"
recipients = "any"
mta_sts = { mode = "${mode}", max_age = "30 d" }
[[domain]]
name = "pine.example"
recipients = "any"
`;
}

suite("hopseal run with [https]", { skip: needs("curl") }, () => {
  test("serves the policy; SIGHUP takes over a changed policy and renewed certificates", async () => {
    await using house = await openHouse();
    const mx = await house.pair("mx", ["mx1.rook.example"]);
    const policy = await house.pair("policy", ["mta-sts.rook.example"]);
    const text = config("testing", [mx, policy]);
    await using hopseal = await startHopseal({ config: text });
    const port = portOf(hopseal);
    const first = await curl(house, port, [URL_OF("rook.example")]);
    assert.equal(first.out, "version: STSv1\r\nmode: testing\r\nmx: mx1.rook.example\r\nmax_age: 2592000\r\n");
    // Its SNI gets the default certificate, which is not for it.
    assert.equal((await curl(house, port, [URL_OF("pine.example")])).status, 60);

    // The next key is nothing that a start would have to wait for.
    await writeFile(
      hopseal.configFile,
      config("enforce", [mx, policy])
        .replace("[[certificate]]", `[[certificate]]\nnext_key = "${policy.key}"`)
        .replaceAll("{folder}", hopseal.folder)
        .replace('name = "pine.example"', 'name = "pine.example"\nmta_sts = { mode = "none" }'),
    );
    await house.pair("policy", ["mta-sts.rook.example", "mta-sts.pine.example"]);
    assert.equal((await hangUp(hopseal, 1))["problems"], 0);
    const second = await curl(house, port, [URL_OF("rook.example")]);
    assert.match(second.out, /\r\nmode: enforce\r\n/);
    const pine = await curl(house, port, [URL_OF("pine.example")]);
    assert.match(pine.out, /\r\nmode: none\r\n/);

    await writeFile(hopseal.configFile, (await readFile(hopseal.configFile, "utf8")).replace("enforce", "strict"));
    assert.equal((await hangUp(hopseal, 2))["problems"], 1);
    assert.match((await curl(house, port, [URL_OF("rook.example")])).out, /\r\nmode: enforce\r\n/);
    assert.equal(await hopseal.stop(), 0);
    assert.equal((await curl(house, port, [URL_OF("rook.example")])).status, 7);
  });

  test("a certificate that is not for the policy host, or a port that is taken, ends the start with the reason", async () => {
    await using house = await openHouse();
    const mx = await house.pair("mx", ["mx1.rook.example"]);
    await assert.rejects(
      startHopseal({ config: config("enforce", [mx]) }),
      /error: domain\.0\.mta_sts: No \[\[certificate\]\] is for mta-sts\.rook\.example, so nobody accepts the policy/,
    );
    const policy = await house.pair("policy", ["mta-sts.rook.example"]);
    await using taken = await startHopseal({ config: config("enforce", [mx, policy]) });
    const port = portOf(taken);
    const again = config("enforce", [mx, policy]).replace(
      '[https]\naddress = "127.0.0.1:0"',
      `[https]\naddress = "127.0.0.1:${port}"`,
    );
    await assert.rejects(
      startHopseal({ config: again }),
      new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port}: .*EADDRINUSE`),
    );
  });

  test("the id that config dns prints is that of the file that is served", async () => {
    await using house = await openHouse();
    const both = await house.pair("both", ["mx1.rook.example", "mta-sts.rook.example"]);
    await using hopseal = await startHopseal({ config: config("enforce", [both]) });
    const served = await curl(house, portOf(hopseal), [URL_OF("rook.example")]);
    const zone = await runProgram(process.execPath, [
      MAIN,
      "config",
      "dns",
      "rook.example",
      "--zone",
      "-c",
      hopseal.configFile,
    ]);
    assert.ok(zone.out.includes(`id=${stsPolicyId(served.out)};`));
  });
});

suite("hopseal run with [https] under a supervisor", { skip: needs("curl", "systemd-socket-activate") }, () => {
  test("takes the socket that was opened for it", async () => {
    await using house = await openHouse();
    const both = await house.pair("both", ["mx1.rook.example", "mta-sts.rook.example"]);
    const port = await freePort();
    const file = join(house.folder, "hopseal.toml");
    const text = config("enforce", [both]).replace(
      '[https]\naddress = "127.0.0.1:0"',
      `[https]\naddress = "127.0.0.1:${port}"`,
    );
    // The client waits ten seconds for all of it.
    await writeFile(file, text.replaceAll("{folder}", house.folder).replace("workers = 2", "workers = 1"));
    const run = [process.execPath, MAIN, "run", "-c", file];
    const child = spawn("systemd-socket-activate", ["-l", `127.0.0.1:${port}`, "-E", "PATH", ...run]);
    const ended = new Promise<number | null>((resolve) => child.once("exit", (status) => resolve(status)));
    let log = "";
    child.stderr.on("data", (chunk: Buffer) => {
      log += chunk.toString();
    });
    try {
      await once(child.stderr, "data");
      assert.match(log, /^Listening on 127\.0\.0\.1/);
      // The supervisor starts the program for the first client, who waits for it.
      const served = await curl(house, port, [URL_OF("rook.example")]);
      assert.match(served.out, /\r\nmode: enforce\r\n/, served.complaints);
      child.kill("SIGTERM");
      assert.equal(await ended, 0);
      assert.ok(!log.includes('"event":"fault"'), log);
    } finally {
      child.kill("SIGKILL");
      await ended;
    }
  });
});

function portOf(hopseal: RunningHopseal): number {
  const line = hopseal.log.find((one) => one["event"] === "listening" && one["role"] === "https");
  return Number(String(line?.["address"]).split(":").at(-1));
}

/** Resolves with the line that tells of the n-th reload. */
async function hangUp(hopseal: RunningHopseal, nth: number): Promise<Record<string, unknown>> {
  process.kill(hopseal.pid, "SIGHUP");
  let seen = 0;
  return await hopseal.waitFor((line) => line["event"] === "reloaded" && ++seen === nth);
}
