import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startHopseal } from "../../support/hopseal.ts";
import { freePort } from "../../support/port.ts";
import { needs } from "../../support/programs.ts";
import { startLoad } from "./_load.ts";
import { filled, isWhatWasTaken, subjects } from "./_stored.ts";

test("SIGHUP ten times under load: no connection of smtp-source is dropped, and nothing is lost", {
  skip: needs("smtp-source"),
}, async () => {
  await using hopseal = await startHopseal({
    config: house(0, '{ maildir = "{folder}/mail/{localpart}" }'),
  });
  const source = spawn(
    "smtp-source",
    [
      "-s",
      "8",
      "-m",
      "600",
      "-l",
      "3000",
      "-f",
      "ada@oak.example",
      "-t",
      "bo@rook.example",
      `127.0.0.1:${hopseal.ports[0]}`,
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let said = "";
  source.stderr.on("data", (text: Buffer) => (said += text.toString("utf8")));
  const ended = once(source, "close");
  const count = (event: string): number => hopseal.log.filter((line) => line["event"] === event).length;
  for (let round = 1; round <= 10; round++) {
    let accepted = 0;
    await hopseal.waitFor((line) => line["event"] === "accepted" && ++accepted === round * 40);
    let reloaded = 0;
    process.kill(hopseal.pid, "SIGHUP");
    await hopseal.waitFor((line) => line["event"] === "reloaded" && ++reloaded === round);
  }
  assert.ok(count("accepted") < 600, "the load was over before the last SIGHUP");
  assert.deepEqual([await ended, said], [[0, null], ""]);
  await filled(join(hopseal.folder, "mail", "bo", "new"), 600);
  const outcomes = new Set(hopseal.log.filter((line) => line["event"] === "attempt").map((line) => line["outcome"]));
  assert.deepEqual([count("accepted"), count("reloaded"), [...outcomes]], [600, 10, ["delivered"]]);
  const reloads = hopseal.log.filter((line) => line["event"] === "reloaded").map((line) => line["problems"]);
  assert.deepEqual([...new Set(reloads)], [0]);
});

test("SIGTERM under load: clients hear 421 or the end of their message; what was taken waits, and the next start delivers it once to smtp-sink", {
  skip: needs("smtp-sink", "python3"),
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-load-"));
  const dumps = await mkdtemp(join(tmpdir(), "hopseal-sink-"));
  await chmod(dumps, 0o777);
  const [port, sinkPort] = [await freePort(), await freePort()];
  const config = house(port, `{ smtp = "127.0.0.1:${sinkPort}" }`);
  try {
    const first = await startHopseal({ config, folder });
    const load = startLoad(port, { clients: 8, each: 60 });
    await load.accepted(150);
    assert.equal(await first.stop(), 0);
    assert.equal(
      first.log.some((line) => line["outcome"] === "delivered"),
      false,
    );
    const sink = spawn("smtp-sink", ["-u", "nobody", "-d", join(dumps, "m"), `127.0.0.1:${sinkPort}`, "100"], {
      stdio: "ignore",
    });
    const gone = once(sink, "exit");
    try {
      await using second = await startHopseal({ config, folder });
      const queued = Number(second.log.find((line) => line["event"] === "ready")?.["queued"]);
      const result = await load.result;
      const before = result.accepted.length;
      assert.ok(queued >= 150, `${queued} were queued at the start`);
      assert.equal(before + result.unsure.length, 480);
      await filled(dumps, before);
      await second.waitFor((line) => line["event"] === "attempt" && idle(second.log, before));
      isWhatWasTaken(await subjects(dumps), result);
      // A client in the backlog of a socket that closes is cut off by the system; only an inherited socket helps.
      const allowed = new Set(["refused", "cut greeting"]);
      const cut = Object.keys(result.met).filter((what) => !allowed.has(what) && !what.startsWith("421 "));
      assert.deepEqual(cut, [], JSON.stringify(result.met));
    } finally {
      sink.kill("SIGTERM");
      await gone;
    }
    assert.ok((await readdir(dumps)).length >= 150);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(dumps, { recursive: true, force: true });
  }
});

function idle(log: readonly Record<string, unknown>[], count: number): boolean {
  return log.filter((line) => line["outcome"] === "delivered").length >= count;
}

function house(port: number, target: string): string {
  return `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "bo@rook.example"
[[listen]]
address = "127.0.0.1:${port}"
tls = "none"
[[domain]]
name = "rook.example"
recipients = "any"
[[route]]
recipients = ["rook.example"]
deliver = ${target}
[retry]
first = "1 s"
[dns]
dnssec = "off"
[policy]
dane = "off"
mta_sts = "off"
`;
}
