import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { publish } from "../events.ts";
import { startLog } from "./log.ts";

test("startLog: one JSON line an event, at its level, until disposed", () => {
  const lines: string[] = [];
  const options = {
    target: "stderr",
    hostname: "mx.rook.example",
    stream: { write: (line: string) => lines.push(line) },
  };
  {
    using _log = startLog({ ...options, level: "info" });
    publish("hopseal:ready", { pid: 7, queued: 3 });
    publish("hopseal:fault", { where: "store", text: "no\nspace" });
  }
  {
    using _log = startLog({ ...options, level: "error" });
    publish("hopseal:ready", { pid: 7, queued: 3 });
  }
  publish("hopseal:ready", { pid: 8, queued: 0 });
  assert.ok(lines.every((line) => line.endsWith("\n")));
  const written = lines.join("").slice(0, -1).split("\n");
  const parsed = written.map((line) => {
    const { time, ...rest } = JSON.parse(line) as Record<string, unknown>;
    assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    return rest;
  });
  assert.deepEqual(parsed, [
    { level: 30, host: "mx.rook.example", event: "ready", pid: 7, queued: 3 },
    { level: 50, host: "mx.rook.example", event: "fault", where: "store", text: "no\nspace" },
  ]);
});

test("startLog: what an address may hold and a terminal would obey is escaped, and means the same (RFC 6531 §3.3)", () => {
  const lines: string[] = [];
  const stream = { write: (line: string) => lines.push(line) };
  const text = "grün\u009b31m\u0085\u007f\u202e\u2028\u2066\ufeff\u001b[0m";
  {
    using _log = startLog({ level: "info", target: "stderr", hostname: "mx.rook.example", stream });
    publish("hopseal:fault", { where: "test", text });
  }
  assert.match(lines[0] ?? "", /^[\x20-\x7eü]*\n$/);
  assert.equal((JSON.parse(lines[0] ?? "") as { text: string }).text, text);
});

test("startLog: appends to a file that only its owner reads; disposing writes out what waits", () => {
  const folder = mkdtempSync(join(tmpdir(), "hopseal-log-"));
  const target = join(folder, "log");
  for (const pid of [1, 2]) {
    using _log = startLog({ level: "info", target, hostname: "mx.rook.example" });
    publish("hopseal:ready", { pid, queued: 0 });
  }
  assert.equal(readFileSync(target, "utf8").trimEnd().split("\n").length, 2);
  assert.equal(statSync(target).mode & 0o777, 0o600);
  rmSync(folder, { recursive: true });
  assert.throws(() => startLog({ level: "info", target, hostname: "mx.rook.example" }), /ENOENT/);
});

test("startLog: where others write to the same target, lines are written one by one, so that no write holds a part of one", async () => {
  const writes: string[] = [];
  const stream = { write: (text: string) => void writes.push(text) };
  {
    using _log = startLog({
      level: "info",
      target: "stderr",
      hostname: "mx.rook.example",
      worker: 3,
      shared: true,
      stream,
    });
    for (let at = 0; at < 3; at++) publish("hopseal:fault", { where: "x", text: `\n${at}` });
    await new Promise(setImmediate);
    publish("hopseal:fault", { where: "x", text: "last" });
  }
  assert.deepEqual(
    writes.map((line) => {
      const { worker, text } = JSON.parse(line) as { worker: number; text: string };
      return [worker, text, line.indexOf("\n") === line.length - 1];
    }),
    [
      [3, "\n0", true],
      [3, "\n1", true],
      [3, "\n2", true],
      [3, "last", true],
    ],
  );
});
