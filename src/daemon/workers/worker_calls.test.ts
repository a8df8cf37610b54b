import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";

test("workerCalls: a worker whose log takes nothing any more ends all the same", {
  skip: existsSync("/dev/full") ? false : "no /dev/full here",
}, async () => {
  // Its configuration is none, so it does not start, but its log is open, and a line waits.
  const script = `
    const { workerCalls } = await import(${urlOf("./worker_calls.ts")});
    const { publish } = await import(${urlOf("../../observe/mod.ts")});
    const { calls } = workerCalls({}, () => process.exit(7));
    const config = { log: { level: "info", target: "/dev/full" }, hostname: "mx.rook.example" };
    await calls.start({ config, number: 0, workers: 2, keys: new Map() }).catch(() => undefined);
    publish("hopseal:fault", { where: "test", text: "waits" });
    setInterval(() => undefined, 1000);
    calls.stop().catch(({ code }) => console.log(code));
  `;
  const ran = promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { timeout: 60_000 });
  await assert.rejects(ran, { code: 7, stdout: "" });
});

function urlOf(path: string): string {
  return JSON.stringify(new URL(path, import.meta.url).href);
}
