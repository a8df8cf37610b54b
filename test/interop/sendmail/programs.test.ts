import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { MAIN, type RunningHopseal, startHopseal } from "../../support/hopseal.ts";
import { needs } from "../../support/programs.ts";

const PYTHON = `
import subprocess, sys
from email.message import EmailMessage
from email.policy import SMTP
message = EmailMessage(policy=SMTP)
message["From"] = "Ada <ada@rook.example>"
message["To"] = "Bo <bo@rook.example>"
message["Bcc"] = "cy@rook.example"
message["Subject"] = "from Python"
message.set_content("grüße\\n.\\nend\\n", cte="8bit")
subprocess.run([sys.argv[1], "-t", "-oi"], input=message.as_bytes(), check=True)
`;

test("Python's email package by sendmail -t -oi: CRLF, 8-bit, a Bcc that nobody sees", {
  skip: needs("python3"),
}, async () => {
  await using hopseal = await startHouse();
  await run("python3", ["-c", PYTHON, await command(hopseal)]);
  for (const name of ["bo", "cy"]) {
    const text = await delivered(hopseal, name);
    assert.match(text, /\nFrom: Ada <ada@rook\.example>\n/);
    assert.doesNotMatch(text, /bcc/i);
    assert.ok(text.endsWith("\n\ngrüße\n.\nend\n"), text);
    assert.match(text, /\nContent-Transfer-Encoding: 8bit\n/);
  }
});

test("mail(1) with sendmail set to ours: subject, several recipients, -c and -b", { skip: needs("mail") }, async () => {
  await using hopseal = await startHouse();
  const rc = join(hopseal.folder, "mailrc");
  await writeFile(rc, `set sendmail=${await command(hopseal)}\n`);
  await run("mail", ["-s", "from mail", "-c", "bo@rook.example", "-b", "cy@rook.example", "ada@rook.example"], {
    input: "first\n.\nafter the dot\n",
    env: { MAILRC: rc },
  });
  for (const name of ["ada", "bo", "cy"]) {
    const text = await delivered(hopseal, name);
    assert.match(text, /\nSubject: from mail\n/);
    assert.match(text, /\nfirst\n/);
    assert.doesNotMatch(text, /^bcc:/im);
  }
});

/** The words that programs are known to call sendmail with, and what they give it. */
const CALLS: readonly [
  program: string,
  words: readonly string[],
  input: string,
  to: string,
  expected: readonly RegExp[],
][] = [
  [
    "cron",
    ["-FCronDaemon", "-i", "-B8BITMIME", "-oem", "bo@rook.example"],
    "From: root (Cron Daemon)\nTo: bo@rook.example\nSubject: Cron <root@rook> date\n\ngrüße\n",
    "bo",
    [/\nSubject: Cron <root@rook> date\n/, /\n\ngrüße\n$/],
  ],
  [
    "cron, an output alone",
    ["-i", "-FCronDaemon", "-oem", "bo@rook.example"],
    "backup: 3 files\nall is well\n",
    "bo",
    [/\nFrom: .*CronDaemon/, /\nbackup: 3 files\n\nall is well\n$/],
  ],
  [
    "a script with a name and no header",
    ["-F", "Backup", "bo@rook.example"],
    "all is well\nbackup: 3 files\n",
    "bo",
    [/\nFrom: .*Backup/, /\n\nall is well\nbackup: 3 files\n$/],
  ],
  ["a local user without a domain", ["-i", "bo"], "Subject: x\n\nx\n", "bo@mx", [/\n\nx\n$/]],
  [
    "git send-email",
    ["-i", "-f", "ada@rook.example", "--", "bo@rook.example"],
    "From: Ada <ada@rook.example>\nTo: bo@rook.example\nSubject: [PATCH] x\nDate: Sun, 22 Nov 2026 08:00:00 +0000\nMessage-Id: <1@rook.example>\nX-Mailer: git-send-email 2.39.5\n\n---\n x | 1 +\n-- \n2.39.5\n",
    "bo",
    [/^Return-Path: <ada@rook\.example>\n/, /\nMessage-Id: <1@rook\.example>\n/, /\n-- \n2\.39\.5\n$/],
  ],
  [
    "PHP's mail()",
    ["-t", "-i", "-fada@rook.example"],
    "To: bo@rook.example\r\nSubject: x\r\nX-PHP-Originating-Script: 0:x.php\r\n\r\n.\r\nx\r\n",
    "bo",
    [/^Return-Path: <ada@rook\.example>\n/, /\n\n\.\nx\n$/],
  ],
  [
    "mutt",
    ["-oem", "-oi", "-f", "ada@rook.example", "--", "bo@rook.example"],
    "From: Ada <ada@rook.example>\nTo: bo@rook.example\nSubject: x\n\nx\n",
    "bo",
    [/\nFrom: Ada <ada@rook\.example>\n/],
  ],
  [
    "anacron",
    ["-FAnacron", "-odi", "bo@rook.example"],
    "From: Anacron\nTo: bo@rook.example\nSubject: x\n\nx\n",
    "bo",
    [/\n\nx\n$/],
  ],
  [
    "a notifier with the null sender",
    ["-f", "<>", "-oi", "-t"],
    "From: MAILER-DAEMON@rook.example\nTo: bo@rook.example\nSubject: x\n\nx\n",
    "bo",
    [/^Return-Path: <>\n/],
  ],
  [
    "a script that asks for notices",
    ["-N", "success,failure", "-R", "hdrs", "-V", "e1", "-f", "ada@rook.example", "bo@rook.example"],
    "Subject: x\n\nx\n",
    "bo",
    [/\n\nx\n$/],
  ],
];

