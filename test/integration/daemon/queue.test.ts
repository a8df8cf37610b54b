import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { MAIN, type RunningHopseal, startHopseal } from "../../support/hopseal.ts";

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line as a user does. */
function hopseal(args: readonly string[], input: string | Buffer = ""): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: "pipe" });
    let out = "";
    let err = "";
    child.stdout.setEncoding("latin1").on("data", (text: string) => (out += text));
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

/** Everything goes to a port where nobody listens, so it stays. */
const CONFIG = `
hostname = "mx.rook.example"
data_dir = "data"
postmaster = "bo@rook.example"
[[listen]]
address = "127.0.0.1:0"
tls = "none"
[[route]]
recipients = ["*"]
deliver = { smtp = "127.0.0.1:9" }
`;

interface House {
  readonly folder: string;
  readonly file: string;
  /** `hopseal queue …` with this configuration. */
  queue(...args: readonly string[]): Promise<Ended>;
  /** The same with --json, parsed; ends the test unless it exits with 0. */
  json(...args: readonly string[]): Promise<Record<string, unknown>>;
  send(from: string, to: readonly string[], text?: string): Promise<string>;
}

async function house(): Promise<House> {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-queue-"));
  folders.push(folder);
  const file = join(folder, "hopseal.toml");
  await writeFile(file, CONFIG);
  const queue: House["queue"] = (...args) => hopseal(["queue", ...args, "-c", file]);
  return {
    folder,
    file,
    queue,
    async json(...args) {
      const ended = await queue(...args, "--json");
      assert.equal(ended.status, 0, ended.err);
      return JSON.parse(ended.out) as Record<string, unknown>;
    },
    async send(from, to, text = "Subject: hi\r\n\r\nhello\r\n") {
      const words = ["send", "-c", file, "--from", from, ...to.flatMap((one) => ["--to", one]), "--json"];
      const ended = await hopseal(words, text);
      assert.equal(ended.status, 0, ended.err);
      return (JSON.parse(ended.out) as { id: string }).id;
    },
  };
}

/** Waits until the daemon has put off the message to all its destinations. */
async function settled(it: House, daemon: RunningHopseal, id: string, destinations: number): Promise<void> {
  await daemon.waitFor((line) => line["event"] === "attempt" && line["id"] === id);
  for (;;) {
    const { message } = (await it.json("show", id)) as { message: { destinations: { state: string }[] } };
    assert.equal(message.destinations.length, destinations);
    if (message.destinations.every(({ state }) => state === "waiting")) return;
  }
}

