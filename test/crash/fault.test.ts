import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { needs } from "../support/programs.ts";
import { runLoad } from "./child.ts";
import { checkShard, type Ledger, record } from "./ledger.ts";
import { readTrace, type Syscall } from "./trace.ts";

/**
 * A sync that fails must never be followed by a false success: the group is refused and rolled back, and nothing is
 * acknowledged before the log has been emptied into the database. Every run goes on under the same process, is then held
 * to its promises, and so is a run that is killed after the fault.
 */
const FAULTS: readonly { readonly what: string; readonly inject: readonly string[]; readonly kind: string }[] = [
  { what: "a sync fails", inject: ["fsync:error=EIO:when=12..14"], kind: "io" },
  { what: "a write fails", inject: ["pwrite64:error=EIO:when=60..75"], kind: "io" },
  { what: "the disk is full for a while", inject: ["pwrite64:error=ENOSPC:when=60..90"], kind: "no-space" },
  { what: "every fifth sync fails", inject: ["fsync:error=EIO:when=12+5"], kind: "io" },
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

/** Calls on the database, its log and the folders of the shard, and errors that need not be told apart: none may lose anything. */
const CALLS: readonly { readonly call: string; readonly errors: readonly string[] }[] = [
  { call: "fsync", errors: ["EINTR", "ENOSPC"] },
  { call: "pwrite64", errors: ["EINTR", "EIO"] },
  { call: "pread64", errors: ["EIO", "EINTR"] },
  { call: "rename", errors: ["ENOSPC", "EIO"] },
  { call: "unlink", errors: ["EIO"] },
  { call: "ftruncate", errors: ["EIO", "EINTR"] },
  { call: "openat", errors: ["EMFILE", "EIO"] },
];
const EVERY = process.env["HOPSEAL_FAULTS"] !== undefined;

for (const [turn, { call, errors }] of CALLS.entries()) {
  for (const error of errors.slice(0, EVERY ? errors.length : 1)) {
    test(`${call} fails with ${error} now and then: what is acknowledged holds`, {
      skip: needs("strace"),
    }, async () => {
      const root = await mkdtemp(`${tmpdir()}/hopseal-fault-`);
      try {
        const directory = `${root}/shard`;
        const ledger: Ledger = new Map();
        assert.equal((await runLoad({ directory, seed: 1, producers: 1, messages: 1 })).errors, "");
        for (let life = 0; life < (EVERY ? 6 : 1); life++) {
          const files = ["", "/bodies", "/queue.db", "/queue.db-wal"].flatMap((name) => ["-P", `${directory}${name}`]);
          const inject = `inject=${call}:error=${error}:when=${7 + life * 3 + turn}+${5 + life}`;
          const under = ["strace", "-f", "-qq", "-o", "/dev/null", ...files, "-e", `trace=${call}`, "-e", inject];
          const ending = await runLoad({ directory, seed: 20 + life, producers: 4, messages: 30, under });
          // Where not even the opening succeeds, it says so and ends.
          assert.ok(ending.errors === "" || /StoreError/.test(ending.errors), ending.errors);
          record(ledger, ending.said);
          await checkShard(directory, ledger, life % 2 === 1);
        }
      } finally {
        await rm(root, { recursive: true });
      }
    });
  }
}

test("after a failed sync nothing is acknowledged before the database is synced and the log is empty", {
  skip: needs("strace"),
}, async () => {
  const root = await mkdtemp(`${tmpdir()}/hopseal-fault-`);
  try {
    const directory = `${root}/shard`;
    assert.equal((await runLoad({ directory, seed: 1, producers: 1, messages: 1 })).errors, "");
    const log = `${root}/strace`;
    const trace = ["-e", "trace=fsync,ftruncate,pwrite64,write", "-e", "inject=fsync:error=EIO:when=12..14"];
    const under = ["strace", "-f", "-y", "-qq", "-s", "100", "-o", log, ...trace];
    const ending = await runLoad({ directory, seed: 2, producers: 4, messages: 60, under });
    assert.equal(ending.errors, "");
    const calls = readTrace(await readFile(log, "utf8"));
    const isOn = ({ args }: Syscall, name: string): boolean => args.includes(`/${name}>`);
    const failed = (call: Syscall): boolean =>
      call.name === "fsync" && !call.result.startsWith("0") && (isOn(call, "queue.db-wal") || isOn(call, "queue.db"));
    const first = calls.findIndex(failed);
    assert.ok(first >= 0, "no sync of the log failed");
    const after = calls.slice(calls.findLastIndex(failed) + 1);
    const synced = after.findIndex((call) => call.name === "fsync" && isOn(call, "queue.db"));
    const emptied = after.findIndex((call) => call.name === "ftruncate" && isOn(call, "queue.db-wal"));
    assert.ok(synced >= 0 && synced < emptied, "the log was not emptied, or before the database was synced");
    // Groups that were synced before the fault may still be told of; from the first refusal on, nothing is, until then.
    const refused = calls.findIndex(({ args }, at) => at > first && args.includes('"refuse io '));
    assert.ok(refused >= 0, "nothing was refused");
    const promises = calls
      .slice(refused, Math.max(refused, calls.indexOf(after[emptied] as Syscall)))
      .filter(({ args }) => /"(commit|settle|claim|retry|hold) /.test(args));
    assert.deepEqual(promises, []);
  } finally {
    await rm(root, { recursive: true });
  }
});
