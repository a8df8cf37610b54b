import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { seededRandom } from "../../src/base/mod.ts";
import { needs } from "../support/programs.ts";
import { runLoad } from "./child.ts";
import { checkShard, type Ledger, record } from "./ledger.ts";

/** With `HOPSEAL_KILLS` in the environment there are far more; each begins a process, under strace mostly. */
const MANY = process.env["HOPSEAL_KILLS"] !== undefined;

/** Where strace kills the process: at the Nth call of one of its threads. */
const POINTS: readonly { readonly call: string; readonly upTo: number }[] = [
  { call: "fsync", upTo: 40 },
  { call: "pwrite64", upTo: 300 },
  { call: "write", upTo: 150 },
  { call: "rename", upTo: 6 },
];

test("kill -9 at the Nth fsync, write or rename loses nothing acknowledged and tears nothing", {
  skip: needs("strace"),
}, async () => {
  const kills = MANY ? 80 : 16;
  const shards = Array.from({ length: 2 }, (_, at) => killRepeatedly({ seed: 100 + at, kills, point: injected }));
  assert.deepEqual(await Promise.all(shards), [kills, kills]);
});

test("kill -9 at any moment loses nothing acknowledged and tears nothing", async () => {
  const kills = MANY ? 40 : 8;
  assert.equal(await killRepeatedly({ seed: 7, kills, point: atLine }), kills);
});

type Point = (random: ReturnType<typeof seededRandom>) => {
  readonly under?: readonly string[];
  readonly killAfterLines?: number;
};

function injected(random: Parameters<Point>[0]): ReturnType<Point> {
  const { call, upTo } = POINTS[random.below(POINTS.length)] ?? { call: "fsync", upTo: 1 };
  const inject = `inject=${call}:signal=SIGKILL:when=${1 + random.below(upTo)}`;
  return { under: ["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${call}`, "-e", inject] };
}

function atLine(random: Parameters<Point>[0]): ReturnType<Point> {
  return { killAfterLines: 1 + random.below(120) };
}

/** Kills process after process on one shard, which now and then is emptied and sometimes begun anew. */
async function killRepeatedly({ seed, kills, point }: { seed: number; kills: number; point: Point }): Promise<number> {
  const random = seededRandom(seed);
  const root = await mkdtemp(`${tmpdir()}/hopseal-crash-`);
  let ledger: Ledger = new Map();
  let done = 0;
  try {
    for (let life = 0; done < kills && life < kills * 2; life++) {
      if (life % 20 === 0) ledger = new Map();
      const directory = `${root}/${Math.floor(life / 20)}`;
      const ending = await runLoad({ directory, seed: life, producers: 6, messages: 40, ...point(random) });
      assert.equal(ending.errors, "");
      if (ending.killed) done++;
      record(ledger, ending.said);
      await checkShard(directory, ledger, random.below(3) === 0);
    }
    return done;
  } finally {
    await rm(root, { recursive: true });
  }
}
