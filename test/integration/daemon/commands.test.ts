import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { connectPlain, MAY, outgoing } from "../../support/client.ts";
import { testCa } from "../../support/certificates.ts";
import { MAIN, type RunningHopseal, startHopseal } from "../../support/hopseal.ts";
import { cannotGiveUpRoot } from "../../support/root.ts";
import { utf8 } from "../../../src/base/mod.ts";

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line as a user does. */
function hopseal(args: readonly string[], input = ""): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: "pipe" });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, out, err }));
    child.stdin.on("error", () => undefined).end(input);
  });
}

const folders: string[] = [];
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-commands-"));
  folders.push(folder);
  return folder;
}

const CONFIG = `
hostname = "mx.rook.example"
data_dir = "data"
postmaster = "bo@rook.example"
[[listen]]
address = "127.0.0.1:0"
tls = "none"
[[domain]]
name = "rook.example"
[[route]]
recipients = ["rook.example"]
deliver = { maildir = "mail/{localpart}" }
[[route]]
recipients = ["*"]
deliver = { smtp = "127.0.0.1:9" }
`;

async function house(): Promise<{ folder: string; file: string }> {
  const folder = await newFolder();
  for (const part of ["cur", "new", "tmp"]) await mkdir(join(folder, "mail", "bo", part), { recursive: true });
  const file = join(folder, "hopseal.toml");
  await writeFile(file, CONFIG);
  return { folder, file };
}

test("send and queue work while the daemon is down, and the message leaves when it starts", async () => {
  const { folder, file } = await house();
  const sent = await hopseal(
    ["send", "-c", file, "--from", "ada@pine.example", "--to", "Bo@rook.example", "--json"],
    "Subject: hi\n\nhello\n.\n",
  );
  assert.equal(sent.status, 0, sent.err);
  const { id, running } = JSON.parse(sent.out) as { id: string; running: boolean };
  assert.equal(running, false);
  const shown = JSON.parse((await hopseal(["queue", "show", id, "-c", file, "--json"])).out) as {
    message: Record<string, unknown>;
  };
  assert.equal(shown.message["from"], "<ada@pine.example>");
  assert.equal(shown.message["origin"], "local");
  const daemon = await startHopseal({ config: CONFIG, folder });
  await daemon.waitFor((line) => line["event"] === "attempt" && line["outcome"] === "delivered");
  assert.match((await hopseal(["queue", "list", "-c", file])).out, /The queue is empty/);
  assert.equal(await daemon.stop(), 0);
  const [name = ""] = await readdir(join(folder, "mail", "bo", "new"));
  const text = await readFile(join(folder, "mail", "bo", "new", name), "utf8");
  assert.match(
    text,
    /^Return-Path: <ada@pine\.example>\nDelivered-To: bo@rook\.example\nReceived: by mx\.rook\.example[^;]*;[^\n]*\n(?:\s[^\n]*\n)*Date: .*\nMessage-ID: <[0-9a-z]+@mx\.rook\.example>\nFrom: <ada@pine\.example>\nSubject: hi\n\nhello\n\.\n$/,
  );
});

test("send and queue go through the control socket of a running daemon; --tls becomes a demand that holds", async () => {
  const { folder, file } = await house();
  await using daemon = await startHopseal({ config: CONFIG, folder });
  const sent = await hopseal([
    "send",
    "-c",
    file,
    "--from",
    "<>",
    "--to",
    "x@pine.example",
    "--subject",
    "Grüße",
    "--text",
    "a\nb",
    "--tls",
    "secure",
    "--json",
  ]);
  assert.equal(sent.status, 0, sent.err);
  const { id, running } = JSON.parse(sent.out) as { id: string; running: boolean };
  assert.equal(running, true);
  const attempt = await daemon.waitFor((line) => line["event"] === "attempt" && line["id"] === id);
  assert.match(String(attempt["tls"]), /^secure:!/);
  const listed = JSON.parse((await hopseal(["queue", "-c", file, "--json"])).out) as {
    messages: { id: string; tlsDemand: string; destinations: { state: string }[] }[];
  };
  assert.deepEqual(
    listed.messages.map((one) => [one.id, one.tlsDemand, one.destinations[0]?.state]),
    [[id, "secure", "waiting"]],
  );
  const people = await hopseal(["queue", "show", id, "-c", file]);
  assert.match(people.out, /demands {3}tls secure\n/);
  assert.match(people.out, /pine\.example: waiting, 1 attempt\(s\)/);
  assert.match((await hopseal(["queue", "release", id, "-c", file])).out, /Nothing of that is on hold/);
  assert.match((await hopseal(["queue", "retry", id, "-c", file])).out, /1 destination\(s\) are due now/);
  await daemon.waitFor((line) => line["event"] === "attempt" && line["id"] === id && line["attempt"] === 2);
});