test("queue: list, show, retry, flush, hold, release and drop on a running daemon, documents compared whole", async () => {
  const it = await house();
  await using daemon = await startHopseal({ config: CONFIG, folder: it.folder });
  const first = await it.send("ada@pine.example", ["x@elm.example", "y@oak.example"]);
  const second = await it.send("<>", ["z@elm.example"]);
  await settled(it, daemon, first, 2);
  await settled(it, daemon, second, 1);

  const listed = (await it.json("list")) as { version: number; messages: Record<string, unknown>[] };
  const [one, two] = listed.messages;
  const shown = one as unknown as { destinations: { recipients: { text: string }[] }[] };
  const text = shown.destinations[0]?.recipients[0]?.text ?? "";
  assert.match(text, /ECONNREFUSED/);
  const destination = (name: string, address: string): unknown => ({
    destination: name,
    state: "waiting",
    attempts: 1,
    crashes: 0,
    next: "TIME",
    reason: `451 4.4.1 ${text}`,
    recipients: [{ address, state: "pending", code: 451, text, enhanced: "4.4.1" }],
  });
  const message = {
    id: first,
    from: "<ada@pine.example>",
    accepted: "TIME",
    size: one?.["size"],
    origin: "local",
    tlsDemand: "may",
    destinations: [destination("elm.example", "x@elm.example"), destination("oak.example", "y@oak.example")],
  };
  const other = {
    ...message,
    id: second,
    from: "<>",
    size: two?.["size"],
    destinations: [destination("elm.example", "z@elm.example")],
  };
  assert.deepEqual(timeless(listed), { version: 1, messages: [message, other] });
  assert.deepEqual(timeless(await it.json("show", first)), { version: 1, message });
  assert.deepEqual(ids(await it.json("list", "--from", "<>")), [second]);
  assert.deepEqual(ids(await it.json("list", "--from", "ada@PINE.example", "--to", "OAK.example")), [first]);
  assert.deepEqual(ids(await it.json("list", "--state", "held")), []);
  const page = await it.json("list", "--limit", "1");
  assert.deepEqual([ids(page), page["next"]], [[first], first]);
  assert.deepEqual(ids(await it.json("list", "--after", first)), [second]);

  const operation = (name: string, destinations: number): unknown => ({ version: 1, operation: name, destinations });
  assert.deepEqual(await it.json("hold", "--to", "elm.example"), operation("hold", 2));
  assert.deepEqual(ids(await it.json("list", "--state", "held")), [first, second]);
  const table = (await it.queue("list", "--state", "held")).out.split("\n");
  assert.match(table[0] ?? "", /^ID {20}AGE {2}SIZE {2}TLS {8}FROM$/);
  assert.match(table[1] ?? "", new RegExp(`^${first} +\\d+s +\\d+ {2}may {8}<ada@pine\\.example>$`));
  assert.deepEqual(table.slice(2, 5), [
    "  elm.example  held, 1 try",
    "    put on hold by an operator",
    "  and 1 other destination(s)",
  ]);
  assert.deepEqual(await it.json("flush", "elm.example"), operation("retry", 0));
  assert.deepEqual(await it.json("flush", "OAK.example"), operation("retry", 1));
  await daemon.waitFor((line) => line["event"] === "attempt" && line["id"] === first && line["attempt"] === 2);
  assert.deepEqual(await it.json("release", second), operation("release", 1));
  await daemon.waitFor((line) => line["event"] === "attempt" && line["id"] === second && line["attempt"] === 2);
  await settled(it, daemon, second, 1);

  const many = await it.queue("drop", "--all");
  assert.deepEqual([many.status, many.out], [2, ""]);
  assert.match(many.err, /more than one message.*--yes/);
  assert.deepEqual(await it.json("drop", second), operation("drop", 1));
  assert.deepEqual(await it.json("drop", "--from", "ada@pine.example", "--to", "elm.example"), operation("drop", 1));
  assert.match((await it.queue("show", second)).err, /There is no message/);
  assert.equal((await it.queue("drop", second)).status, 1);
  assert.equal((await it.queue("retry", second)).status, 1);
  assert.equal((await it.queue("drop", "--all", "--yes")).status, 0);
  assert.equal((await it.queue("list")).out, "The queue is empty\n");
});

test("queue export: the octets as queued, to a pipe or a new file, and the envelope, daemon or not", async () => {
  const it = await house();
  const lines = Array.from(
    { length: 20_000 },
    (_, at) => `line ${at} of a long message, in which every line is another`,
  );
  const text = `Subject: long\r\n\r\n${lines.join("\r\n")}\r\n`;
  const id = await it.send("ada@pine.example", ["x@elm.example", "y@oak.example"], text);
  const envelope = {
    version: 1,
    id,
    accepted: "TIME",
    from: "<ada@pine.example>",
    recipients: [
      { address: "x@elm.example", state: "pending" },
      { address: "y@oak.example", state: "pending" },
    ],
    body: "7bit",
    smtpUtf8: false,
    dsn: {},
    tls: { level: "may", requireTls: false, optional: false },
    origin: { kind: "local" },
  };
  const check = async (name: string): Promise<void> => {
    const piped = await it.queue("export", id);
    assert.equal(piped.status, 0, piped.err);
    assert.ok(piped.out.startsWith("Received: by mx.rook.example"));
    assert.ok(piped.out.endsWith(lines.join("\r\n") + "\r\n"));
    const [eml, json] = [join(it.folder, `${name}.eml`), join(it.folder, `${name}.json`)];
    const report = await it.json("export", id, "--to-file", eml, "--envelope", json);
    assert.deepEqual(report, { version: 1, id, octets: piped.out.length, file: eml });
    assert.equal(await readFile(eml, "latin1"), piped.out);
    assert.equal((await stat(eml)).mode & 0o777, 0o600);
    assert.deepEqual(timeless(JSON.parse(await readFile(json, "utf8"))), envelope);
    const again = await it.queue("export", id, "--to-file", eml);
    assert.equal(again.status, 1);
    assert.match(again.err, /EEXIST/);
    assert.equal(await readFile(eml, "latin1"), piped.out);
    const gone = await it.queue("export", "0nosuchid", "--to-file", join(it.folder, "gone"));
    assert.deepEqual([gone.status, gone.err], [1, "hopseal: There is no message 0nosuchid in the queue\n"]);
    await assert.rejects(stat(join(it.folder, "gone")));
    assert.equal((await it.queue("export", id, "--envelope", "-")).status, 2);
  };
  await check("down");
  await using daemon = await startHopseal({ config: CONFIG, folder: it.folder });
  await settled(it, daemon, id, 2);
  await check("up");
});

