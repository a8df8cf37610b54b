import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { type ClientRequest, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ManualClock } from "../../test/support/clock.ts";
import { ok } from "../base/mod.ts";
import type { LocalMessage } from "../submission/mod.ts";
import type { Operator } from "./control_api.ts";
import { startControl } from "./control_server.ts";
import { StartFailure } from "./seams.ts";

const folder = mkdtempSync(join(tmpdir(), "hopseal-control-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "control.sock");

const FULL = { message: "def", destination: "rook.example", sender: "ann@pine.example", state: "held" };

interface Fake extends Operator {
  readonly submitted: LocalMessage[];
  readonly pages: Parameters<Operator["list"]>[0][];
}

function fakeOperator(): Fake {
  const submitted: LocalMessage[] = [];
  const pages: Parameters<Operator["list"]>[0][] = [];
  return {
    submitted,
    pages,
    status: () => Promise.reject(new Error("the disk is gone")),
    async list(query) {
      pages.push(query);
      return [];
    },
    show: async () => undefined,
    content: async () => undefined,
    operate: async () => undefined,
    tallies: async () => [],
    pause: async () => ({ receiving: true, sending: false, destinations: [] }),
    resume: async () => ({ receiving: false, sending: false, destinations: [] }),
    drain: async () => "empty",
    metrics: async () => [],
    readiness: async () => ({ ready: true, reasons: [] }),
    async submit(message) {
      submitted.push(message);
      return ok({ id: "x" });
    },
  };
}

function begin(method: string, url: string): { request: ClientRequest; status: Promise<number> } {
  const request = httpRequest({ socketPath: path, method, path: url, agent: false });
  const status = new Promise<number>((resolve, reject) => {
    request.on("error", reject).on("response", (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
  });
  return { request, status };
}

async function ask(method: string, url: string, body = ""): Promise<number> {
  const { request, status } = begin(method, url);
  request.end(body);
  return await status;
}

test("control socket: mistakes of the caller are told as such, never as faults of ours", async () => {
  const operator = fakeOperator();
  await using _control = await startControl(path, operator, { clock: new ManualClock(), messageSize: 100 });
  const table: [string, string, number][] = [
    ["GET", "/v1/queue", 200],
    ["GET", "/v1/queue?limit=7", 200],
    ["GET", "/v1/queue?limit=1000000", 200],
    ["GET", "/v1/queue?limit=1.5", 400],
    ["GET", "/v1/queue?limit=0", 400],
    ["GET", "/v1/queue?limit=many", 400],
    ["GET", "/v1/queue?after=no%20id", 400],
    ["GET", "/v1/queue?after=abc&id=def&to=Rook.example&from=ann@PINE.example&state=held", 200],
    ["GET", "/v1/queue?to=no%20domain", 400],
    ["GET", "/v1/queue?from=no%20address", 400],
    ["GET", "/v1/queue?state=gone", 400],
    ["GET", "/v1/queue?id=no-id", 400],
    ["POST", "/v1/queue", 400],
    ["POST", "/v1/queue?operation=burn", 400],
    ["POST", "/v1/queue?operation=drop&to=no%20domain", 400],
    ["POST", "/v1/queue?operation=drop&id=abc", 404],
    ["POST", "/v1/queue/abc", 404],
    ["GET", "/v1/queue/abc/content", 404],
    ["GET", "/v1/queue/abc/envelope", 404],
    ["GET", "/v1/queue/abc/else", 404],
    ["GET", "/v1/queue/abc/content/more", 404],
    ["GET", "/v1/status/abc/more", 404],
    ["GET", "//", 400],
    ["GET", "/v1/queue/nonsense", 404],
    ["GET", "/v2/queue", 404],
    ["DELETE", "/v1/queue", 404],
    ["POST", "/v1/messages", 400],
    ["POST", "/v1/pause?receiving=1", 200],
    ["POST", "/v1/resume", 200],
    ["POST", "/v1/pause?destination=no%20domain", 400],
    ["GET", "/v1/pause", 404],
    ["POST", "/v1/drain?timeout=soon", 400],
    // A fault of ours is one.
    ["GET", "/v1/status", 500],
  ];
  for (const [method, url, expected] of table) assert.equal(await ask(method, url), expected, `${method} ${url}`);
  assert.deepEqual(operator.pages, [
    { filter: {}, limit: 100 },
    { filter: {}, limit: 7 },
    { filter: {}, limit: 10_000 },
    { filter: FULL, after: "abc", limit: 100 },
  ]);
});

test("control socket: a message beyond message_size is not kept, and refused", async () => {
  const operator = fakeOperator();
  await using _control = await startControl(path, operator, { clock: new ManualClock(), messageSize: 100 });
  const url = "/v1/messages?from=a@pine.example&to=bo@rook.example";
  assert.equal(await ask("POST", url, "x".repeat(100)), 200);
  assert.equal(await ask("POST", url, "x".repeat(101)), 413);
  assert.equal(await ask("POST", url, "x".repeat(1_000_000)), 413);
  assert.deepEqual(
    operator.submitted.map(({ content }) => content.length),
    [100],
  );
});

test("control socket: a client that stalls does not keep the daemon from stopping", async () => {
  const clock = new ManualClock();
  const operator = fakeOperator();
  const control = await startControl(path, operator, { clock, messageSize: 100 });
  const { request, status } = begin("POST", "/v1/messages?to=bo@rook.example");
  request.write("half");
  const silent = connect(path).on("error", () => undefined);
  await new Promise((resolve) => silent.once("connect", resolve));
  assert.equal(await ask("GET", "/v1/queue"), 200);
  const ended = assert.rejects(status, /hang up|ECONNRESET/);
  const stopped = control[Symbol.asyncDispose]();
  clock.advance(5000);
  await stopped;
  await ended;
  silent.destroy();
  assert.deepEqual(operator.submitted, []);
});

test("control socket: what stands in its way, or a path too long for a socket, is a failure with a name", async () => {
  const options = { clock: new ManualClock(), messageSize: 100 };
  const taken = join(folder, "taken");
  mkdirSync(taken);
  for (const bad of [taken, join(folder, "x".repeat(120))]) {
    await assert.rejects(
      startControl(bad, fakeOperator(), options),
      (error) => error instanceof StartFailure && error.message.startsWith(`Cannot make the control socket ${bad}: `),
    );
  }
});

test("control socket: a message may have thousands of recipients", async () => {
  const operator = fakeOperator();
  await using _control = await startControl(path, operator, { clock: new ManualClock(), messageSize: 100 });
  const to = Array.from({ length: 5000 }, (_, at) => `to=recipient-${at}%40rook.example`).join("&");
  assert.equal(await ask("POST", `/v1/messages?from=&${to}`, "Subject: x\n\n"), 200);
  assert.equal(operator.submitted[0]?.to.length, 5000);
});
