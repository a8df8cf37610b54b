/** `hopseal policy list` in processes of their own, beside a daemon that runs, with GnuPG as the signing program. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CommandFailure } from "../../../src/cli/exit.ts";
import { policyListCommand } from "../../../src/cli/policy/list.ts";
import { openGpg } from "../../support/gpg.ts";
import { MAIN, startHopseal } from "../../support/hopseal.ts";
import { listText } from "../../support/list-signer.ts";
import { needs } from "../../support/programs.ts";
import { vectors } from "../../support/vectors.ts";

const HOUR = 3_600_000;
const published = vectors("starttls-everywhere");

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command in this process, which takes a fraction of the time; what it prints are strings, what the runner writes are not. */
async function hopseal(folder: string, ...words: readonly string[]): Promise<Ran> {
  const out: string[] = [];
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = (chunk: string | Uint8Array): boolean => {
    if (typeof chunk !== "string") return write(chunk);
    out.push(chunk);
    return true;
  };
  const before = process.cwd();
  process.chdir(folder);
  const ended = await policyListCommand()
    .parseAsync(words.length === 0 ? ["show"] : [...words], { from: "user" })
    .then(() => ({ status: Number(process.exitCode ?? 0), err: "" }))
    .catch((error: unknown) => {
      if (!(error instanceof CommandFailure)) throw error;
      return { status: error.status, err: error.message };
    });
  process.chdir(before);
  process.stdout.write = write;
  process.exitCode = 0;
  return { ...ended, out: out.join("") };
}

/** The same in a process of its own. */
function spawned(folder: string, ...words: readonly string[]): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], {
    encoding: "utf8",
    cwd: folder,
    timeout: 30_000,
  });
  return { status: status ?? -1, out: stdout, err: stderr };
}

const BASE = `
hostname = "mx.rook.example"
data_dir = "data"
postmaster = "postmaster@rook.example"
`;

