import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/clock.ts";
import type { Limit } from "../events.ts";
import { type Calmed, calm } from "./log_calm.ts";

function watched() {
  const clock = new ManualClock();
  const told: string[] = [];
  const calmer = calm(clock, ([name, event]) => {
    const about = "where" in event ? event.where : `${"limit" in event ? event.limit : event.cause} ${event.client}`;
    told.push(`${name.slice(8)} ${about} ${event.text} ${event.more ?? ""}`.trimEnd());
  });
  const limited = (limit: Limit, client: string, text = "x"): void =>
    calmer.take(["hopseal:limited", { limit, client, text }]);
  return { clock, told, calmer, limited };
}

test("calm: one line a minute for one bound and one client, with the number of the others", () => {
  const { clock, told, limited } = watched();
  for (let at = 0; at < 1000; at++) limited("mistakes", "192.0.2.1", `text ${at}`);
  limited("command-time", "192.0.2.1");
  limited("mistakes", "192.0.2.2");
  assert.deepEqual(told.splice(0), [
    "limited mistakes 192.0.2.1 text 0",
    "limited command-time 192.0.2.1 x",
    "limited mistakes 192.0.2.2 x",
  ]);
  clock.advance(60_000);
  assert.deepEqual(told.splice(0), ["limited mistakes 192.0.2.1 text 999 999"]);
  // It goes on, and is told of once a minute.
  limited("mistakes", "192.0.2.1");
  clock.advance(59_999);
  assert.deepEqual(told, []);
  clock.advance(1);
  assert.deepEqual(told.splice(0), ["limited mistakes 192.0.2.1 x 1"]);
  clock.advance(60_000);
  assert.deepEqual([told, clock.pending], [[], 0]);
  limited("mistakes", "192.0.2.1");
  assert.deepEqual(told, ["limited mistakes 192.0.2.1 x"]);
});

test("calm: refusals are told of one by one while they are few", () => {
  const { clock, told, calmer } = watched();
  const one: Calmed = ["hopseal:refused", { stage: "rcpt", client: "192.0.2.1", cause: "relay-denied", text: "no" }];
  for (let at = 0; at < 500; at++) calmer.take(one);
  assert.equal(told.length, 20);
  clock.advance(60_000);
  assert.deepEqual(told.slice(20), ["refused relay-denied 192.0.2.1 no 480"]);
});

test("calm: a fault that clients can bring about as often as they like is told of a hundred times a minute, others beside it", () => {
  const { clock, told, calmer } = watched();
  for (let at = 0; at < 1000; at++) calmer.take(["hopseal:fault", { where: "aliases", text: `loop ${at}` }]);
  calmer.take(["hopseal:fault", { where: "queue", text: "broken" }]);
  assert.deepEqual([told.length, told[0], told[99]], [101, "fault aliases loop 0", "fault aliases loop 99"]);
  assert.equal(told[100], "fault queue broken");
  clock.advance(60_000);
  assert.deepEqual(told.slice(101), ["fault aliases loop 999 900"]);
});

test("calm: what is kept is bounded, whatever the number of clients, and the end tells what is owed", () => {
  const { clock, told, calmer, limited } = watched();
  for (let at = 0; at < 100_000; at++) limited("client-rate", `192.0.2.${at}`);
  assert.ok(told.length < 2100 && clock.pending < 2100, `${told.length} lines, ${clock.pending} timers`);
  told.length = 0;
  calmer[Symbol.dispose]();
  assert.deepEqual([told.length, clock.pending], [1, 0]);
  assert.match(String(told[0]), / 97999$/);
});
