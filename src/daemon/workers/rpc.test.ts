import assert from "node:assert/strict";
import { test } from "node:test";
import { serialize, deserialize } from "node:v8";
import { type QueueId, StoreError } from "../../queue/mod.ts";
import { type Message, PeerGone, type Rpc, rpc } from "./rpc.ts";

interface Adder {
  add(one: number, other: number): Promise<number>;
  fail(kind: "store" | "other" | "text"): Promise<never>;
  wait(turns: number): Promise<number>;
  note(text: string): void;
}

interface Pair {
  readonly client: Rpc<Adder>;
  readonly noted: string[];
  readonly sent: Message[];
}

/** Two ends, between which messages are cloned as between processes. */
function pair(): Pair {
  const noted: string[] = [];
  const sent: Message[] = [];
  const carry = (to: () => Rpc<never> | Rpc<Adder>) => (message: Message) => {
    sent.push(message);
    setImmediate(() => to().receive(deserialize(serialize(message))));
  };
  const mine: Adder = {
    add: async (one, other) => one + other,
    async fail(kind) {
      if (kind === "store") throw new StoreError("corrupt", "torn", { id: "m1" as QueueId });
      throw kind === "other" ? new TypeError("wrong") : "plain";
    },
    async wait(turns) {
      for (let left = turns; left > 0; left--) await new Promise(setImmediate);
      return turns;
    },
    note: (text) => void noted.push(text),
  };
  const server: Rpc<never> = rpc<never>(
    carry(() => client),
    mine,
  );
  const client: Rpc<Adder> = rpc<Adder>(
    carry(() => server),
    {},
  );
  return { client, noted, sent };
}

test("rpc: answers find their calls, in whatever order they come", async () => {
  const { client } = pair();
  const ended: number[] = [];
  const all = [9, 1, 5].map(async (turns) => ended.push(await client.call.wait(turns)));
  assert.equal(await client.call.add(2, 3), 5);
  await Promise.all(all);
  assert.deepEqual(ended, [1, 5, 9]);
});

test("rpc: a fault of the store arrives as one, others with their words, and there is no way to what was not offered", async () => {
  const { client } = pair();
  await assert.rejects(client.call.fail("store"), new StoreError("corrupt", "torn", { id: "m1" as QueueId }));
  await assert.rejects(client.call.fail("other"), { name: "Error", message: "wrong" });
  await assert.rejects(client.call.fail("text"), { message: "plain" });
  const others = client.call as unknown as Readonly<Record<string, () => Promise<unknown>>>;
  for (const name of ["constructor", "toString", "gone"]) {
    await assert.rejects(others[name]?.() ?? Promise.resolve(), { message: `There is no method ${name}` });
  }
});

test("rpc: what is only told has no answer, and what is no message of ours is left alone", async () => {
  const { client, noted, sent } = pair();
  client.tell.note("x");
  await client.call.add(1, 1);
  assert.deepEqual(noted, ["x"]);
  assert.deepEqual(
    sent.map(({ kind }) => kind),
    ["tell", "call", "answer"],
  );
  for (const message of [undefined, null, 1, "call", {}, { kind: "connection" }]) {
    assert.equal(client.receive(message), false);
  }
  assert.equal(client.receive({ kind: "answer", id: 77, value: 1 }), true);
});

test("rpc: when the other side is gone, what waits rejects, and so does what comes later", async () => {
  const { client, sent } = pair();
  const waiting = client.call.wait(100);
  client.end("gone");
  await assert.rejects(waiting, new PeerGone("gone"));
  const before = sent.length;
  await assert.rejects(client.call.add(1, 1), new PeerGone("gone"));
  client.tell.note("x");
  assert.equal(sent.length, before);
});