test("import, show and verify with a daemon that runs: taken on SIGHUP, never rolled back unless told", {
  skip: needs("gpg"),
}, async () => {
  using gpg = openGpg();
  const fingerprint = gpg.key();
  const folder = await mkdtemp(join(tmpdir(), "hopseal-list-"));
  const now = Date.now();
  const make = async (name: string, issued: number, policies: Record<string, string>): Promise<string> => {
    const octets = listText({ issued, policies });
    const signature = gpg.sign(octets, fingerprint);
    assert.ok(gpg.verifies(octets, signature));
    await writeFile(join(folder, name), octets);
    await writeFile(join(folder, `${name}.asc`), signature);
    return name;
  };
  try {
    await writeFile(join(folder, "key.asc"), gpg.exported(fingerprint));
    const spaced = fingerprint.toUpperCase().replaceAll(/(.{4})/g, "$1 ");
    const config = `${BASE}[[policy_list]]\nname = "ours"\nkey = "key.asc"\nfingerprint = "${spaced.trim()}"\n`;
    await using daemon = await startHopseal({ config, folder });
    const reloaded = async (nth: number): Promise<void> => {
      process.kill(daemon.pid, "SIGHUP");
      let seen = 0;
      await daemon.waitFor((line) => line["event"] === "reloaded" && ++seen === nth);
    };
    assert.deepEqual((await hopseal(folder)).out, "ours: nothing is stored yet\n");

    const first = await make("first.json", now - 2 * HOUR, { "pine.example": "enforce mx.pine.example" });
    assert.equal((await hopseal(folder, "verify", first)).status, 0);
    const imported = spawned(folder, "policy", "list", "import", first);
    assert.deepEqual([imported.status, imported.err], [0, ""]);
    assert.match(
      imported.out,
      /^ours has a new list\n {2}1 domains \(1 enforce, 0 testing; 0 of them by 0 aliases\)\n/,
    );
    await reloaded(1);

    const second = await make("second.json", now - HOUR, { "pine.example": "testing mx.pine.example" });
    assert.equal((await hopseal(folder, "import", second)).status, 0);
    await reloaded(2);
    // The daemon had the first one, or it could not tell the difference.
    const news = await daemon.waitFor((line) => line["event"] === "policy" && line["what"] === "weakened");
    assert.deepEqual([news["source"], news["domain"]], ["list", "ours"]);
    assert.match(String(news["text"]), /from second\.json .* 1 protected less: pine\.example$/);
    assert.deepEqual(
      (await hopseal(folder, "show", "Pine.Example.")).out,
      "ours says of pine.example: testing: mx.pine.example\n",
    );
    assert.deepEqual((await hopseal(folder, "show", "sub.pine.example")).out, "No list names sub.pine.example\n");
    assert.match((await hopseal(folder, "import", second)).out, /^ours has this list already\n/);

    const older = await hopseal(folder, "import", first);
    assert.deepEqual([older.status, older.out], [1, ""]);
    assert.match(older.err, /^first\.json is refused: it is older \(timestamp .*\) than the list in force \(/);
    const forced = await hopseal(folder, "import", first, "--force", "--json");
    const json = JSON.parse(forced.out) as {
      version: number;
      list: string;
      new: boolean;
      held: Record<string, unknown>;
    };
    assert.deepEqual([json.version, json.list, json.new], [1, "ours", true]);
    assert.deepEqual(
      [json.held["domains"], json.held["enforce"], json.held["ended"], json.held["from"]],
      [1, 1, false, "first.json"],
    );
    await reloaded(3);
    await daemon.waitFor(
      (line) => line["event"] === "policy" && /from first\.json .* 0 gone, 1 changed$/.test(String(line["text"])),
    );

    // What is not signed well is refused whatever is asked for.
    const altered = (await readFile(join(folder, second))).fill(33, 60, 61);
    await writeFile(join(folder, "altered.json"), altered);
    await cp(join(folder, "second.json.asc"), join(folder, "altered.json.asc"));
    assert.match(
      (await hopseal(folder, "import", "altered.json", "--force")).err,
      /altered\.json is refused: the signature is not good/,
    );
    assert.equal((await hopseal(folder, "import", second, "--signature", "first.json.asc", "--force")).status, 1);
    assert.match(
      (await hopseal(folder, "import", "altered.json", "--signature", "gone")).err,
      /needs a signature: ENOENT/,
    );
    const ended = await make("ended.json", now - 30 * 24 * HOUR, {});
    assert.match((await hopseal(folder, "import", ended, "--force")).err, /ended\.json is refused: it ended at /);
    const late = await hopseal(folder, "verify", ended);
    assert.deepEqual([late.status, /; it has ended$/m.test(late.out)], [1, true]);
    assert.deepEqual(await readdir(join(folder, "data", "lists")), ["ours.list"]);
    assert.equal(daemon.log.filter((line) => line["event"] === "fault" && line["where"] === "policy-list").length, 0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a damaged store ends the start and the import, says so, and --force repairs it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-list-"));
  try {
    await writeFile(join(folder, "hopseal.toml"), `${BASE}[[policy_list]]\nname = "ours"\n`);
    const list = join(folder, "list.json");
    await writeFile(
      list,
      listText({ issued: Date.now() - HOUR, policies: { "pine.example": "enforce .pine.example" } }),
    );
    assert.equal((await hopseal(folder, "import", "list.json")).status, 0);
    const stored = join(folder, "data", "lists", "ours.list");
    await writeFile(stored, (await readFile(stored)).subarray(0, -2));
    const shown = await hopseal(folder, "show");
    assert.deepEqual(
      [shown.status, /^The list ours cannot be used: .* is no stored list$/m.test(shown.out)],
      [1, true],
    );
    const run = spawned(folder, "run");
    assert.equal(run.status, 1);
    assert.match(run.err, /The policy list ours cannot be used: .*ours\.list is no stored list/);
    assert.match((await hopseal(folder, "import", "list.json")).err, /cannot be used: .*; --force replaces it/);
    assert.equal((await hopseal(folder, "import", "list.json", "--force")).status, 0);
    assert.match(
      (await hopseal(folder, "show", "pine.example")).out,
      /^ours says of pine\.example: enforce: \*\.pine\.example$/m,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("verify reads the last published list by its key, and says that it has ended", {
  skip: published.skip,
}, async () => {
  const file = (name: string): string => join(published.path, name);
  const by = ["--key", file("authority.key.bin"), "--fingerprint", "B693F33372E965D76D55368616EEA65D03326C9D"];
  const verified = await hopseal(tmpdir(), "verify", file("policy.json"), ...by, "--json");
  assert.equal(verified.status, 1);
  const { held } = JSON.parse(verified.out) as { held: Record<string, unknown> };
  const { taken: _taken, from: _from, ...rest } = held;
  assert.deepEqual(rest, {
    issued: "2020-05-20T17:25:12.710Z",
    ends: "2020-06-03T17:25:12.710Z",
    ended: true,
    author: "Electronic Frontier Foundation https://eff.org",
    signer: "2c319de47066c200dfdc4d6b842aea40c5bcd6e1",
    signed: "2020-05-20T17:25:12.000Z",
    domains: 926,
    enforce: 361,
    testing: 565,
    alias: 12,
    aliases: 4,
  });
});

test("wrong usage is 2: no list, several lists, an unknown list, half a key", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-list-"));
  const said = async (...words: readonly string[]): Promise<readonly [number, string]> => {
    const { status, err } = await hopseal(folder, ...words);
    return [status, err];
  };
  try {
    await writeFile(join(folder, "hopseal.toml"), BASE);
    assert.deepEqual(await said("import", "x"), [2, "There is no [[policy_list]] in the configuration"]);
    assert.equal((await hopseal(folder, "show")).out, "There is no [[policy_list]] in the configuration\n");
    await writeFile(join(folder, "hopseal.toml"), `${BASE}[[policy_list]]\nname = "a"\n[[policy_list]]\nname = "b"\n`);
    assert.deepEqual(await said("import", "x"), [2, "There are several lists; name one with --list: a, b"]);
    assert.deepEqual(await said("import", "x", "--list", "c"), [2, "There is no list c; there is a, b"]);
    assert.deepEqual(await said("verify", "x", "--key", "k"), [2, "--key and --fingerprint belong together"]);
    assert.equal((await said("verify", "x", "--key", "k", "--fingerprint", "zz"))[0], 2);
    assert.equal((await said("show", "no domain"))[0], 2);
    assert.equal((await said("verify", "x", "--unsigned"))[0], 1);
    for (const [at, name] of ["a", "b"].entries()) {
      await writeFile(
        join(folder, "list.json"),
        listText({ issued: Date.now() - HOUR, policies: { "pine.example": `enforce mx${at}.pine.example` } }),
      );
      assert.deepEqual(await said("import", "list.json", "--list", name), [0, ""]);
    }
    assert.equal(
      (await hopseal(folder, "show", "pine.example")).out,
      "a says of pine.example: enforce: mx0.pine.example\nb says of pine.example: enforce: mx1.pine.example (not heard: an earlier list names the domain)\n",
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
