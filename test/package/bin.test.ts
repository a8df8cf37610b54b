import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { checkout, runAsUser, userNode } from "./machine.ts";

const folder = mkdtempSync(join(tmpdir(), "hopseal-bin-"));
after(() => rmSync(folder, { recursive: true }));

const oldNode =
  userNode !== undefined &&
  Number.parseInt(execFileSync(userNode, ["--version"], { encoding: "utf8" }).slice(1), 10) < 26;
const skip = oldNode ? false : "no Node older than 26 on this machine, so nothing restarts";

/** A folder laid out like the package, with `main` as its program. */
function packaged(name: string, main: string | undefined, nodeModules = true): string {
  const top = join(folder, name);
  mkdirSync(join(top, "bin"), { recursive: true });
  mkdirSync(join(top, "dist/src/cli"), { recursive: true });
  cpSync(join(checkout, "bin/hopseal.js"), join(top, "bin/hopseal.js"));
  writeFileSync(join(top, "package.json"), '{ "type": "module" }');
  if (main !== undefined) writeFileSync(join(top, "dist/src/cli/main.js"), main);
  if (nodeModules) symlinkSync(join(checkout, "node_modules"), join(top, "node_modules"));
  return join(top, "bin/hopseal.js");
}

test("bin: an old Node hands over to the packaged one, with arguments, output and exit status", { skip }, async () => {
  const bin = packaged(
    "status",
    'console.log(process.versions.node.split(".")[0] >= 26, process.argv.slice(2)); console.error("e"); process.exitCode = 75;',
  );
  assert.deepEqual(await runAsUser(userNode ?? "", [bin, "a b", "--c"]), {
    status: 75,
    signal: null,
    stdout: "true [ 'a b', '--c' ]\n",
    stderr: "e\n",
  });
});

test("bin: SIGTERM, SIGINT and SIGHUP reach the program, which decides how to end", { skip }, async () => {
  const bin = packaged(
    "signals",
    `const timer = setInterval(() => {}, 1000);
     for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) {
       process.on(signal, () => { console.log("got", signal); clearInterval(timer); process.exitCode = 3; });
     }
     console.log("ready");`,
  );
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    const ended = await runAsUser(userNode ?? "", [bin], {
      onOutput: (text, kill) => {
        if (text.includes("ready")) kill(signal);
      },
    });
    assert.deepEqual(ended, { status: 3, signal: null, stdout: `ready\ngot ${signal}\n`, stderr: "" });
  }
});

test("bin: a program that dies of a signal is seen to die of it", { skip }, async () => {
  const bin = packaged("dies", "process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000);");
  const ended = await runAsUser(userNode ?? "", [bin]);
  assert.deepEqual([ended.status, ended.signal], [null, "SIGKILL"]);
});

test("bin: without a fitting Node it says what is needed", { skip }, async () => {
  const ended = await runAsUser(userNode ?? "", [packaged("alone", "", false)]);
  assert.equal(ended.status, 1);
  assert.match(
    ended.stderr,
    /^hopseal: Needs Node 26 or newer; this is v\d+\.\d+\.\d+, and no newer one was installed for /,
  );
});

test("bin: a new enough Node runs the program itself; a package without its program says so", async () => {
  const good = await runAsUser(process.execPath, [packaged("new", "console.log(process.argv[2])"), "x"]);
  assert.deepEqual([good.status, good.stdout], [0, "x\n"]);
  const empty = await runAsUser(process.execPath, [packaged("empty", undefined)]);
  assert.deepEqual([empty.status, empty.stdout], [1, ""]);
  assert.match(
    empty.stderr,
    /^hopseal: The program is not here: neither dist\/src\/cli\/main\.js nor src\/cli\/main\.ts exists/,
  );
});