test("commands name what is wrong, and their exit status says which kind of wrong", async () => {
  const { file, folder } = await house();
  await writeFile(join(folder, "broken.toml"), 'hostname = "x y"\n');
  const cases: [string[], number, RegExp][] = [
    [
      ["send", "-c", file, "--from", "a@b.example", "--to", "nobody@rook.example", "--text", "x"],
      1,
      /There is no mailbox nobody@rook\.example here/,
    ],
    [
      ["send", "-c", file, "--from", "not an address", "--to", "bo@rook.example", "--text", "x"],
      2,
      /--from: .*not an address/,
    ],
    [
      ["send", "-c", file, "--from", "a@b.example", "--to", "bo@rook.example"],
      2,
      /There is no message on standard input/,
    ],
    [
      ["send", "-c", file, "--from", "a@b.example", "--to", "bo@rook.example", "absent.eml"],
      2,
      /Cannot read absent\.eml/,
    ],
    [
      ["send", "-c", file, "--from", "a@b.example", "--to", "bo@rook.example", "--tls", "most"],
      2,
      /Allowed choices are may, encrypt, secure/,
    ],
    [["queue", "show", "0nosuchid", "-c", file], 1, /There is no message 0nosuchid in the queue/],
    [["queue", "release", "0nosuchid", "-c", file], 75, /The daemon is not running; start it to release mail/],
    [["queue", "list", "--limit", "many", "-c", file], 2, /--limit takes a whole number/],
    [["queue", "list", "-c", join(folder, "absent.toml")], 1, /absent\.toml: error: Cannot read the file: ENOENT/],
    [["config", "explain", "-c", join(folder, "broken.toml")], 1, /broken\.toml:1:1: error: hostname:/],
    [["run", "-c", join(folder, "broken.toml")], 1, /broken\.toml:1:1: error: hostname:/],
    [["frobnicate"], 2, /unknown command 'frobnicate'/],
  ];
  for (const [args, status, message] of cases) {
    const ended = await hopseal(args);
    assert.equal(ended.status, status, `${args.join(" ")}: ${ended.err}`);
    assert.match(ended.err, message);
  }
  const checked = await hopseal(["config", "check", join(folder, "broken.toml"), "--json"]);
  assert.equal(checked.status, 1);
  assert.equal((JSON.parse(checked.out) as { ok: boolean }).ok, false);
  assert.match((await hopseal(["config", "explain", "-c", file])).out, /tls_policy \(default\) = "may"/);
});

test("run: what cannot be had is said, and nothing half open stays", async () => {
  const { folder, file } = await house();
  await using daemon = await startHopseal({ config: CONFIG, folder });
  const second = await hopseal(["run", "-c", file]);
  assert.equal(second.status, 1);
  assert.match(second.err, /A daemon runs with data_dir \S*\/data already/);
  const other = await house();
  await writeFile(other.file, CONFIG.replace("127.0.0.1:0", `127.0.0.1:${daemon.ports[0]}`));
  const taken = await hopseal(["run", "-c", other.file]);
  assert.equal(taken.status, 1);
  assert.match(taken.err, /Cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/);
  await assert.rejects(stat(join(other.folder, "data")), "the data folder was made though the port was taken");
});

