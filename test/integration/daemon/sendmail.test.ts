import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmod, link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { MAIN, startHopseal } from "../../support/hopseal.ts";
import { cannotGiveUpRoot } from "../../support/root.ts";

const CONFIG = `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
drop_dir = "{folder}/drop"
postmaster = "ann@rook.example"
message_size = "100 KB"
[[domain]]
name = "rook.example"
recipients = ["ann", "bo", "cy"]
[[domain]]
name = "mx.rook.example"
recipients = "any"
[[route]]
recipients = ["rook.example", "mx.rook.example"]
deliver = { maildir = "{folder}/mail/{localpart}" }
`;

const TEXT = [
  "To: Ann <ann@rook.example>",
  "Bcc: bo@rook.example,",
  " cy@rook.example",
  "Subject: hello",
  "",
  "first",
  ".",
  "after the dot",
  "",
].join("\n");

test("sendmail -t: recipients from the header, no Bcc on the way, Date and Message-ID put in; the dot ends it", async () => {
  await using hopseal = await startHopseal({ config: CONFIG });
  const ran = await run(["-t", "-f", "bo@rook.example", "-F", "Bo O'Neill", "-C", hopseal.configFile], TEXT);
  assert.deepEqual(ran, { status: 0, said: "" });
  for (const name of ["ann", "bo", "cy"]) {
    const text = await delivered(hopseal, name);
    assert.match(text, /^Return-Path: <bo@rook\.example>/m);
    assert.match(text, /^From: "Bo O'Neill" <bo@rook\.example>\r?$/m);
    assert.match(text, /^Date: /m);
    assert.match(text, /^Message-ID: /m);
    assert.doesNotMatch(text, /^bcc:/im);
    assert.equal(text.includes("cy@rook.example"), name === "cy");
    assert.match(text, /\nfirst\r?\n$/);
  }
});

