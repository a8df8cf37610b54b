import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, request as httpRequest } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Config, parseConfig } from "../config/mod.ts";
import type { Readiness } from "../daemon/mod.ts";
import { subscribe } from "../observe/mod.ts";
import type { Watched } from "./answer.ts";
import { type Admin, bindAdmin } from "./bind.ts";

const folder = mkdtempSync(join(tmpdir(), "hopseal-admin-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("admin: metrics in the format that is asked for, by GET and HEAD alone, one request a connection", async () => {
  await using admin = await bound({ address: "127.0.0.1:0" });
  admin.open(watched());
  const plain = await ask(admin, "GET", "/metrics?x=y");
  assert.equal(plain.status, 200);
  assert.equal(plain.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
  assert.equal(plain.headers["connection"], "close");
  assert.equal(plain.body, "# HELP a_total A\n# TYPE a_total counter\na_total 3\n");
  const open = await ask(admin, "GET", "/metrics", { accept: "application/openmetrics-text; version=1.0.0" });
  assert.equal(open.headers["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
  assert.equal(open.body, "# HELP a A\n# TYPE a counter\na_total 3\n# EOF\n");
  const head = await ask(admin, "HEAD", "/metrics");
  assert.deepEqual([head.status, head.body, head.headers["content-length"]], [200, "", String(plain.body.length)]);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    const refused = await ask(admin, method, "/metrics");
    assert.deepEqual([refused.status, refused.headers["allow"]], [405, "GET, HEAD"], method);
  }
  for (const [target, status] of [
    ["/", 200],
    ["/metricsx", 404],
    ["//metrics", 404],
    ["/../metrics", 404],
    ["*", 404],
  ] as const) {
    assert.equal((await ask(admin, "GET", target)).status, status, target);
  }
});

test("admin: readiness is 503 before the daemon is open, with its reasons, and when it stops", async () => {
  await using admin = await bound({ address: "127.0.0.1:0" });
  const ready = async (): Promise<[number, string[]]> => {
    const { status, body } = await ask(admin, "GET", "/readyz");
    const said = JSON.parse(body) as Readiness;
    assert.equal(said.ready, status === 200);
    return [status, said.reasons.map(({ kind }) => kind)];
  };
  assert.deepEqual(await ready(), [503, ["starting"]]);
  assert.equal((await ask(admin, "GET", "/metrics")).body, "");
  admin.open(watched());
  assert.deepEqual(await ready(), [200, []]);
  const reason = { kind: "store", text: "The queue cannot be written: no space" } as const;
  admin.open(watched({ readiness: async () => ({ ready: false, reasons: [reason] }) }));
  assert.deepEqual(await ready(), [503, ["store"]]);
  admin.stopping();
  assert.deepEqual(await ready(), [503, ["stopping"]]);
});

test("admin: health says that the process lives and how late its timers are, whatever the daemon does", async () => {
  await using admin = await bound({ address: "127.0.0.1:0" });
  admin.open(watched({ readiness: () => Promise.reject(new Error("gone")) }));
  const { status, body } = await ask(admin, "GET", "/healthz");
  assert.equal(status, 200);
  const health = JSON.parse(body) as { alive: boolean; pid: number; event_loop_delay_seconds: Record<string, number> };
  assert.deepEqual([health.alive, health.pid], [true, process.pid]);
  for (const name of ["mean", "max"]) assert.ok((health.event_loop_delay_seconds[name] ?? -1) >= 0, name);
});

test("admin: a fault of the daemon is a 500 and stands in the log", async () => {
  const faults: string[] = [];
  using _heard = subscribe("hopseal:fault", ({ where, text }) => void faults.push(`${where}: ${text}`));
  await using admin = await bound({ address: "127.0.0.1:0" });
  admin.open(watched({ metrics: () => Promise.reject(new Error("the worker is gone")) }));
  assert.equal((await ask(admin, "GET", "/metrics")).status, 500);
  assert.deepEqual(faults, ["metrics: the worker is gone"]);
});

test("admin: a long head is refused, and so is what is no HTTP; the next client is served", async () => {
  await using admin = await bound({ address: "127.0.0.1:0" });
  admin.open(watched());
  assert.equal((await ask(admin, "GET", "/metrics", { "x-long": "x".repeat(10_000) })).status, 431);
  assert.match(await raw(admin, "EHLO pine.example\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assert.equal((await ask(admin, "GET", "/metrics")).status, 200);
});

test("admin: so many connections and no more; those that end make room", async () => {
  await using admin = await bound({ address: "127.0.0.1:0" });
  admin.open(watched());
  const idle = Array.from({ length: 32 }, () => connect(whereOf(admin)).on("error", () => undefined));
  await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
  // The server has taken them when it drops the next.
  await assert.rejects(ask(admin, "GET", "/metrics"), /hang up|ECONNRESET/);
  const ended = Promise.all(idle.map((socket) => new Promise((resolve) => socket.once("close", resolve))));
  for (const socket of idle) socket.resume().end();
  await ended;
  assert.equal((await ask(admin, "GET", "/metrics")).status, 200);
});

test("admin: a unix socket, over one that was left behind and never over one that answers", async () => {
  const path = join(folder, "metrics.sock");
  {
    await using admin = await bound({ path });
    admin.open(watched());
    assert.equal((await ask(admin, "GET", "/readyz")).status, 200);
    assert.equal(statSync(path).mode & 0o777, 0o666);
    const second = await bindAdmin(configOf({ path }));
    assert.match(second.ok ? "" : second.error, /Cannot serve metrics on .*EADDRINUSE/);
  }
  assert.equal(existsSync(path), false);
  writeFileSync(path, "mine");
  const taken = await bindAdmin(configOf({ path }));
  assert.match(taken.ok ? "" : taken.error, /EADDRINUSE/);
});

test("admin: nothing is bound unless asked for; a port that is taken is told", async () => {
  await using none = await bound({});
  assert.deepEqual(none.addresses, []);
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as { port: number };
  const taken = await bindAdmin(configOf({ address: `127.0.0.1:${port}` }));
  assert.match(taken.ok ? "" : taken.error, /Cannot serve metrics on 127\.0\.0\.1:\d+: .*EADDRINUSE/);
  other.close();
});

test("admin: says where it listens once somebody can read it", async () => {
  const told: string[] = [];
  using _heard = subscribe("hopseal:listening", ({ role, address }) => void told.push(`${role} ${address}`));
  await using admin = await bound({ address: "127.0.0.1:0" });
  assert.deepEqual(told, []);
  admin.open(watched());
  assert.deepEqual(told, [`metrics ${admin.addresses[0]}`]);
});

function watched(members: Partial<Watched> = {}): Watched {
  const metric = { name: "a_total", help: "A", type: "counter", aggregator: "sum" } as const;
  return {
    metrics: async () => [1, 2].map((value) => [{ ...metric, values: [{ value, labels: {} }] }]),
    readiness: async () => ({ ready: true, reasons: [] }),
    ...members,
  };
}

function configOf(metrics: { readonly address?: string; readonly path?: string }): Config {
  const keys = Object.entries(metrics).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  const text = `hostname = "mx.rook.example"\ndata_dir = "data"\npostmaster = "bo@rook.example"\n[metrics]\n${keys.join("")}`;
  const parsed = parseConfig(text, join(folder, "hopseal.toml"));
  assert.ok(parsed.ok);
  return parsed.value.config;
}

async function bound(metrics: { readonly address?: string; readonly path?: string }): Promise<Admin> {
  const admin = await bindAdmin(configOf(metrics));
  assert.ok(admin.ok);
  return admin.value;
}

function whereOf({ addresses }: Admin): { readonly path: string } | { readonly host: string; readonly port: number } {
  const [address = ""] = addresses;
  return address.startsWith("/") ? { path: address } : { host: "127.0.0.1", port: Number(address.split(":").at(-1)) };
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function ask(
  admin: Admin,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  const where = whereOf(admin);
  const to = "path" in where ? { socketPath: where.path } : where;
  return new Promise((resolve, reject) => {
    const request = httpRequest({ ...to, method, path, headers, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    request.on("error", reject).end();
  });
}

function raw(admin: Admin, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(whereOf(admin)).on("error", reject);
    let answer = "";
    socket.setEncoding("utf8").on("data", (part: string) => (answer += part));
    socket.on("close", () => resolve(answer));
    socket.write(text);
  });
}
