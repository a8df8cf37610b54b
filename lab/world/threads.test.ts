import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { watchThreads } from "./threads.ts";

test("time is held from a group of calls to its answers, and by nothing else", async () => {
  const seen: string[] = [];
  const clock = {
    hold() {
      seen.push("held");
      return { [Symbol.dispose]: () => void seen.push("released") };
    },
  };
  using _watching = watchThreads(clock);
  const code = `
    const { parentPort } = require("node:worker_threads");
    parentPort.on("message", ({ kind }) => kind === "group" && parentPort.postMessage({ kind: "answers" }));`;
  const worker = new Worker(code, { eval: true });
  worker.postMessage({ kind: "tidy" }, []);
  worker.postMessage({ kind: "group", calls: [] }, []);
  await new Promise((resolve) => worker.once("message", resolve));
  assert.deepEqual(seen, ["held", "released"]);
  worker.postMessage({ kind: "group", calls: [] }, []);
  await worker.terminate();
  assert.deepEqual(seen, ["held", "released", "held", "released"]);
});
