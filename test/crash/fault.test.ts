import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { needs } from "../support/programs.ts";
import { runLoad } from "./child.ts";
import { checkShard, type Ledger, record } from "./ledger.ts";
import { readTrace, type Syscall } from "./trace.ts";

/**
 * A sync that fails must never be followed by a false success: the group is refused and rolled back, and the next group
 * writes its frames over the same place of the log, so that its own sync answers for all it needs. Every run goes on under
 * the same process, is then held to its promises, and so is a run that is killed after the fault.
 */
const FAULTS: readonly { readonly what: string; readonly inject: readonly string[]; readonly kind: string }[] = [
  { what: "a sync fails", inject: ["fsync:error=EIO:when=12..14"], kind: "io" },
  { what: "a write fails", inject: ["pwrite64:error=EIO:when=60..75"], kind: "io" },
  { what: "the disk is full for a while", inject: ["pwrite64:error=ENOSPC:when=60..90"], kind: "no-space" },
  { what: "every other sync fails", inject: ["fsync:error=EIO:when=12+2"], kind: "io" },
  {
    what: "a sync fails and the process is killed soon after",
    inject: ["fsync:error=EIO:when=12..14", "pwrite64:signal=SIGKILL:when=110"],
    kind: "io",
  },
];

for (const { what, inject, kind } of FAULTS) {
  test(`when ${what}, what is refused is no promise and the others hold`, { skip: needs("strace") }, async () => {
    const root = await mkdtemp(`${tmpdir()}/hopseal-fault-`);
    try {
      const directory = `${root}/shard`;
      const ledger: Ledger = new Map();
      assert.equal((await runLoad({ directory, seed: 1, producers: 1, messages: 1 })).errors, "");
      const options = inject.flatMap((fault) => ["-e", `inject=${fault}`]);
      const under = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,pwrite64", ...options];
      const ending = await runLoad({ directory, seed: 2, producers: 4, messages: 60, under });
      assert.equal(ending.errors, "");
      const lines = ending.said.split("\n");
      const refused = lines.findIndex((line) => line.startsWith(`refuse ${kind} `));
      assert.ok(refused >= 0, `nothing was refused with ${kind}`);
      assert.ok(
        !lines.some((line) => line.startsWith("refuse") && !line.startsWith(`refuse ${kind} `)),
        "another kind",
      );
      assert.ok(
        ending.killed || lines.slice(refused).some((line) => line.startsWith("commit ")),
        "nothing worked again",
      );
      record(ledger, ending.said);
      await checkShard(directory, ledger, true);
    } finally {
      await rm(root, { recursive: true });
    }
  });
}

test("after a failed sync the next group writes its frames over the same place of the log and syncs them", {
  skip: needs("strace"),
}, async () => {
  const root = await mkdtemp(`${tmpdir()}/hopseal-fault-`);
  try {
    const directory = `${root}/shard`;
    assert.equal((await runLoad({ directory, seed: 1, producers: 1, messages: 1 })).errors, "");
    const log = `${root}/strace`;
    const trace = ["-e", "trace=fsync,pwrite64", "-e", "inject=fsync:error=EIO:when=12..14"];
    const under = ["strace", "-f", "-y", "-qq", "-s", "1", "-o", log, ...trace];
    const ending = await runLoad({ directory, seed: 2, producers: 4, messages: 60, under });
    assert.equal(ending.errors, "");
    const calls = readTrace(await readFile(log, "utf8")).filter(({ args }) => args.includes("queue.db-wal>"));
    let failures = 0;
    for (const [at, { name, result }] of calls.entries()) {
      if (name !== "fsync" || result.startsWith("0")) continue;
      failures++;
      const before = calls.slice(0, at).findLastIndex((call) => call.name === "fsync");
      const after = calls.slice(at + 1);
      const again = after.slice(
        0,
        after.findIndex((call) => call.name === "fsync"),
      );
      const place = (call: Syscall | undefined): string | undefined => call?.args.split(", ").at(-1);
      assert.equal(place(again[0]), place(calls[before + 1]));
    }
    assert.ok(failures >= 1, "no sync of the log failed");
  } finally {
    await rm(root, { recursive: true });
  }
});
