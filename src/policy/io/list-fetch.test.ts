import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type TestCa, testCa, type TestCertificate } from "../../../test/support/certificates.ts";
import { ManualClock } from "../../../test/support/clock.ts";
import { type Behaviour, type PolicyHost, policyHost } from "../../../test/support/policy-host.ts";
import { type StaticAnswer, staticResolver } from "../../../test/support/resolver.ts";
import { openTrust, type TrustStore } from "../../tls/io/mod.ts";
import { fetchListFile } from "./list-fetch.ts";

let ca: TestCa;
let stranger: TestCa;
let trust: TrustStore;
let host: PolicyHost;
before(async () => {
  [ca, stranger, host] = await Promise.all([testCa(), testCa("A stranger"), policyHost()]);
  const opened = await openTrust({ kind: "pem", certificates: [ca.pem] });
  assert.ok(opened.ok);
  trust = opened.value;
});
after(async () => await host[Symbol.asyncDispose]());

function reply(body: string | Uint8Array, head = "Content-Type: application/json", status = "200 OK"): Uint8Array {
  const octets = Buffer.from(body);
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 ${status}\r\n${head}\r\nContent-Length: ${octets.length}\r\n\r\n`),
    octets,
  ]);
}

interface Case {
  readonly is: string;
  readonly answer?: Behaviour["answer"];
  readonly a?: readonly string[] | StaticAnswer;
  readonly certificate?: (name: string) => Promise<TestCertificate>;
  /** Only public addresses may be dialled. */
  readonly strict?: true;
  /** Nothing comes until the time is over. */
  readonly slow?: true;
  readonly comes: string;
}

const WITHOUT_END: Behaviour["answer"] = (socket) => {
  socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on("drain", more);
  more();
};

const cases: readonly Case[] = [
  { is: "a file", comes: "2 octets" },
  { is: "another media type", answer: reply("{}", "Content-Type: text/html"), comes: "2 octets" },
  { is: "no media type", answer: reply("{}", "X-A: b"), comes: "2 octets" },
  { is: "octets that are no text", answer: reply(Uint8Array.of(255, 0, 254)), comes: "3 octets" },
  { is: "10 000 000 octets", answer: reply(new Uint8Array(10_000_000)), comes: "10000000 octets" },
  {
    is: "10 000 001 octets",
    answer: reply(new Uint8Array(10_000_001)),
    comes: "the policy has more than 10000000 octets",
  },
  { is: "octets without end", answer: WITHOUT_END, comes: "the policy has more than 10000000 octets" },
  {
    is: "a redirect",
    answer: reply("", "Location: https://other.example/", "301 Moved"),
    comes: "the policy host redirects (301), which is not followed",
  },
  { is: "no such file", answer: reply("", "X-A: b", "404 Not Found"), comes: "the policy host answered 404" },
  {
    is: "nothing new",
    answer: "HTTP/1.1 304 Not Modified\r\n\r\n",
    comes: "the policy host redirects (304), which is not followed",
  },
  {
    is: "an early end",
    answer: (socket) => socket.end(reply("{}").subarray(0, -1)),
    comes: "the policy was cut short: aborted",
  },
  {
    is: "an end by the connection alone",
    answer: "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n{}",
    comes: "the policy has neither a length nor chunks: it may have been cut short",
  },
  { is: "gzip", answer: reply("x", "Content-Encoding: gzip"), comes: 'the policy is encoded ("gzip"), unasked' },
  { is: "silence", answer: () => undefined, slow: true, comes: "URL did not come within 180 s" },
  {
    is: "a certificate for another name",
    certificate: () => ca.issue(["other.example"]),
    comes: "the certificate is not for NAME",
  },
  {
    is: "an unknown CA",
    certificate: (name) => stranger.issue([name]),
    comes: "the certificate of NAME is not trusted: SELF_SIGNED_CERT_IN_CHAIN",
  },
  { is: "no address", a: [], comes: "NAME has no address" },
  { is: "no answer of DNS", a: { kind: "failure" }, comes: "the address look-up for NAME failed: SERVFAIL" },
  { is: "a local address", strict: true, comes: "NAME has no public address (127.0.0.1); it is not asked" },
  {
    is: "nobody listens",
    a: ["127.0.0.9"],
    comes: "no connection to 127.0.0.9 port PORT: connect ECONNREFUSED 127.0.0.9:PORT",
  },
];

test("fetchListFile: what every behaviour of the host comes to", async () => {
  const seen: (readonly [string, string])[] = [];
  for (const [at, one] of cases.entries()) seen.push([one.is, await run(one, `c${at}.example`)]);
  assert.deepEqual(
    seen,
    cases.map(({ is, comes }) => [is, comes]),
  );
});

async function run(one: Case, name: string): Promise<string> {
  host.behave(name, {
    certificate: await (one.certificate?.(name) ?? ca.issue([name])),
    answer: one.answer ?? reply("{}"),
  });
  const url = new URL(`https://${name}:${host.port}/a/policy.json?x=1`);
  const clock = new ManualClock();
  const coming = fetchListFile(url, {
    clock,
    trust,
    resolver: staticResolver({ [name]: { A: one.a ?? ["127.0.0.1"] } }),
    ...(one.strict === true ? {} : { permitted: (address: string) => address.startsWith("127.") }),
  });
  if (one.slow === true) {
    await host.asked(name);
    clock.advance(180_000);
  }
  const got = await coming;
  for (const request of host.requests(name))
    assert.equal(request.split("\r\n", 2).join(" | "), `GET /a/policy.json?x=1 HTTP/1.1 | host: ${url.host}`);
  assert.equal(clock.pending, 0);
  if (got.ok) return `${got.value.length} octets`;
  assert.ok(got.error.startsWith(`${url.href} cannot be had: `), got.error);
  return got.error
    .slice(`${url.href} cannot be had: `.length)
    .replaceAll(url.href, "URL")
    .replaceAll(name, "NAME")
    .replaceAll(String(host.port), "PORT");
}

test("fetchListFile: an abort ends it at once", async () => {
  host.behave("abort.example", { certificate: await ca.issue(["abort.example"]), answer: () => undefined });
  const stop = new AbortController();
  const clock = new ManualClock();
  const coming = fetchListFile(
    new URL(`https://abort.example:${host.port}/`),
    { clock, trust, resolver: staticResolver({ "abort.example": { A: ["127.0.0.1"] } }), permitted: () => true },
    stop.signal,
  );
  await host.asked("abort.example");
  stop.abort(new Error("Shutting down"));
  const got = await coming;
  assert.match(got.ok ? "" : got.error, /cannot be had: Shutting down$/);
  assert.equal(clock.pending, 0);
});
