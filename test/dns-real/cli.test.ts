import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { scenarios } from "../support/dns-plans.ts";
import type { World } from "../support/dns-world.ts";
import { buildWorld } from "../support/dns-world.ts";
import { MAIN } from "../support/hopseal.ts";
import { needs } from "../support/programs.ts";

suite("hopseal dns", { skip: needs("nsd", "knotd", "named", "unbound", "ldns-signzone", "dnssec-signzone") }, () => {
  const stack = new AsyncDisposableStack();
  let world: World;
  let port = 0;

  before(async () => {
    const wanted = /^(|example|test|optout|a13\.example|plain\.test|flip-mx\.example)$/;
    world = stack.use(
      await buildWorld(
        scenarios()
          .map(({ plan }) => plan)
          .filter(({ name }) => wanted.test(name)),
      ),
    );
    port = stack.use(await world.recursor()).port;
    await writeFile(join(world.folder, "anchors.txt"), world.anchors);
  });
  after(() => stack.disposeAsync());

  async function hopseal(...args: readonly string[]): Promise<{ status: unknown; out: string; complaints: string }> {
    const common = ["--server", `127.0.0.1:${port}`, "--trust-anchor", join(world.folder, "anchors.txt")];
    const child = spawn(process.execPath, [MAIN, "dns", ...common, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let complaints = "";
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      complaints += chunk.toString();
    });
    const [status] = await once(child, "close");
    return { status, out, complaints };
  }

  test("shows a secure answer and the chain from the anchor to the record, and exits 0", async () => {
    const { status, out } = await hopseal("mx.a13.example", "A", "--explain");
    assert.equal(status, 0);
    const lines = out.split("\n").map((line) => line.replaceAll(/key \d+/g, "key N"));
    assert.deepEqual(lines, [
      "mx.a13.example. A: data, secure (signed from the trust anchor down)",
      "  mx.a13.example. 300 IN A 192.0.2.25",
      "",
      ".: secure, configured trust anchor with 1 key",
      "└─ . DNSKEY: secure, signed by key N (algorithm 13) of .",
      "   └─ example. DS: secure, signed by key N (algorithm 13) of .",
      "      └─ example. DNSKEY: secure, signed by key N (algorithm 13) of example.",
      "         └─ a13.example. DS: secure, signed by key N (algorithm 13) of example.",
      "            └─ a13.example. DNSKEY: secure, signed by key N (algorithm 13) of a13.example.",
      "               └─ mx.a13.example. A: secure, signed by key N (algorithm 13) of a13.example.",
      "",
    ]);
  });

  test("exits 1 for bogus, 75 for no answer, 0 for insecure and absent, 2 for wrong usage", async () => {
    const bogus = await hopseal("flip-mx.example", "MX", "--json");
    assert.equal(bogus.status, 1);
    assert.partialDeepStrictEqual(JSON.parse(bogus.out), { version: 1, kind: "failure", cause: "bogus" });
    const nothing = await hopseal("mx.a13.example", "--server", "127.0.0.1:1");
    const circle = await hopseal("loop.a13.example", "A");
    assert.deepEqual([nothing.status, circle.status], [0, 75]);
    const plain = await hopseal("mx.plain.test", "A", "--json");
    assert.equal(plain.status, 0);
    assert.partialDeepStrictEqual(JSON.parse(plain.out), { kind: "data", security: "insecure" });
    const absent = await hopseal("nope.a13.example", "TLSA");
    assert.equal(absent.status, 0);
    assert.match(absent.out, /^nope\.a13\.example\. TLSA: no such name, secure/);
    for (const wrong of [["a..b", "A"], ["a.example", "NOTYPE"], [], ["a.example", "A", "--server", "dns.example"]]) {
      assert.equal((await hopseal(...wrong)).status, 2, wrong.join(" "));
    }
    assert.match(
      (await hopseal("a.example", "A", "--trust-ad", "--server", "192.0.2.1")).complaints,
      /Refusing trust-ad/,
    );
  });

  test("proves by --self-test that DNSSEC works", async () => {
    const { status, out } = await hopseal("--self-test", "--json");
    assert.equal(status, 0);
    assert.partialDeepStrictEqual(JSON.parse(out), { version: 1, sound: true, mode: "validate" });
  });
});
