import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { fuzz, type Target } from "./fuzz.ts";
import { growAll } from "./grow.ts";
import { TARGETS } from "./targets.ts";

const RUNS = 100;

test(`${RUNS} inputs for each decoder that look for new blocks break nothing`, async (t) => {
  const [status, said] = await apart(new URL("./main.ts", import.meta.url), String(RUNS), "20261122", "0");
  const lines = said.trimEnd().split("\n").slice(1);
  for (const line of lines) t.diagnostic(line);
  assert.equal(status, 0, lines.join("\n"));
  assert.equal(lines.length, TARGETS.length);
  for (const line of lines) assert.match(line, / \d+\.\d %/, "none of the modules was seen: are their names right?");
});

/** In a process of its own: there nothing else counts blocks, which costs time. */
async function apart(file: URL, ...args: readonly string[]): Promise<readonly [status: number | null, said: string]> {
  const env = { ...process.env, NODE_V8_COVERAGE: undefined };
  const child = spawn(process.execPath, [fileURLToPath(file), ...args], { env, stdio: ["ignore", "pipe", "inherit"] });
  const [said, [status]] = await Promise.all([child.stdout.setEncoding("utf8").toArray(), once(child, "close")]);
  return [status as number | null, said.join("")];
}

const PLANTED: Target = {
  name: "planted",
  files: ["fuzz/fuzz.test.ts"],
  seeds: ["abc"],
  read: (octets) => octets.length,
};

test("a fault behind three octets is found in 10,000 runs led by the blocks that ran, and not in as many that are not", async (t) => {
  const [status, said] = await apart(new URL("./prove.ts", import.meta.url), "10000", "20261122");
  t.diagnostic(said.trim());
  assert.equal(status, 0, said);
  const [guided, blind] = JSON.parse(said) as { readonly runs: number; readonly faults: number }[];
  assert.ok(guided !== undefined && guided.faults > 0 && guided.runs < 10_000, said);
  assert.deepEqual(blind, { guided: false, runs: 10_000, faults: 0 });
});

test("a decoder that depends on its chunks is found out", async () => {
  const count = (chunks: readonly Buffer[]): number => chunks.length;
  const target = { ...PLANTED, read: (octets: Buffer) => count([octets]), readInChunks: count };
  const { faults } = await fuzz(target, 50, { seed: 1 });
  assert.match(faults[0] ?? "", /other chunks/);
});

test("a decoder whose time grows with the square is found out", async () => {
  let time = 0;
  const takes = (power: number): Target["read"] => {
    return ({ length }) => {
      time += 4 * (length / 65_536) ** power;
    };
  };
  const grow = async (power: number): Promise<readonly string[]> =>
    (await growAll({ ...PLANTED, read: takes(power), within: 5 }, [Buffer.from("a")], 1, () => time)).faults;
  assert.deepEqual(await grow(1), []);
  const faults = await grow(2);
  assert.match(faults[0] ?? "", /four times as long/);
});