test("sendmail with the words of programs that are not here: each message arrives as it was meant", async (t) => {
  await using hopseal = await startHouse();
  const taken = new Map<string, number>();
  for (const [program, words, input, to, expected] of CALLS) {
    await t.test(program, async () => {
      await run(await command(hopseal), words, { input });
      const nth = (taken.get(to) ?? 0) + 1;
      taken.set(to, nth);
      const text = await delivered(hopseal, to, nth);
      for (const one of expected) assert.match(text, one);
      for (const field of [/\nDate: /, /\nMessage-Id: /i, /\nFrom: /]) assert.match(text, field);
    });
  }
});

async function startHouse(): Promise<RunningHopseal> {
  return await startHopseal({
    config: `
hostname = "mx.rook.example"
data_dir = "{folder}/data"
postmaster = "ada@rook.example"
[[listen]]
address = "127.0.0.1:0"
tls = "none"
[[domain]]
name = "rook.example"
recipients = "any"
[[domain]]
name = "mx.rook.example"
recipients = "any"
[[route]]
recipients = ["mx.rook.example"]
deliver = { maildir = "{folder}/mail/{localpart}@mx" }
[[route]]
recipients = ["rook.example"]
deliver = { maildir = "{folder}/mail/{localpart}" }
`,
  });
}

/** An executable that stands for /usr/sbin/sendmail. */
async function command(hopseal: RunningHopseal): Promise<string> {
  const file = join(hopseal.folder, "sendmail");
  await writeFile(file, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' sendmail -C '${hopseal.configFile}' "$@"\n`, {
    mode: 0o755,
  });
  return file;
}

async function run(
  program: string,
  words: readonly string[],
  { input = "", env = {} }: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<void> {
  const child = spawn(program, words, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (said += text.toString()));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const status = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  assert.deepEqual([status, said], [0, ""], program);
}

/** The nth message for that recipient. */
async function delivered(hopseal: RunningHopseal, to: string, nth = 1): Promise<string> {
  const address = to.includes("@") ? `${to}.rook.example` : `${to}@rook.example`;
  let seen = 0;
  await hopseal.waitFor((line) => line["to"] === address && line["outcome"] === "delivered" && ++seen === nth);
  const folder = join(hopseal.folder, "mail", to, "new");
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })),
  );
  const newest = files.sort((one, other) => other.at - one.at)[0]?.name ?? "";
  return await readFile(join(folder, newest), "utf8");
}