test("sendmail -i with the daemon down: the message waits in the drop folder and leaves at the next start", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-sendmail-"));
  try {
    const first = await startHopseal({ config: CONFIG, folder });
    await first.stop();
    const ran = await run(["-i", "-f", "<>", "-C", first.configFile, "ann@rook.example"], TEXT);
    assert.deepEqual(ran, { status: 0, said: "" });
    assert.equal((await readdir(join(folder, "drop"))).length, 1);
    await using hopseal = await startHopseal({ config: CONFIG, folder });
    const text = await delivered(hopseal, "ann");
    assert.match(text, /^Return-Path: <>/m);
    assert.match(text, /\n\.\r?\nafter the dot\r?\n$/);
    assert.deepEqual(await readdir(join(folder, "drop")), []);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("sendmail as a user who may not talk to the daemon: by the drop folder", {
  skip: await cannotGiveUpRoot(),
}, async () => {
  await using hopseal = await startHopseal({ config: CONFIG });
  await chmod(hopseal.folder, 0o755);
  await chmod(hopseal.configFile, 0o644);
  const ran = await run(["-C", hopseal.configFile, "ann@rook.example"], TEXT, { uid: NOBODY, gid: NOBODY });
  assert.deepEqual(ran, { status: 0, said: "" });
  assert.match(await delivered(hopseal, "ann"), /^Return-Path: <nobody@mx\.rook\.example>/m);
});

test("the drop folder: what is no message of ours is set aside with a fault, and never read through a link", async () => {
  await using hopseal = await startHopseal({ config: CONFIG });
  const drop = join(hopseal.folder, "drop");
  const secret = join(hopseal.folder, "secret");
  await writeFile(secret, "hopseal-drop-1 tls=may&from=&to=ann%40rook.example\nSubject: secret\n\n");
  await symlink(secret, join(drop, "link.drop"));
  await link(secret, join(drop, "hard.drop"));
  await mkdir(join(drop, "folder.drop"));
  await writeFile(join(drop, ".unfinished"), "hopseal-drop-1 ");
  await writeFile(join(drop, "form.drop"), "something else\n");
  await writeFile(join(drop, "large.drop"), Buffer.alloc(2_000_000));
  await writeFile(join(drop, "whom.drop"), "hopseal-drop-1 tls=may&from=&to=who%40rook.example\n\n");
  for (const name of ["link", "hard", "folder", "form", "large", "whom"]) {
    await hopseal.waitFor((line) => String(line["text"]).includes(`${name}.refused cannot be taken`));
  }
  const names = (await readdir(drop)).sort();
  assert.deepEqual(
    names.filter((name) => !name.startsWith(".")),
    ["folder.refused", "form.refused", "hard.refused", "large.refused", "link.refused", "whom.refused"],
  );
  const ran = await run(["-C", hopseal.configFile, "ann@rook.example"], TEXT);
  assert.equal(ran.status, 0);
  assert.doesNotMatch(await delivered(hopseal, "ann"), /secret/);
});

test("sendmail: the codes of sysexits", async () => {
  await using hopseal = await startHopseal({ config: CONFIG });
  const config = ["-C", hopseal.configFile];
  const table: readonly [words: readonly string[], input: string, status: number, said: RegExp][] = [
    [["-Z"], "", 64, /-Z is no option/],
    [[...config], TEXT, 64, /Name a recipient, or use -t/],
    [[...config, "-t"], "Subject: x\n\n", 64, /The header names no recipient/],
    [[...config, "-t"], "To: a@b@c\n\n", 65, /is no address/],
    [[...config, "a b@rook.example"], TEXT, 65, /a b@rook/],
    [[...config, "ann@rook.example"], "x".repeat(120_000), 65, /more than 100000 octets/],
    [[...config, "who@rook.example"], TEXT, 69, /./],
    [["-C", "/nonexistent.toml", "ann@rook.example"], TEXT, 78, /nonexistent/],
    [["-bi"], "", 0, /^$/],
    [["--help"], "", 0, /Usage: hopseal sendmail/],
  ];
  for (const [words, input, status, said] of table) {
    const ran = await run(words, input);
    assert.equal(ran.status, status, `${words.join(" ")}: ${ran.said}`);
    assert.match(ran.said, said);
  }
});

test("sendmail: with neither daemon nor drop folder the caller is told to try again", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-sendmail-"));
  try {
    await writeFile(join(folder, "hopseal.toml"), CONFIG.replaceAll("{folder}", folder));
    const ran = await run(["-C", join(folder, "hopseal.toml"), "ann@rook.example"], TEXT);
    assert.equal(ran.status, 75);
    assert.match(ran.said, /The daemon does not run\. Cannot leave the message/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("the program under the name of mailq lists the queue", async () => {
  await using hopseal = await startHopseal({ config: CONFIG });
  const bin = fileURLToPath(new URL("../../../bin/hopseal.js", import.meta.url));
  await symlink(bin, join(hopseal.folder, "mailq"));
  const child = spawn(process.execPath, [join(hopseal.folder, "mailq"), "-C", hopseal.configFile]);
  const ran = await ended(child);
  assert.equal(ran.status, 0, ran.said);
});

async function run(
  words: readonly string[],
  input: string,
  user: { uid?: number; gid?: number } = {},
): Promise<{ status: number | null; said: string }> {
  // Another user cannot write where the coverage of the tests is collected.
  const env = user.uid === undefined ? process.env : { ...process.env, NODE_V8_COVERAGE: undefined };
  const child = spawn(process.execPath, [MAIN, "sendmail", ...words], { ...user, env });
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  return await ended(child);
}

async function ended(child: ReturnType<typeof spawn>): Promise<{ status: number | null; said: string }> {
  let said = "";
  child.stdout?.on("data", (text: Buffer) => (said += text.toString("utf8")));
  child.stderr?.on("data", (text: Buffer) => (said += text.toString("utf8")));
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, said }));
  });
}

async function delivered(hopseal: Awaited<ReturnType<typeof startHopseal>>, name: string): Promise<string> {
  await hopseal.waitFor(
    (line) => line["event"] === "attempt" && line["to"] === `${name}@rook.example` && line["outcome"] === "delivered",
  );
  const folder = join(hopseal.folder, "mail", name, "new");
  const [file = ""] = await readdir(folder);
  return await readFile(join(folder, file), "utf8");
}

const NOBODY = 65534;