test("queue: after a crash of the daemon the list works without changing the leases, and what changes the queue exits with 75", async () => {
  const it = await house();
  const never = await it.queue("list");
  assert.deepEqual([never.status, never.out], [0, "The queue is empty\n"]);
  const daemon = await startHopseal({ config: CONFIG, folder: it.folder });
  const id = await it.send("ada@pine.example", ["x@elm.example"]);
  await settled(it, daemon, id, 1);
  await daemon.kill();
  const before = await readFile(join(it.folder, "data", "shard-0", "queue.db"));
  assert.deepEqual(ids(await it.json("list", "--all")), [id]);
  assert.equal((await it.queue("show", id)).status, 0);
  for (const words of [
    ["retry", "--all"],
    ["flush", "elm.example"],
    ["hold", id],
    ["release", id],
    ["drop", id],
  ]) {
    const ended = await it.queue(...words);
    assert.equal(ended.status, 75, ended.err);
    assert.match(ended.err, /^hopseal: The daemon is not running; start it to [a-z]+ mail\n$/);
  }
  assert.deepEqual(await readFile(join(it.folder, "data", "shard-0", "queue.db")), before);
  // What the reader left behind does not stand in the daemon's way.
  await using again = await startHopseal({ config: CONFIG, folder: it.folder });
  assert.deepEqual(ids(await it.json("list")), [id]);
  assert.equal(
    again.log.some((line) => line["event"] === "fault"),
    false,
  );
});

test("queue: wrong use is exit 2 with a sentence that says what is right", async () => {
  const it = await house();
  const cases: [string[], RegExp][] = [
    [["retry"], /Say which: an id, --to, --from, --state, or --all/],
    [["drop", "--all", "--to", "elm.example"], /--all means every message/],
    [["hold", "abc", "--id", "def"], /Name one id only/],
    [["list", "--state", "gone"], /state takes due, waiting, leased, held/],
    [["list", "--to", "no domain"], /"no domain" is no domain/],
    [["list", "--from", "ann"], /"ann" is no address/],
    [["list", "--after", "no-id"], /--after takes the id of a message/],
    [["list", "--limit", "0"], /--limit takes a whole number from 1/],
    [["export", "abc", "--json"], /--to-file/],
    [["flush"], /missing required argument 'domain'/],
  ];
  for (const [words, message] of cases) {
    const ended = await it.queue(...words);
    assert.deepEqual([ended.status, ended.out], [2, ""], `${words.join(" ")}: ${ended.err}`);
    assert.match(ended.err, message);
  }
});

function ids(document: Record<string, unknown>): string[] {
  return (document["messages"] as { id: string }[]).map(({ id }) => id);
}

/** With every time replaced, once it was seen to be one. */
function timeless(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_key, part: unknown) =>
    typeof part === "string" && TIME.test(part) ? "TIME" : part,
  );
}

const TIME = /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
