import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ManualClock } from "../../test/support/clock.ts";
import { staticResolver, type StaticZone } from "../../test/support/resolver.ts";
import { seededRandom, systemClock } from "../base/mod.ts";
import { type Config, parseConfig } from "../config/mod.ts";
import type { Plan } from "../delivery/mod.ts";
import { type Events, subscribe } from "../observe/mod.ts";
import { localPolicies, netstring, netstringDecoder } from "../policy/mod.ts";
import { planNextHop } from "./next_hop_plan.ts";
import { bindPolicyService, type PlanFor, type PolicyService } from "./policy_service.ts";

const folder = mkdtempSync(join(tmpdir(), "hopseal-service-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function config(more: string): Config {
  const text = `hostname = "mx.rook.example"\ndata_dir = "data"\npostmaster = "postmaster@rook.example"\n[policy_service]\n${more}\n`;
  const loaded = parseConfig(text, join(folder, "hopseal.toml"));
  assert.ok(loaded.ok, loaded.ok ? "" : JSON.stringify(loaded.error));
  return loaded.value.config;
}

/** A client that sends what it is told and collects the replies. */
class Client implements AsyncDisposable {
  readonly socket: Socket;
  readonly replies: string[] = [];
  #wake = Promise.withResolvers<void>();
  constructor(address: string) {
    const [host = "", port = ""] = address.split(":");
    this.socket = address.startsWith("/") ? connect(address) : connect({ host, port: Number(port) });
    const decoder = netstringDecoder(100_000);
    this.socket.on("data", (chunk) => {
      for (const octets of decoder.push(Buffer.from(chunk)).strings) this.replies.push(Buffer.from(octets).toString());
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    });
    this.socket.on("error", () => undefined);
    this.socket.on("close", () => this.#wake.resolve());
  }
  ask(...keys: readonly string[]): void {
    this.socket.write(Buffer.concat(keys.map((key) => netstring(`policy ${key}`))));
  }
  async heard(count: number): Promise<readonly string[]> {
    while (this.replies.length < count && !this.socket.destroyed) await this.#wake.promise;
    return this.replies;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.socket.closed ? undefined : once(this.socket, "close");
    this.socket.destroy();
    await closed;
  }
}

const SAID: ReadonlyMap<string, string> = new Map([
  ["floor.example", "OK encrypt protocols=>=TLSv1.2"],
  ["pine.example", "OK may"],
]);
const ZONE: StaticZone = {
  "pine.example": { MX: [{ preference: 10, exchange: "mx.pine.example" }] },
  "mx.pine.example": { A: ["192.0.2.1"] },
  "floor.example": { MX: [{ preference: 10, exchange: "mx.pine.example" }] },
  "down.example": { MX: { kind: "failure" } },
  "mx.down.example": { A: { kind: "failure" }, AAAA: { kind: "failure" } },
  "half.example": {
    MX: [
      { preference: 10, exchange: "mx.pine.example" },
      { preference: 20, exchange: "mx.down.example" },
    ],
  },
};

function planner(resolver = staticResolver(ZONE), now = () => 0): PlanFor {
  const policies = localPolicies([
    { destination: "floor.example", level: "encrypt" },
    { destination: "mx.pine.example", level: "encrypt" },
  ]);
  return async (hop, signal) => {
    const options = {
      resolver,
      random: seededRandom(1),
      policies,
      self: { names: [], addresses: [] },
      port: 25,
      now: now(),
      signal,
    };
    return await planNextHop(hop, options);
  };
}

async function start(
  more = 'address = "127.0.0.1:0"',
  clock: ManualClock | typeof systemClock = systemClock,
): Promise<PolicyService & { at: string }> {
  const service = await bindPolicyService(config(more), clock);
  return Object.assign(service, { at: service.addresses[0] ?? "" });
}

test("policy service: one answer for each form of next hop; a failure is never an answer", async () => {
  await using service = await start();
  service.open(planner());
  await using client = new Client(service.at);
  const cases: readonly (readonly [string, string])[] = [
    ["pine.example", "OK may"],
    ["PINE.example", "OK may"],
    ["pine.example:587", "OK may"],
    ["floor.example", "OK encrypt protocols=>=TLSv1.2"],
    ["[mx.pine.example]", "OK encrypt protocols=>=TLSv1.2"],
    ["[mx.pine.example]:587", "OK encrypt protocols=>=TLSv1.2"],
    ["[mx.pine.example]:465", "OK encrypt protocols=>=TLSv1.2"],
    ["[192.0.2.1]", "OK may"],
    ["[192.0.2.1]:465", "OK encrypt protocols=>=TLSv1.2"],
    [".pine.example", "NOTFOUND "],
    ["/run/lmtp", "NOTFOUND "],
    ["down.example", "TEMP The MX look-up for down.example failed: SERVFAIL"],
    ["half.example", "TEMP The address look-up for mx.down.example failed: SERVFAIL"],
    ["nowhere.example", "TEMP The domain nowhere.example does not exist"],
    ["no where", 'PERM no next hop: "no where" is no valid label in "no where"'],
  ];
  client.ask(...cases.map(([key]) => key));
  const replies = await client.heard(cases.length);
  assert.deepEqual(
    cases.map(([key], at) => [key, replies[at]]),
    cases,
  );
  client.socket.write(Buffer.concat([netstring("other pine.example"), netstring("nothing")]));
  assert.deepEqual((await client.heard(cases.length + 2)).slice(-2), [
    'PERM there is no map "other", only "policy"',
    "PERM a request is the name of a map, a space, and a key",
  ]);
});

test('policy service: with open = "notfound" the default of the other server counts where nothing asks for more', async () => {
  await using service = await start('address = "127.0.0.1:0"\nopen = "notfound"');
  service.open(planner());
  await using client = new Client(service.at);
  client.ask("pine.example", "floor.example");
  assert.deepEqual(await client.heard(2), ["NOTFOUND ", "OK encrypt protocols=>=TLSv1.2"]);
});

test("policy service: answers are shared, kept for a minute, forgotten on demand, counted and told", async () => {
  const clock = new ManualClock();
  const resolver = staticResolver(ZONE);
  await using service = await start('address = "127.0.0.1:0"', clock);
  const told: Events["hopseal:looked-up"][] = [];
  using _listening = subscribe("hopseal:looked-up", (event) => void told.push(event));
  service.open(planner(resolver, () => clock.now()));
  const asked = (): number => resolver.asked.filter((one) => one === "pine.example MX").length;
  await using client = new Client(service.at);
  client.ask("pine.example", "Pine.example.", "pine.example");
  await client.heard(3);
  assert.equal(asked(), 1);
  client.ask("pine.example");
  await client.heard(4);
  assert.deepEqual([asked(), service.counts], [1, { requests: 4, hits: 1, failures: 0 }]);
  clock.advance(60_000);
  client.ask("pine.example");
  await client.heard(5);
  service.forget();
  client.ask("pine.example");
  await client.heard(6);
  assert.equal(asked(), 3);
  client.ask("down.example", "down.example");
  await client.heard(8);
  clock.advance(5000);
  client.ask("down.example");
  await client.heard(9);
  assert.equal(resolver.asked.filter((one) => one === "down.example MX").length, 2);
  assert.deepEqual(service.counts, { requests: 9, hits: 1, failures: 3 });
  assert.deepEqual(told[0], {
    nextHop: "pine.example",
    answer: "OK may",
    row: "open",
    because: ["default: nothing asks for more than opportunistic TLS (RFC 3207 §4)"],
    took: 0,
  });
  assert.equal(told.length, 5);
});

test("policy service: a look-up without end is TEMP after 20 s, and one that breaks is TEMP and a fault", async () => {
  const clock = new ManualClock();
  await using service = await start('address = "127.0.0.1:0"', clock);
  const faults: string[] = [];
  using _listening = subscribe("hopseal:fault", ({ text }) => void faults.push(text));
  const begun = Promise.withResolvers<void>();
  service.open((hop) => {
    if (hop.kind === "host") return Promise.reject(new Error("a bug"));
    begun.resolve();
    return new Promise<Plan>(() => undefined);
  });
  await using client = new Client(service.at);
  client.ask("[mx.pine.example]");
  await client.heard(1);
  client.ask("pine.example");
  await begun.promise;
  clock.advance(20_000);
  assert.deepEqual(await client.heard(2), [
    "TEMP the look-up was broken off",
    "TEMP nothing was found out within 20 s",
  ]);
  assert.deepEqual(faults, ["a bug"]);
});

test("policy service: what cannot be read is told once and ends the conversation, what was asked before is answered", async () => {
  await using service = await start();
  service.open(planner());
  await using client = new Client(service.at);
  client.socket.write(Buffer.concat([netstring("policy floor.example"), Buffer.from("x")]));
  assert.deepEqual(await client.heard(2), [
    "OK encrypt protocols=>=TLSv1.2",
    "PERM a netstring begins with its length",
  ]);
  await once(client.socket, "close");
  await using other = new Client(service.at);
  other.socket.write("GET / HTTP/1.1\r\n\r\n");
  assert.deepEqual(await other.heard(1), ["PERM a netstring begins with its length"]);
});

test("policy service: a client that reads nothing keeps nobody from their answers", async () => {
  await using service = await start();
  service.open(planner());
  await using deaf = new Client(service.at);
  deaf.socket.pause();
  for (let at = 0; at < 200; at++) deaf.ask(...Array<string>(1000).fill("no where"));
  await using client = new Client(service.at);
  client.ask("floor.example");
  assert.deepEqual(await client.heard(1), ["OK encrypt protocols=>=TLSv1.2"]);
});

test("policy service: many requests at once, replies in order, to a client that has said all it will", async () => {
  await using service = await start();
  service.open(planner());
  await using client = new Client(service.at);
  const keys = Array.from({ length: 5000 }, (_, at) =>
    at % 3 === 0 ? "floor.example" : at % 3 === 1 ? "pine.example" : ".x",
  );
  client.ask(...keys);
  client.socket.end();
  const replies = await client.heard(keys.length);
  assert.deepEqual(
    replies,
    keys.map((key) => SAID.get(key) ?? "NOTFOUND "),
  );
});

test("policy service: when it stops, what is under way ends in TEMP and every client is let go", async () => {
  const service = await start();
  const begun = Promise.withResolvers<void>();
  service.open(() => {
    begun.resolve();
    return new Promise<Plan>(() => undefined);
  });
  await using waiting = new Client(service.at);
  await using idle = new Client(service.at);
  waiting.ask("pine.example");
  idle.ask(".example");
  await Promise.all([begun.promise, idle.heard(1)]);
  await service[Symbol.asyncDispose]();
  assert.deepEqual(await waiting.heard(1), ["TEMP the service is stopping"]);
  assert.ok(idle.socket.readableEnded || (await once(idle.socket, "end")).length === 0);
});

test("policy service: a unix socket that anybody may use, in place of one that was left behind, and of nothing else", async () => {
  const path = join(folder, "policy.sock");
  {
    await using service = await start(`path = "${path}"`);
    service.open(planner());
    assert.equal(statSync(path).mode & 0o777, 0o666);
    await using client = new Client(path);
    client.ask("pine.example");
    assert.deepEqual(await client.heard(1), ["OK may"]);
  }
  assert.equal(existsSync(path), false);
  writeFileSync(path, "precious");
  await assert.rejects(start(`path = "${path}"`), {
    name: "StartFailure",
    message: /^Cannot answer policy look-ups on .*EADDRINUSE/,
  });
  assert.equal(statSync(path).isFile(), true);
});

test("policy service: a second one takes no socket away from the first, and stopping removes nothing else", async () => {
  const path = join(folder, "shared.sock");
  const service = await start(`path = "${path}"`);
  service.open(planner());
  await assert.rejects(start(`path = "${path}"`), { name: "StartFailure", message: /EADDRINUSE/ });
  {
    await using client = new Client(path);
    client.ask("pine.example");
    assert.deepEqual(await client.heard(1), ["OK may"]);
  }
  rmSync(path);
  mkdirSync(path);
  await service[Symbol.asyncDispose]();
  assert.equal(statSync(path).isDirectory(), true);
});

test("policy service: a socket that was left behind by a crash is replaced", async () => {
  const path = join(folder, "left.sock");
  const dying = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  const left = spawnSync(process.execPath, ["-e", dying], { stdio: "ignore" });
  assert.deepEqual([left.signal, statSync(path).isSocket()], ["SIGKILL", true]);
  await using service = await start(`path = "${path}"`);
  service.open(planner());
  await using client = new Client(path);
  client.ask("pine.example");
  assert.deepEqual(await client.heard(1), ["OK may"]);
});
