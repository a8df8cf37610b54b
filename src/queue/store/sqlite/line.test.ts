import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../../test/support/clock.ts";
import { createLine } from "./line.ts";
import type { Call, NewRow, ToWorker } from "./protocol.ts";

test("commits behind a group that stalls are refused after 60 s, settlements wait, and the disk's return takes mail again", async () => {
  const it = lab();
  const first = it.commit("first");
  await it.sent(1);
  const second = it.commit("second");
  const settlement = it.line.call("count", {}, []);
  it.clock.advance(59_999);
  assert.deepEqual(it.refused, []);
  it.clock.advance(1);
  await assert.rejects(second, { name: "StoreError", kind: "io", message: /does not keep up/ });
  await assert.rejects(it.commit("third"), { kind: "io" });
  it.answer();
  await first;
  await it.sent(2);
  assert.deepEqual(it.names(1), ["count"]);
  it.answer();
  await settlement;
  const fourth = it.commit("fourth");
  await it.sent(3);
  it.answer();
  await fourth;
});

test("a commit that a client was not promised is undone before anything else when it succeeds after all", async () => {
  const it = lab();
  const first = it.commit("first");
  await it.sent(1);
  it.clock.advance(9 * 60_000);
  await assert.rejects(first, { kind: "io" });
  const claim = it.line.call("count", {}, []);
  it.answer();
  await it.sent(2);
  assert.deepEqual(it.names(1), ["operate first drop", "count"]);
  it.answer();
  await claim;
  const failed = it.commit("failed");
  await it.sent(3);
  it.clock.advance(9 * 60_000);
  await assert.rejects(failed, { kind: "io" });
  it.answer(false);
  const last = it.line.call("count", {}, []);
  await it.sent(4);
  assert.deepEqual(it.names(3), ["count"]);
  it.answer();
  await last;
});

test("what the same group has leased of a commit that is undone is given back first, and its holder hears nothing of it", async () => {
  const it = lab();
  const first = it.commit("first");
  const other = it.commit("other");
  const claim = it.line.call("claim", { now: 0, leaseUntil: 1, limit: 9, except: [] }, []);
  await it.sent(1);
  it.clock.advance(9 * 60_000);
  await assert.rejects(first, { kind: "io" });
  await assert.rejects(other, { kind: "io" });
  const rows = ["first", "old"].map((message, at) => ({ message, unit: at, token: 7 }));
  it.answer(true, rows);
  assert.deepEqual(await claim, [rows[1]]);
  await it.sent(2);
  assert.deepEqual(it.names(1), ["settle 0 7 untouched", "operate first drop", "operate other drop"]);
  it.answer();
});

test("no more than 64 MiB of content waits for the disk", async () => {
  const it = lab();
  const taken: Promise<unknown>[] = [];
  let refused = 0;
  for (let at = 0; at < 80; at++) {
    const commit = it.commit(`m${at}`, 1024 * 1024).catch(() => refused++);
    taken.push(commit);
  }
  await it.sent(1);
  it.answer();
  await Promise.all(taken);
  assert.equal(refused, 16);
  const after = it.commit("after", 1024 * 1024);
  await it.sent(2);
  it.answer();
  await after;
});

interface Lab {
  readonly clock: ManualClock;
  readonly line: ReturnType<typeof createLine>;
  readonly refused: unknown[];
  commit(id: string, octets?: number): Promise<unknown>;
  /** Resolves when so many groups were sent. */
  sent(groups: number): Promise<void>;
  names(group: number): string[];
  answer(ok?: boolean, claimed?: unknown): void;
}

function lab(): Lab {
  const clock = new ManualClock();
  const groups: (readonly Call[])[] = [];
  const post = (message: ToWorker): void => {
    if (message.kind === "group") groups.push(message.calls);
  };
  const line = createLine(post, { timer: clock, stalled: 60_000, lost: 9 * 60_000 });
  const refused: unknown[] = [];
  return {
    clock,
    line,
    refused,
    commit(id, octets = 10) {
      const row: NewRow = {
        id,
        acceptedAt: 0,
        envelope: "",
        bodySize: octets,
        bodySum: 0,
        sender: "",
        body: new Uint8Array(octets),
        units: [],
      };
      const commit = line.call("commit", { messages: [row] }, []);
      commit.catch((error: unknown) => refused.push(error));
      return commit;
    },
    async sent(count) {
      while (groups.length < count) await new Promise(setImmediate);
    },
    names: (group) =>
      (groups[group] ?? []).map((call) => {
        if (call.name === "settle") return `settle ${call.unit} ${call.token} ${call.untouched ? "untouched" : ""}`;
        return call.name === "operate" ? `operate ${call.filter.message} ${call.operation}` : call.name;
      }),
    answer(ok = true, claimed?: unknown) {
      const calls = groups.at(-1) ?? [];
      const outcome = ok ? { ok, answer: undefined } : ({ ok, fault: { kind: "io", text: "" } } as const);
      line.answered({
        kind: "answers",
        outcomes: calls.map(({ name }) => (name === "claim" ? { ok: true, answer: claimed } : outcome)),
        faults: [],
        totals: { messages: 0, octets: 0 },
      });
    },
  };
}
