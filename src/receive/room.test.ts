import assert from "node:assert/strict";
import { test } from "node:test";
import { subscribe } from "../observe/mod.ts";
import type { Shortage } from "../queue/mod.ts";
import { whereRoom } from "./room.ts";

const CLIENT = "192.0.2.10";

test("whereRoom: without room 452 4.3.1, and the bound is told with the client (RFC 1870 §6.1)", async () => {
  const seen: unknown[] = [];
  using _heard = subscribe("hopseal:limited", (event) => seen.push(event));
  let begun = 0;
  const begin = (): string => `begun ${++begun}`;
  const answers: (Shortage | undefined | Promise<Shortage | undefined>)[] = [
    undefined,
    "disk-space",
    Promise.resolve(undefined),
    Promise.resolve("queue-size"),
  ];
  const told: unknown[] = [];
  for (const answer of answers) {
    const room = (octets: number): typeof answer => (octets === 5000 ? answer : undefined);
    const outcome = await whereRoom({ room }, { octets: 5000, client: CLIENT }, begin);
    told.push(typeof outcome === "string" ? outcome : `${outcome.code} ${outcome.enhanced}`);
  }
  assert.deepEqual(told, ["begun 1", "452 4.3.1", "begun 2", "452 4.3.1"]);
  assert.deepEqual(seen, [
    { limit: "disk-space", client: CLIENT },
    { limit: "queue-size", client: CLIENT },
  ]);
});

test("whereRoom: a store without bounds takes everything, at once", () => {
  assert.equal(
    whereRoom({}, { octets: Infinity, client: CLIENT }, () => "begun"),
    "begun",
  );
});
