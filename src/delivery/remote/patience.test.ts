import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/clock.ts";
import type { DialTarget } from "../walk.ts";
import { patientDial } from "./patience.ts";

const TARGET: DialTarget = { host: "a.example", address: "192.0.2.1", port: 25, mode: "starttls", patience: 5000 };

test("patientDial: a slow connection is given up when the patience of its target is over (RFC 8305 §5)", async () => {
  const clock = new ManualClock();
  let ended = 0;
  const dial = patientDial(
    (_target, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => (ended++, reject(new Error("the attempt was called off"))));
      }),
    clock,
  );
  const stop = new AbortController();
  const hurried = dial(TARGET, stop.signal);
  clock.advance(4999);
  assert.equal(ended, 0);
  clock.advance(1);
  await assert.rejects(hurried, { message: "no connection to 192.0.2.1 port 25 within 5 s" });
  const { patience: _patience, ...patient } = TARGET;
  const called = dial(patient, stop.signal);
  const both = dial(TARGET, stop.signal);
  clock.advance(4000);
  stop.abort();
  await assert.rejects(called, { message: "the attempt was called off" });
  await assert.rejects(both, { message: "the attempt was called off" });
  assert.deepEqual([ended, clock.pending], [3, 0]);
});

test("patientDial: a connection in time is handed on, a failure too", async () => {
  const clock = new ManualClock();
  const socket = new Duplex();
  const stop = new AbortController();
  assert.equal(await patientDial(async () => socket, clock)(TARGET, stop.signal), socket);
  const failing = patientDial(async () => {
    throw new Error("refused");
  }, clock);
  await assert.rejects(failing(TARGET, stop.signal), { message: "refused" });
  assert.equal(clock.pending, 0);
});
