import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/clock.ts";
import { subscribe } from "../events.ts";
import { type LogWriter, logWriter } from "./log_writer.ts";

/** As many turns as a write of the system's threads may take. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}

test("logWriter: lines come in order, those that wait at the end too", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hopseal-log-writer-"));
  const file = join(folder, "log");
  const fd = openSync(file, "a");
  const writer = logWriter({ fd, longest: 64, clock: new ManualClock() });
  const lines = Array.from({ length: 100 }, (_, at) => `${at} ${"x".repeat(at)}\n`);
  for (const line of lines) writer.write(line);
  await until(() => readFileSync(file, "utf8") === lines.join(""));
  writer.end(["last\n"]);
  assert.equal(readFileSync(file, "utf8"), `${lines.join("")}last\n`);
  writer.write("after\n");
  writer.end(["after\n"]);
  assert.equal(readFileSync(file, "utf8"), `${lines.join("")}last\n`);
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

test("logWriter: a full disk throws nothing, holds bounded memory, and keeps nobody from ending", async () => {
  const fd = openSync("/dev/full", "a");
  const clock = new ManualClock();
  const writer = logWriter({ fd, longest: 4096, clock });
  for (let at = 0; at < 100; at++) writer.write(`${"x".repeat(100_000)}\n`);
  await until(() => clock.pending > 0);
  clock.advance(1000);
  await until(() => clock.pending > 0);
  writer.end(["last\n"]);
  assert.equal(clock.pending, 0);
  closeSync(fd);
});

test("logWriter: what was lost while nothing could be written is counted, and told when the target takes lines again", async () => {
  const told: string[] = [];
  using _listening = subscribe("hopseal:fault", ({ where, text }) => void told.push(`${where}: ${text}`));
  const folder = mkdtempSync(join(tmpdir(), "hopseal-log-writer-"));
  const file = join(folder, "log");
  const fd = openSync(file, "a");
  const writer: LogWriter = logWriter({ fd, longest: 16, clock: new ManualClock() });
  // Nothing is written before this turn is over.
  for (let at = 0; at < 50; at++) writer.write(`${"x".repeat(99_999)}\n`);
  await until(() => told.length > 0);
  assert.deepEqual(told, ["log: 9 lines were lost while the log could not be written"]);
  await until(() => readFileSync(file).length === 41 * 100_000);
  writer.end([]);
  closeSync(fd);
  rmSync(folder, { recursive: true });
});
