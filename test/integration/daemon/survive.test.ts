import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { seededRandom, utf8 } from "../../../src/base/mod.ts";
import type { Status } from "../../../src/status/mod.ts";
import { connectPlain, MAY, outgoing } from "../../support/client.ts";
import { type RunningHopseal, startHopseal } from "../../support/hopseal.ts";
import { needs } from "../../support/programs.ts";
import { type Caught, type Sink, startSink } from "../../support/sink.ts";

function config(sink: Sink): string {
  return `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "bo@rook.example"
[[listen]]
address = "127.0.0.1:0"
tls = "none"
[[domain]]
name = "rook.example"
recipients = "any"
[[route]]
recipients = ["*"]
deliver = { smtp = "127.0.0.1:${sink.port}" }
`;
}

/** Sends one message after the other until the server ends the session, or all are sent; tells each one's fate. */
async function pour(
  port: number,
  names: readonly string[],
  told: (name: string, status: Status) => void,
): Promise<void> {
  const session = await connectPlain(port);
  if ("kind" in session) return;
  for (const [at, name] of names.entries()) {
    // Every fifth is large enough to go to a file of its own.
    const filler = "x"
      .repeat(70)
      .concat("\r\n")
      .repeat(at % 5 === 4 ? 2000 : 20);
    const content = utf8(`Subject: ${name}\r\n\r\n${filler}`);
    const result = await session.send(outgoing({ content, to: ["bo@rook.example"], from: "ada@pine.example" }), MAY);
    assert.ok(!("kind" in result));
    const status: Status | undefined = result.recipients[0];
    assert.ok(status !== undefined);
    told(name, status);
    if (!result.reusable) break;
  }
  await session.quit();
}

function subjects(sink: Sink): Map<string, number> {
  const count = new Map<string, number>();
  for (const name of sink.caught.map(subjectOf)) {
    count.set(name, (count.get(name) ?? 0) + 1);
  }
  return count;
}

function subjectOf({ content }: Caught): string {
  return /^Subject: (\S+)\r$/m.exec(content.toString("latin1"))?.[1] ?? "?";
}

/** Resolves when everything that waits was delivered. */
async function emptied(hopseal: RunningHopseal, sink: Sink, names: Iterable<string>): Promise<void> {
  const missing = new Set(names);
  for (const name of subjects(sink).keys()) missing.delete(name);
  while (missing.size > 0) {
    const next = await Promise.race([sink.next(), hopseal.waitFor((line) => line["event"] === "fault")]);
    assert.ok("content" in next, JSON.stringify(next));
    for (const name of subjects(sink).keys()) missing.delete(name);
  }
}

test("daemon: SIGTERM under load drains; every message that was accepted is delivered, and no reply to a final dot is lost (RFC 5321 §6.1)", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-drain-"));
  await using sink = await startSink();
  const hopseal = await startHopseal({ config: config(sink), folder });
  const accepted = new Set<string>();
  const others: Status[] = [];
  const enough = Promise.withResolvers<void>();
  const clients = Array.from({ length: 8 }, (_, client) =>
    pour(
      hopseal.ports[0] ?? 0,
      Array.from({ length: 500 }, (_, at) => `drain-${client}-${at}`),
      (name, status) => {
        if (status.code === 250) accepted.add(name);
        else others.push(status);
        if (accepted.size === 200) enough.resolve();
      },
    ),
  );
  await enough.promise;
  assert.equal(await hopseal.stop(), 0);
  await Promise.all(clients);
  assert.ok(accepted.size < 4000, "the load ended before the drain began");
  // The server says that it is closing; it never just hangs up.
  assert.deepEqual([...new Set(others.map(({ code, cause }) => `${code} ${cause}`))], ["421 remote-reply"]);
  await using again = await startHopseal({ config: config(sink), folder });
  await emptied(again, sink, accepted);
  const twice = [...subjects(sink)].filter(([, times]) => times > 1);
  assert.deepEqual(twice, []);
  await again.stop();
  await rm(folder, { recursive: true });
});

test("daemon: kill -9 at the Nth fsync, write or rename: nothing acknowledged is lost, at most one duplicate each (RFC 5321 §6.1)", {
  skip: needs("strace"),
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-crash-"));
  const random = seededRandom(11);
  await using sink = await startSink();
  const accepted = new Set<string>();
  let kills = 0;
  const lives: number[] = [];
  for (let life = 0; life < LIVES; life++) {
    lives.push(sink.caught.length);
    const call = CALLS[random.below(CALLS.length)] ?? "fsync";
    const when = 5 + random.below(call === "rename" ? 10 : 120);
    const wrapper = [
      "strace",
      "-f",

      "-qq",
      "-o",
      "/dev/null",
      "-e",
      `trace=${call}`,
      "-e",
      `inject=${call}:signal=SIGKILL:when=${when}`,
    ];
    const doomed = await startHopseal({ config: config(sink), folder, wrapper }).catch(() => undefined);
    if (doomed === undefined) {
      kills++;
      continue;
    }
    const told = (name: string, status: Status): void => {
      if (status.code === 250) accepted.add(name);
    };
    await Promise.all(
      Array.from({ length: CLIENTS }, (_, client) =>
        pour(
          doomed.ports[0] ?? 0,
          Array.from({ length: 60 }, (_, at) => `crash-${life}-${client}-${at}`),
          told,
        ),
      ),
    );
    if ((await doomed.stop()) !== 0) kills++;
  }
  assert.ok(kills >= LIVES / 2, `${kills} of ${LIVES} were killed`);
  lives.push(sink.caught.length);
  await using last = await startHopseal({ config: config(sink), folder });
  await emptied(last, sink, accepted);
  // Within one life nothing comes twice, so a crash costs at most one duplicate of a message.
  for (const [at, from] of lives.entries()) {
    const arrived = sink.caught.slice(from, lives[at + 1]).map(subjectOf);
    assert.deepEqual(arrived.toSorted(), [...new Set(arrived)].toSorted());
  }
  // What was not acknowledged may have come only if its reply was under way when the process died.
  const unacknowledged = [...subjects(sink).keys()].filter((name) => !accepted.has(name));
  assert.ok(unacknowledged.length <= kills * CLIENTS, unacknowledged.join(" "));
  await last.stop();
  await rm(folder, { recursive: true });
});

const LIVES = 8;
const CLIENTS = 4;
const CALLS = ["fsync", "pwrite64", "write", "writev", "rename"] as const;
