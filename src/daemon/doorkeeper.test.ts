import assert from "node:assert/strict";
import { test } from "node:test";
import type { Peer, Reception } from "../smtp/server/mod.ts";
import { statusOf } from "../status/mod.ts";
import { doorkeeper } from "./doorkeeper.ts";

const PEER: Peer = { address: "192.0.2.1", port: 1025 };
const REAL: Reception = { connected: () => undefined, mail: () => statusOf("policy-refused") };

test("doorkeeper: clients wait for the door to open, and then meet the real reception", async () => {
  const door = doorkeeper();
  const waiting = door.reception("mx").connected(PEER);
  assert.ok(waiting instanceof Promise);
  door.open(() => REAL);
  assert.equal(await waiting, undefined);
  assert.equal(door.reception("mx").connected(PEER), undefined);
  door.shut();
  assert.equal(door.reception("mx").connected(PEER), undefined);
});

test("doorkeeper: a start that fails turns away who waits at once (RFC 5321 §3.8)", async () => {
  const door = doorkeeper();
  const waiting = door.reception("mx").connected(PEER);
  door.shut();
  assert.equal((await waiting)?.code, 421);
  assert.equal((await door.reception("mx").connected(PEER))?.code, 421);
});
