import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { checkout, type Ended, runAsUser } from "./machine.ts";

const folder = mkdtempSync(join(tmpdir(), "hopseal-package-"));
after(() => rmSync(folder, { recursive: true }));
const version: string = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")).version;

test("package: built, packed and installed offline into an empty folder, the command and the import work", async (t) => {
  const tarball = await packedTarball();
  const home = join(folder, "home");
  const installed = await install(tarball, home);
  if (installed.status !== 0 && COLD.test(installed.stderr)) {
    t.skip(`npm's cache holds not all dependencies and no registry gives them: ${firstLine(installed.stderr)}`);
    return;
  }
  assert.equal(installed.status, 0, installed.stderr);

  const bin = join(home, "node_modules/.bin/hopseal");
  const said = await runAsUser(bin, ["--version"], { cwd: home });
  assert.deepEqual(said, { status: 0, signal: null, stdout: `${version}\n`, stderr: "" });

  const shown = await runAsUser(bin, ["demo", "--json"], { cwd: home });
  assert.equal(shown.status, 0, shown.stderr);

  const script = 'const all = await import("hopseal"); console.log(typeof all.decide);';
  const imported = await runAsUser(process.execPath, ["--input-type=module", "-e", script], { cwd: home });
  assert.deepEqual(imported, { status: 0, signal: null, stdout: "function\n", stderr: "" });

  await worksInProcesses(bin, home);
});

/** Workers are started from the compiled files, by the Node that runs the program. */
async function worksInProcesses(bin: string, home: string): Promise<void> {
  const file = join(home, "hopseal.toml");
  writeFileSync(file, SEVERAL.replaceAll("{folder}", home));
  let told: Promise<Ended> | undefined;
  const ended = await runAsUser(bin, ["run", "-c", file], {
    cwd: home,
    onOutput: (text, kill) => {
      if (told !== undefined || !text.includes('"event":"ready"')) return;
      told = runAsUser(bin, ["status", "-c", file, "--json"], { cwd: home }).finally(() => kill("SIGTERM"));
    },
  });
  assert.deepEqual([ended.status, ended.signal], [0, null], `${ended.stdout}\n${ended.stderr}`);
  assert.ok(told !== undefined, ended.stdout);
  const status = JSON.parse(succeeded(await told).stdout) as { readonly workers: readonly object[] };
  assert.partialDeepStrictEqual(status.workers, [
    { number: 0, state: "ready", shards: [0] },
    { number: 1, state: "ready", shards: [1] },
  ]);
}

/** Builds in a copy of the checkout, so that nothing beside sees a half-made dist/. */
async function packedTarball(): Promise<string> {
  const copy = join(folder, "copy");
  mkdirSync(copy);
  for (const entry of COPIED.filter((entry) => existsSync(join(checkout, entry)))) {
    cpSync(join(checkout, entry), join(copy, entry), { recursive: true });
  }
  symlinkSync(join(checkout, "node_modules"), join(copy, "node_modules"));
  succeeded(await runAsUser("npm", ["run", "-s", "build"], { cwd: copy }));
  const packed = succeeded(await runAsUser("npm", ["pack", "--json", "--pack-destination", folder], { cwd: copy }));
  const [result] = Object.values(JSON.parse(packed.stdout) as Record<string, Packed>);
  assert.ok(result !== undefined);
  const paths = result.files.map((file) => file.path);
  for (const path of ["bin/hopseal.js", "dist/src/mod.js", "dist/src/mod.d.ts", "dist/src/cli/main.js", "LICENSE"]) {
    assert.ok(paths.includes(path), `the package holds ${path}`);
  }
  const strange = paths.filter(
    (path) => !/^(?:bin|dist|rfc)\/|^(?:README|CHANGELOG)\.md$|^LICENSE$|^package\.json$/.test(path),
  );
  assert.deepEqual(strange, []);
  assert.deepEqual(
    paths.filter((path) => path.includes(".test.")),
    [],
  );
  return join(folder, result.filename);
}

/** Offline; when npm's cache lacks something it is filled first, from wherever npm is configured to fetch. */
async function install(tarball: string, home: string): Promise<Ended> {
  const first = await npmInstall(tarball, home, "--offline");
  if (first.status === 0 || !COLD.test(first.stderr)) return first;
  const primed = await npmInstall(tarball, join(folder, "prime"), "--prefer-offline");
  return primed.status === 0 ? npmInstall(tarball, home, "--offline") : primed;
}

function npmInstall(tarball: string, home: string, mode: string): Promise<Ended> {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home);
  writeFileSync(join(home, "package.json"), '{ "private": true }\n');
  const options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  return runAsUser("npm", ["install", mode, ...options, tarball], { cwd: home });
}

const SEVERAL = `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "bo@rook.example"
workers = 2
[[listen]]
address = "127.0.0.1:0"
tls = "none"
[[domain]]
name = "rook.example"
recipients = "any"
[log]
target = "stdout"
`;

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

function succeeded(ended: Ended): Ended {
  assert.equal(ended.status, 0, `${ended.stdout}\n${ended.stderr}`);
  return ended;
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0] ?? "";
}

/** What npm says when a package is not in its cache, or when it reaches no registry. */
const COLD = /ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH/;
const COPIED = [
  "bin",
  "lab",
  "rfc",
  "src",
  "tools",
  ".npmrc",
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "package.json",
  "tsconfig.json",
  "tsconfig.build.json",
];
