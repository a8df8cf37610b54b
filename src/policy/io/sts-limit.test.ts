import assert from "node:assert/strict";
import { test } from "node:test";
import { ok, type Result } from "../../base/mod.ts";
import { domain } from "../../mail/mod.ts";
import type { StsTrouble } from "../types.ts";
import { limited } from "./sts-limit.ts";

type Fetched = Result<string, StsTrouble>;

test("limited: so many fetches at a time, the others in order, and a stop ends the wait", async () => {
  const begun: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<Fetched>>();
  const fetch = limited(async (name, signal) => {
    begun.push(name);
    if (signal.aborted) return ok("stopped");
    const gate = Promise.withResolvers<Fetched>();
    gates.set(name, gate);
    return await gate.promise;
  }, 2);
  const stop = new AbortController();
  const never = new AbortController().signal;
  const names = ["a", "b", "c", "d", "e"];
  const all = names.map((name) => fetch(domain(`${name}.example`), name === "d" ? stop.signal : never));
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  await settle();
  assert.deepEqual(begun, ["a.example", "b.example"]);
  stop.abort();
  await settle();
  // Who is stopped takes no place: its fetch sees the signal and ends.
  assert.deepEqual(begun, ["a.example", "b.example", "d.example"]);
  gates.get("b.example")?.resolve(ok("b"));
  await settle();
  assert.deepEqual(begun.slice(3), ["c.example"]);
  gates.get("a.example")?.resolve(ok("a"));
  await settle();
  assert.deepEqual(begun.slice(4), ["e.example"]);
  for (const gate of gates.values()) gate.resolve(ok("late"));
  assert.deepEqual(
    (await Promise.all(all)).map((one) => one.ok && one.value),
    ["a", "b", "late", "stopped", "late"],
  );
});
