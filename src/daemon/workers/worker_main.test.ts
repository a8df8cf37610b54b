import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";

test("a worker whose parent goes while the program is loaded ends by itself", async () => {
  // The load lasts until the channel is closed, as it may on a machine that is busy.
  const slow = "while (process.connected) await new Promise((resolve) => setImmediate(resolve))";
  const child = fork(new URL("./worker_main.ts", import.meta.url), [], {
    serialization: "advanced",
    execArgv: ["--import", `data:text/javascript,${encodeURIComponent(slow)}`],
  });
  child.disconnect();
  try {
    assert.deepEqual(await once(child, "exit", { signal: AbortSignal.timeout(60_000) }), [0, null]);
  } finally {
    child.kill("SIGKILL");
  }
});
