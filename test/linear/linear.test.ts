import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Target } from "../fuzz/fuzz.ts";
import { TARGETS } from "../fuzz/targets.ts";
import { judge } from "./judge.ts";
import { kindsOf } from "./kinds.ts";
import { costOf, growthOf } from "./measure.ts";

/** One of each target's beginnings, and two of the costliest kinds doubled; four times the time, on a busy machine. */
const BRIEF = ["1", "2", "4"];

test("every decoder reads 64 KiB of anything in its time, and twice as much in about twice the time (L08)", async (t) => {
  // In a process of its own: there nothing counts blocks, which costs time.
  const env = { ...process.env, NODE_V8_COVERAGE: undefined };
  const args = [fileURLToPath(new URL("./main.ts", import.meta.url)), ...BRIEF];
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  const [said, [status]] = await Promise.all([child.stdout.setEncoding("utf8").toArray(), once(child, "close")]);
  const lines = said.join("").trimEnd().split("\n");
  for (const line of lines) t.diagnostic(line);
  assert.equal(status, 0, lines.join("\n"));
  assert.equal(lines.length, TARGETS.filter(({ grows = true }) => grows).length);
});

const PLANTED: Target = { name: "planted", files: [], seeds: ["abc"], read: () => undefined };

test("judge: a decoder that goes back to the beginning at each piece is found out, and one that does not is not", async () => {
  const options = { seeds: 0, doubled: 1, slack: 1 };
  let sum = 0;
  const steps = (count: number): void => {
    for (let step = 0; step < count; step++) sum = (sum * 31 + step) | 0;
  };
  const planted = (read: (octets: Buffer) => void, within: number): Target => {
    return {
      ...PLANTED,
      within,
      read: (octets) => (octets.toString("latin1", 0, 4) === "()()" ? read(octets) : undefined),
    };
  };
  const back = (octets: Buffer): void => {
    for (let at = 0; at < octets.length; at += 256) steps(at >> 3);
  };
  const { faults } = await judge(planted(back, 100_000), options);
  assert.match(faults.join("\n"), /^"\(\)" again and again: twice the octets take [34]\.\d times as long$/);
  const once = (octets: Buffer): void => steps(30 * octets.length);
  assert.deepEqual((await judge(planted(once, 100_000), options)).faults, []);
  assert.match((await judge(planted(once, 0.01), options)).faults[0] ?? "", /^"\(\)" .*: \d+\.\d ms for 64 KiB$/);
});

test("costOf and growthOf: the least of the windows, and the mean of two doublings", async () => {
  let time = 0;
  const takes = (power: number) => ({
    read: ({ length }: Buffer) => {
      time += 5 * (length / 65_536) ** power;
    },
  });
  const now = (): number => time;
  assert.equal(await costOf(takes(1), Buffer.alloc(65_536), { now }), 5);
  for (const [power, growth] of [
    [1, 2],
    [2, 4],
  ] as const) {
    assert.equal((await growthOf(takes(power), (size) => Buffer.alloc(size), now)).toFixed(3), growth.toFixed(3));
  }
  // Work beside in every other window.
  let window = 0;
  const disturbed = { read: () => (time += ++window % 16 < 8 ? 5 : 9) };
  assert.ok((await costOf(disturbed, Buffer.alloc(1), { now })) < 9);
});

test("kindsOf: every input has the size that is asked for, or nearly", () => {
  const kinds = kindsOf({
    seeds: [Buffer.from("from a by b"), Buffer.alloc(0)],
    words: [Buffer.from("tls "), Buffer.alloc(0)],
  });
  for (const { name, make } of kinds) {
    const { length } = make(4096);
    assert.ok(length > 4000 && length <= 4110, `${name}: ${length}`);
  }
  assert.ok(kinds.length > 200);
});
