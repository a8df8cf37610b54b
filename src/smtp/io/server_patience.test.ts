import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_LIMITS, type ServerLimits, type ServerState } from "../server/mod.ts";
import { patience } from "./server_patience.ts";

const LIMITS: ServerLimits = {
  ...DEFAULT_LIMITS,
  commandTime: 300,
  contentPause: 200,
  contentRate: 1000,
  contentGrace: 30,
  handshakeTime: 10,
  connectionTime: 1000,
};
/** A state without what the wait does not look at. */
const state = (kind: ServerState["kind"]): ServerState =>
  ({ kind, session: { config: { limits: LIMITS } }, chunk: { size: 5, last: true } }) as never;
const DATA = { ...state("receiving-data"), intake: { refusal: undefined } } as ServerState;
const REFUSED = { ...DATA, intake: { refusal: {} } } as ServerState;
const READY = state("ready");

test("patience: each wait by its bound", () => {
  const { wait } = patience(LIMITS, 0);
  assert.deepEqual(wait(undefined, undefined, 0), { after: 10, limit: "handshake-time" });
  assert.deepEqual(wait(state("await-tls"), undefined, 0), { after: 10, limit: "handshake-time" });
  assert.deepEqual(wait(READY, undefined, 0), { after: 300, limit: "command-time" });
  assert.deepEqual(wait(READY, undefined, 700), { after: 300, limit: "command-time" });
  assert.deepEqual(wait(READY, undefined, 900), { after: 100, limit: "connection-time" });
  assert.deepEqual(wait(READY, undefined, 5000), { after: 0, limit: "connection-time" });
  assert.deepEqual(wait(READY, "client", 0), { after: 300, limit: "command-time" });
  for (const kind of ["await-admission", "await-sender", "await-finish", "closed"] as const) {
    assert.equal(wait(state(kind), undefined, 0), undefined);
  }
  assert.equal(wait(READY, "house", 0), undefined);
});

test("patience: content that is refused is read until the connection has lasted for too long, other content beyond", () => {
  for (const contentRate of [0, 1000]) {
    const one = patience({ ...LIMITS, contentRate, contentGrace: 200 }, 0);
    assert.deepEqual(one.wait(REFUSED, undefined, 750), { after: 200, limit: "content-rate" });
    assert.deepEqual(one.wait(REFUSED, undefined, 900), {
      after: contentRate === 0 ? 100 : 50,
      limit: ["connection-time", "content-rate"][contentRate / 1000],
    });
    one.earn(200, 1500);
    assert.deepEqual(one.wait(REFUSED, undefined, 1500), { after: 0, limit: "connection-time" });
    assert.deepEqual(one.wait(DATA, undefined, 1500), { after: 200, limit: "content-rate" });
  }
});

test("patience: a rate is asked for beyond the time to begin with, and a pause is bounded however much came before", () => {
  const one = patience(LIMITS, 0);
  assert.equal(one.wait(DATA, undefined, 0)?.after, 30);
  one.earn(10, 20);
  assert.deepEqual(one.wait(DATA, undefined, 20), { after: 20, limit: "content-rate" });
  // Ten octets in ten milliseconds keep the rate for ever.
  for (let now = 30; now < 10_000; now += 10) {
    one.earn(10, now);
    assert.equal(one.wait(DATA, undefined, now)?.after, 20);
  }
  one.earn(1_000_000, 10_000);
  assert.equal(one.wait(DATA, undefined, 10_000)?.after, 200);
  assert.equal(one.wait(DATA, undefined, 10_150)?.after, 50);
  one.earn(1, 10_199);
  assert.equal(one.wait(DATA, undefined, 10_199)?.after, 2);
  assert.equal(patience({ ...LIMITS, contentRate: 0 }, 0).wait(DATA, undefined, 10_150)?.after, 200);
});

test("patience: time that the house or a full store takes is not the client's", () => {
  const one = patience(LIMITS, 0);
  one.wait(DATA, undefined, 0);
  assert.equal(one.wait(DATA, "house", 10), undefined);
  assert.deepEqual(one.wait(DATA, undefined, 9000), { after: 20, limit: "content-rate" });
});

test("patience: chunks of one message share what is left, and another message begins anew", () => {
  const one = patience(LIMITS, 0);
  one.wait(state("receiving-chunk"), undefined, 0);
  one.wait(state("chunk-expected"), undefined, 20);
  assert.equal(one.wait(state("receiving-chunk"), undefined, 100)?.after, 10);
  one.wait(READY, undefined, 110);
  assert.equal(one.wait(DATA, undefined, 200)?.after, 30);
});