test("run: SIGHUP takes new certificates and recipients; a broken file leaves the old in force", async () => {
  const folder = await newFolder();
  const ca = await testCa();
  const [old, fresh] = [await ca.issue(["mx.rook.example"]), await ca.issue(["mx.rook.example", "new.rook.example"])];
  const config = CONFIG.replace('tls = "none"', "").replace(
    'name = "rook.example"',
    'name = "rook.example"\nrecipients = "file"\nrecipients_file = "who"',
  );
  await using daemon = await startHopseal({
    config: `${config}[[certificate]]\nchain = "mx.pem"\nkey = "mx.key"\n`,
    folder,
    files: { who: "bo # the first\n", "mx.pem": old.chain, "mx.key": old.key },
  });
  const rcpt = async (to: string): Promise<number> => {
    const session = await connectPlain(daemon.ports[0] ?? 0);
    assert.ok(!("kind" in session));
    const result = await session.send(outgoing({ content: utf8("Subject: x\r\n\r\n"), to: [to] }), MAY);
    await session.quit();
    assert.ok(!("kind" in result));
    return result.recipients[0]?.code ?? 0;
  };
  assert.equal(await rcpt("ann@rook.example"), 550);
  await writeFile(join(folder, "who"), "bo\nann@rook.example\n");
  await writeFile(join(folder, "mx.pem"), "nonsense");
  process.kill(daemon.pid, "SIGHUP");
  const fault = await daemon.waitFor((line) => line["event"] === "fault" && line["where"] === "reload");
  assert.match(String(fault["text"]), /mx\.pem/);
  assert.equal(await rcpt("ann@rook.example"), 250);
  await writeFile(join(folder, "mx.pem"), fresh.chain);
  await writeFile(join(folder, "mx.key"), fresh.key);
  process.kill(daemon.pid, "SIGHUP");
  await daemon.waitFor((line) => line["event"] === "reloaded" && line["problems"] === 0);
});

test("run and send: root is given up, so that the daemon can open what either wrote", {
  skip: await cannotGiveUpRoot(),
}, async () => {
  const { folder, file } = await house();
  const config = `user = "nobody"\n${CONFIG}`;
  await writeFile(file, config);
  await mkdir(join(folder, "data"));
  await chmod(folder, 0o755);
  for (const path of ["data", "mail", "mail/bo", "mail/bo/cur", "mail/bo/new", "mail/bo/tmp"]) {
    await chown(join(folder, path), NOBODY, NOBODY);
  }
  const sent = await hopseal(["send", "-c", file, "--from", "<>", "--to", "bo@rook.example", "--text", "x"]);
  assert.equal(sent.status, 0, sent.err);
  assert.equal((await stat(join(folder, "data", "shard-0"))).uid, NOBODY);
  await using daemon: RunningHopseal = await startHopseal({ config, folder });
  await daemon.waitFor((line) => line["event"] === "attempt" && line["outcome"] === "delivered");
  const status = await readFile(`/proc/${daemon.pid}/status`, "utf8");
  assert.match(status, /^Uid:\t65534\t65534\t65534\t65534$/m);
  assert.match(status, /^Groups:\t65534 $/m);
  const socket = await stat(join(folder, "data", "control.sock"));
  assert.equal(socket.mode & 0o777, 0o600);
  assert.equal(socket.uid, NOBODY);
  assert.equal((await stat(join(folder, "data"))).mode & 0o777, 0o700);
});

test("demo: every message meets the fate that its policy asks for", async () => {
  const ended = await hopseal(["demo", "--json"]);
  assert.equal(ended.status, 0, ended.err);
  const { good, stories } = JSON.parse(ended.out) as {
    good: boolean;
    stories: { to: string; actual: string; outcome: string }[];
  };
  assert.equal(good, true);
  assert.deepEqual(
    stories.map(({ to, actual, outcome }) => [to, actual.split(",", 1)[0], outcome.split(" ", 1)[0]]),
    [
      ["bo@rook.example", "may:encrypted", "delivered"],
      ["bo@birch.example", "may:plaintext", "delivered"],
      ["bo@oak.example", "secure:webpki", "delivered"],
      ["bo@elm.example", "secure:!starttls", "deferred"],
    ],
  );
});

const NOBODY = 65_534;
