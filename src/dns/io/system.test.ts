import assert from "node:assert/strict";
import { test } from "node:test";
import { type Lookups, resolverOver, systemResolver } from "./system.ts";
import { createSocket } from "node:dgram";

function failing(code: string | undefined): () => Lookups {
  const lookup = (): Promise<never> =>
    Promise.reject(Object.assign(new Error(`queryMx ${code} pine.example`), code === undefined ? {} : { code }));
  return () => ({ ...blank, resolveMx: lookup });
}
const blank = Object.fromEntries(
  [
    "cancel",
    "resolve4",
    "resolve6",
    "resolveCname",
    "resolveMx",
    "resolveNs",
    "resolvePtr",
    "resolveSrv",
    "resolveTlsa",
    "resolveTxt",
  ].map((name) => [name, () => Promise.reject(new Error("not expected"))]),
) as unknown as Lookups;

test("systemResolver: two codes alone are absences, every other error is a failure", async () => {
  const codes = [
    "ENODATA",
    "ENOTFOUND",
    "ESERVFAIL",
    "ETIMEOUT",
    "EREFUSED",
    "EFORMERR",
    "ENOTIMP",
    "ECONNREFUSED",
    "EBADRESP",
    "EBADNAME",
    "ECANCELLED",
    undefined,
  ];
  const kinds = await Promise.all(
    codes.map(async (code) => {
      const answer = await resolverOver(failing(code)).query("pine.example", "MX");
      return answer.kind === "failure" ? `${answer.kind} ${answer.cause}` : answer.kind;
    }),
  );
  assert.deepEqual(kinds, ["nodata", "nxdomain", ...Array<string>(10).fill("failure unavailable")]);
});

test("systemResolver: every type in the port's form, always insecure", async () => {
  const lookups: Lookups = {
    ...blank,
    resolveMx: () =>
      Promise.resolve([
        { priority: 10, exchange: "mx.pine.example" },
        { priority: 0, exchange: "." },
        { priority: 0, exchange: "" },
      ]),
    resolve4: (() => Promise.resolve(["192.0.2.1"])) as never,
    resolve6: (() => Promise.resolve(["2001:db8::1"])) as never,
    resolveTxt: () => Promise.resolve([["v=STSv1;", " id=1"], ["x"]]),
    resolveTlsa: () => Promise.resolve([{ certUsage: 3, selector: 1, match: 1, data: Uint8Array.of(1, 2).buffer }]),
    resolveCname: () => Promise.resolve(["b.example."]),
    resolvePtr: () => Promise.resolve(["c.example"]),
    resolveNs: () => Promise.resolve(["d.example"]),
    resolveSrv: () => Promise.resolve([{ priority: 1, weight: 2, port: 3, name: "e.example." }]),
  };
  const resolver = resolverOver(() => lookups);
  const records = await Promise.all(
    (["MX", "A", "AAAA", "TXT", "TLSA", "CNAME", "PTR", "NS", "SRV"] as const).map(async (type) => {
      const answer = await resolver.query("pine.example", type);
      assert.ok(answer.kind === "data");
      assert.equal(answer.security, "insecure");
      return answer.records;
    }),
  );
  assert.deepEqual(records, [
    [
      { preference: 10, exchange: "mx.pine.example" },
      { preference: 0, exchange: "" },
      { preference: 0, exchange: "" },
    ],
    ["192.0.2.1"],
    ["2001:db8::1"],
    ["v=STSv1; id=1", "x"],
    [{ usage: 3, selector: 1, matching: 1, data: Uint8Array.of(1, 2) }],
    ["b.example"],
    ["c.example"],
    ["d.example"],
    [{ priority: 1, weight: 2, port: 3, target: "e.example" }],
  ]);
});

test("systemResolver: an abort rejects with its reason and cancels the look-up", async () => {
  await using server = await silentServer();
  const resolver = systemResolver({ servers: [`127.0.0.1:${server.port}`] });
  const stop = new AbortController();
  const pending = resolver.query("pine.example", "MX", { signal: stop.signal });
  await server.asked;
  stop.abort(new Error("enough"));
  await assert.rejects(pending, /enough/);
  await assert.rejects(resolver.query("pine.example", "MX", { signal: stop.signal }), /enough/);
});

/** RCODE by RCODE from a real datagram: only NXDOMAIN and an empty NOERROR are absences (RFC 1035 §4.1.1). */
test("systemResolver: the answers of a real server", async () => {
  const expected = { 0: "nodata", 1: "failure", 2: "failure", 3: "nxdomain", 4: "failure", 5: "failure" };
  for (const [rcode, kind] of Object.entries(expected)) {
    await using server = await silentServer((query) => {
      const reply = new Uint8Array(query);
      reply[2] = 0x81;
      reply[3] = 0x80 | Number(rcode);
      return reply;
    });
    const resolver = systemResolver({ servers: [`127.0.0.1:${server.port}`], tries: 1 });
    const answer = await resolver.query("pine.example", "MX");
    assert.equal(answer.kind, kind, `RCODE ${rcode}`);
  }
});

async function silentServer(
  reply?: (query: Uint8Array) => Uint8Array,
): Promise<AsyncDisposable & { port: number; asked: Promise<void> }> {
  const socket = createSocket("udp4");
  const asked = Promise.withResolvers<void>();
  socket.on("message", (query, from) => {
    asked.resolve();
    if (reply !== undefined) socket.send(reply(query), from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, "127.0.0.1", resolve);
  });
  return {
    port: socket.address().port,
    asked: asked.promise,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        socket.close(() => resolve());
      });
    },
  };
}
