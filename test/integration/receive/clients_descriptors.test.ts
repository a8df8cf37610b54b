import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Dialogue } from "../smtp-server/_dialogue.ts";
import { dialFrom, greetingOf, sendMail } from "./_clients.ts";

const CHILD = fileURLToPath(new URL("_descriptors_child.ts", import.meta.url));
const DELIVERED = [250, 250, 250, 354, 250];
const BUSY = "421 4.3.2 Too busy, try again later";
/** With 16 of them kept back, and some that Node has open itself. */
const LIMIT = 120;

interface Told {
  readonly kind: string;
  readonly port: number;
  /** Milliseconds. */
  readonly cpu: number;
  readonly active: number;
  readonly hoarded: number;
  readonly limited: number;
  readonly faults: readonly string[];
}

interface Small extends AsyncDisposable {
  readonly address: { readonly address: string; readonly port: number };
  order(what: "hoard" | "free" | "status"): Promise<Told>;
}

/** The listener under `ulimit -n`. */
async function small(): Promise<Small> {
  const child = spawn("sh", ["-c", `ulimit -n ${LIMIT} && exec "$0" "$1"`, process.execPath, CHILD], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const next = (kind: string): Promise<Told> => answer(child, kind);
  const { port } = await next("listening");
  return {
    address: { address: "127.0.0.1", port },
    order(what) {
      const told = next(what);
      child.send(what);
      return told;
    },
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.send("end");
      await ended;
    },
  };
}

function answer(child: ChildProcess, kind: string): Promise<Told> {
  return new Promise((resolve, reject) => {
    child.once("exit", (status) => reject(new Error(`The listener ended with ${status}`)));
    const take = (message: unknown): void => {
      if ((message as Told).kind !== kind) return;
      child.off("message", take);
      resolve(message as Told);
    };
    child.on("message", take);
  });
}

/** Until a new client is greeted; those who are not try again, as mail servers do. */
async function until(address: Small["address"], wanted: string): Promise<Dialogue> {
  for (;;) {
    const client = await dialFrom("127.0.0.1", address);
    if ((await greetingOf(client)) === wanted) return client;
    client[Symbol.dispose]();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const skip = existsSync("/proc/self/limits") ? false : "descriptors can be counted on Linux alone";

test("descriptors that run out: 421, one fault, no busy loop, and all is well when some are free again (L12)", {
  skip,
}, async () => {
  await using house = await small();
  using honest = await dialFrom("127.0.0.1", house.address);
  assert.equal(await greetingOf(honest), "220");
  const crowd: Dialogue[] = [];
  const said = new Map<string, number>();
  for (let at = 0; at < LIMIT * 2; at++) {
    const client = await dialFrom("127.0.0.1", house.address);
    const greeting = await greetingOf(client);
    said.set(greeting, (said.get(greeting) ?? 0) + 1);
    crowd.push(client);
  }
  assert.deepEqual([...said.keys()].sort(), ["220", BUSY]);
  // Who is inside is served all the while.
  assert.deepEqual(await sendMail(honest, "bo@rook.example"), DELIVERED);
  const full = await house.order("status");
  assert.ok(full.active > LIMIT / 3 && full.active < LIMIT - 16, `${full.active} served`);
  assert.equal(full.limited, said.get(BUSY));
  assert.equal(full.faults.length, 1);
  assert.match(full.faults[0] ?? "", /^smtp listener: \d+ of 120 file descriptors are in use; new connections get 421/);

  for (const client of crowd) client[Symbol.dispose]();
  using again = await until(house.address, "220");
  assert.deepEqual(await sendMail(again, "bo@rook.example"), DELIVERED);
  assert.deepEqual((await house.order("status")).faults, full.faults);
});

test("not one descriptor left: the process lives, rests, and serves again", { skip }, async () => {
  await using house = await small();
  using honest = await dialFrom("127.0.0.1", house.address);
  assert.equal(await greetingOf(honest), "220");
  const hoarded = await house.order("hoard");
  assert.ok(hoarded.hoarded > 50);
  // The system hands no connection out; Node may close what it cannot take.
  const crowd = await Promise.all(Array.from({ length: 20 }, () => dialFrom("127.0.0.1", house.address)));
  assert.deepEqual(await sendMail(honest, "bo@rook.example"), DELIVERED);
  const before = await house.order("status");
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const after = await house.order("status");
  assert.ok(after.cpu - before.cpu < 500, `${after.cpu - before.cpu} ms of work in a second of rest`);
  await house.order("free");
  using again = await until(house.address, "220");
  assert.deepEqual(await sendMail(again, "bo@rook.example"), DELIVERED);
  for (const client of crowd) client[Symbol.dispose]();
});
