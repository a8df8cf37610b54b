import assert from "node:assert/strict";
import { test } from "node:test";
import type { DaemonStatus } from "../daemon/mod.ts";
import { pauseLines, statusLines } from "./status_text.ts";

const NOW = Date.UTC(2026, 2, 3, 8, 14, 7);

const STATUS: DaemonStatus = {
  version: 1,
  hostname: "mx.rook.example",
  pid: 7,
  started: new Date(NOW - 3 * 86_400_000).toISOString(),
  listeners: [{ role: "mx", address: "0.0.0.0:25", tls: "starttls" }],
  queue: { messages: 3, units: 4, states: { due: 0, waiting: 4, leased: 0, held: 0 } },
  state: "running",
  paused: { receiving: false, sending: false, destinations: [] },
  limited: {},
  faults: [],
};

test("statusLines: a quiet daemon says little", () => {
  assert.deepEqual(statusLines(STATUS, NOW), [
    "mx.rook.example, process 7, running for 3 d",
    "listens    mx on 0.0.0.0:25, TLS starttls",
    "queue      3 messages for 4 destinations: 0 due, 0 being delivered, 4 waiting, 0 held",
  ]);
});

test("statusLines: what was stopped stands first; text from elsewhere steers no terminal", () => {
  const lines = statusLines(
    {
      ...STATUS,
      state: "draining",
      paused: { receiving: true, sending: true, destinations: ["oak.example", "pine.example"] },
      queue: { ...STATUS.queue, oldestDue: new Date(NOW - 600_000).toISOString() },
      workers: [
        { number: 0, pid: 8, state: "ready", shards: [0, 2], connections: 5 },
        { number: 1, state: "down", shards: [], connections: 0 },
      ],
      limited: { "client-rate": 2, connections: 9 },
      faults: [{ at: "2026-03-03T08:00:00.000Z", where: "store", text: "no\u001b[31m space\n" }],
      certificatesEnd: new Date(NOW + 5 * 3_600_000).toISOString(),
    },
    NOW,
  );
  assert.deepEqual(lines, [
    "DRAINING: takes no mail, and ends when nothing is due",
    "PAUSED: receiving; clients get 421 4.3.2",
    "PAUSED: sending; nothing is delivered",
    "PAUSED: sending to oak.example, pine.example",
    "mx.rook.example, process 7, running for 3 d",
    "listens    mx on 0.0.0.0:25, TLS starttls",
    "queue      3 messages for 4 destinations: 0 due, the oldest for 10 min, 0 being delivered, 4 waiting, 0 held",
    "worker 0   ready, process 8, 5 connections, delivers from shard-0, shard-2",
    "worker 1   down, 0 connections, delivers from nothing",
    "certificates the first ends in 5 h (2026-03-03T13:14:07.000Z)",
    "bounds met connections 9×, client-rate 2×",
    "last faults",
    "  2026-03-03T08:00:00.000Z store: no\ufffd[31m space\ufffd",
  ]);
  const [ended] = statusLines({ ...STATUS, certificatesEnd: new Date(NOW).toISOString() }, NOW).slice(-1);
  assert.equal(ended, "certificates HAVE ENDED: the first (2026-03-03T08:14:07.000Z)");
  assert.deepEqual(pauseLines(STATUS.paused), ["Nothing is paused"]);
});
