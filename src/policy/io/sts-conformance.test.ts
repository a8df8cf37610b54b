/**
 * MTA-STS from the TXT record to the facts, with a real HTTPS server: one line for each behaviour of DNS, of the policy
 * host and of the policy itself.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "node:net";
import type { TLSSocket } from "node:tls";
import { gzipSync } from "node:zlib";
import { type TestCa, type TestCertificate, testCa } from "../../../test/support/certificates.ts";
import { ManualClock } from "../../../test/support/clock.ts";
import { type Behaviour, type PolicyHost, policyHost } from "../../../test/support/policy-host.ts";
import { type StaticAnswer, staticResolver } from "../../../test/support/resolver.ts";
import { seededRandom, unreachable } from "../../base/mod.ts";
import { domain } from "../../mail/mod.ts";
import { openTrust, type TrustStore } from "../../tls/io/mod.ts";
import type { StsFacts } from "../types.ts";
import { policySources } from "./sources.ts";
import { startStsCache } from "./sts-cache.ts";
import { fetchStsPolicy } from "./sts-fetch.ts";
import { openStsStore } from "./sts-store.ts";

let ca: TestCa;
let stranger: TestCa;
let trust: TrustStore;
let host: PolicyHost;
let old: PolicyHost;
let six: PolicyHost;
let directory: string;

before(async () => {
  ca = await testCa();
  stranger = await testCa("A stranger");
  const opened = await openTrust({ kind: "pem", certificates: [ca.pem] });
  assert.ok(opened.ok);
  trust = opened.value;
  host = await policyHost();
  old = await policyHost({ maxVersion: "TLSv1.1" });
  six = await policyHost({ address: "::1" });
  directory = await mkdtemp(join(tmpdir(), "hopseal-sts-"));
});
after(async () => {
  await Promise.all([host, old, six].map((one) => one[Symbol.asyncDispose]()));
  await rm(directory, { recursive: true, force: true });
});

const RECORD = "v=STSv1; id=1;";
const POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mx.pine.example\r\nmax_age: 86400\r\n";
const GOOD = "enforce mx.pine.example for 86400 s";

/** A response with its length; `head` replaces the media type. */
function reply(body: string | Uint8Array, head = "Content-Type: text/plain", status = "200 OK"): Uint8Array {
  const octets = Buffer.from(body);
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 ${status}\r\n${head}\r\nContent-Length: ${octets.length}\r\n\r\n`),
    octets,
  ]);
}

function chunked(...parts: readonly string[]): string {
  const chunks = parts.map((part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`);
  return `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n${chunks.join("")}0\r\n\r\n`;
}

interface Case {
  readonly is: string;
  /** Default: one good record. */
  readonly txt?: readonly string[] | StaticAnswer | { readonly alias: readonly string[] };
  /** Of the policy host; default: this machine. */
  readonly a?: readonly string[] | StaticAnswer;
  readonly aaaa?: readonly string[] | StaticAnswer;
  readonly certificate?: (name: string) => Promise<TestCertificate>;
  /** Default: the good policy. */
  readonly answer?: Behaviour["answer"];
  readonly refuse?: true;
  readonly on?: () => PolicyHost;
  /** Nothing beyond public addresses may be dialled. */
  readonly strict?: true;
  /** The answer does not end by itself: time must pass. */
  readonly slow?: true;
  readonly policy?: string;
  readonly facts: string;
}

const TEXT_TYPE = "Content-Type: text/plain";
const cases: readonly Case[] = [
  // The record, RFC 8461 §3.1
  { is: "a record and a policy", facts: GOOD },
  { is: "no TXT record", txt: [], facts: "none: no TXT record begins with v=STSv1;" },
  { is: "no such name", txt: { kind: "nxdomain" }, facts: "none: no MTA-STS record is published" },
  { is: "no data", txt: { kind: "nodata" }, facts: "none: no MTA-STS record is published" },
  { is: "SERVFAIL", txt: { kind: "failure" }, facts: "failed at dns: SERVFAIL" },
  { is: "a bogus record", txt: { kind: "failure", cause: "bogus" }, facts: "failed at dns-bogus: SERVFAIL" },
  { is: "beside other records", txt: ["v=spf1 -all", RECORD, "x"], facts: GOOD },
  { is: "two records", txt: [RECORD, "v=STSv1; id=2"], facts: "none: 2 TXT records begin with v=STSv1;" },
  { is: "a record behind an alias", txt: { alias: [RECORD] }, facts: GOOD },
  { is: "upper case V", txt: ["V=STSv1; id=1"], facts: "none: no TXT record begins with v=STSv1;" },
  { is: "another version", txt: ["v=STSv2; id=1"], facts: "none: no TXT record begins with v=STSv1;" },
  { is: "no id", txt: ["v=STSv1;"], facts: 'none: "" is no field' },
  { is: "an id of 32 characters", txt: [`v=STSv1; id=${"a".repeat(32)}`], facts: GOOD },
  {
    is: "an id of 33 characters",
    txt: [`v=STSv1; id=${"a".repeat(33)}`],
    facts: "none: the id is not 1 to 32 letters and digits",
  },
  { is: "an id with a dash", txt: ["v=STSv1; id=2026-03"], facts: "none: the id is not 1 to 32 letters and digits" },
  { is: "an unknown field", txt: ["v=STSv1; x=y; id=1"], facts: GOOD },
  // The policy, RFC 8461 §3.2
  { is: "LF alone", policy: POLICY.replaceAll("\r\n", "\n"), facts: GOOD },
  { is: "no final line end", policy: POLICY.trimEnd(), facts: GOOD },
  { is: "testing", policy: POLICY.replace("enforce", "testing"), facts: GOOD.replace("enforce", "testing") },
  { is: "none without mx", policy: "version: STSv1\nmode: none\nmax_age: 700\n", facts: "none  for 700 s" },
  {
    is: "two mx, one wild",
    policy: `${POLICY}mx: *.rook.example\n`,
    facts: "enforce mx.pine.example *.rook.example for 86400 s",
  },
  {
    is: "mode Enforce",
    policy: POLICY.replace("enforce", "Enforce"),
    facts: "failed at invalid: the policy has no mode: enforce, testing or none",
  },
  {
    is: "no version",
    policy: POLICY.replace("version: STSv1\r\n", ""),
    facts: "failed at invalid: the policy has no version: STSv1",
  },
  {
    is: "no mode",
    policy: POLICY.replace("mode: enforce\r\n", ""),
    facts: "failed at invalid: the policy has no mode: enforce, testing or none",
  },
  { is: "no mx", policy: POLICY.replace(/mx: .*\r\n/, ""), facts: "failed at invalid: the policy names no mx" },
  {
    is: "no max_age",
    policy: POLICY.replace(/max_age.*\r\n/, ""),
    facts: "failed at invalid: the policy has no max_age in seconds",
  },
  {
    is: "max_age beyond a year",
    policy: POLICY.replace("86400", "4294967296"),
    facts: GOOD.replace("86400", "31557600"),
  },
  {
    is: "max_age below 0",
    policy: POLICY.replace("86400", "-1"),
    facts: "failed at invalid: the policy has no max_age in seconds",
  },
  { is: "max_age 0 serves one delivery", policy: POLICY.replace("86400", "0"), facts: GOOD.replace("86400", "600") },
  {
    is: "max_age in words",
    policy: POLICY.replace("86400", "86400abc"),
    facts: "failed at invalid: the policy has no max_age in seconds",
  },
  { is: "mode twice", policy: `${POLICY}mode: none\r\n`, facts: GOOD },
  { is: "an unknown key", policy: `${POLICY}future: x y\r\n`, facts: GOOD },
  {
    is: "a byte order mark",
    policy: `\uFEFF${POLICY}`,
    facts: 'failed at invalid: "\uFEFFversion: STSv1" is no line of a policy',
  },
  {
    is: "CR alone",
    policy: POLICY.replaceAll("\r\n", "\r"),
    facts: 'failed at invalid: "version: STSv1\\rmode: enforce\\rmx: mx.pine" is no line of a policy',
  },
  {
    is: "NUL",
    policy: POLICY.replace("enforce", "enforce\0"),
    facts: 'failed at invalid: "mode: enforce\\u0000" is no line of a policy',
  },
  { is: "mx: *", policy: `${POLICY}mx: *\n`, facts: 'failed at invalid: "*" is no MX name' },
  {
    is: "mx: *.com",
    policy: `${POLICY}mx: *.com\n`,
    facts: 'failed at invalid: "*.com" covers a whole top-level domain',
  },
  {
    is: "an mx with U-labels",
    policy: `${POLICY}mx: bücher.example\n`,
    facts: 'failed at invalid: "bücher.example" is no MX name',
  },
  { is: "an empty file", policy: "", facts: "failed at invalid: the policy has no version: STSv1" },
  {
    is: "not UTF-8",
    answer: reply(Buffer.from([...Buffer.from(POLICY), 0x78, 0x3a, 0x20, 0xff, 0x0a])),
    facts: "failed at invalid: the policy is no UTF-8 text",
  },
  // HTTP, RFC 8461 §3.3
  ...[301, 302, 303, 307, 308].map(
    (code): Case => ({
      is: `a redirect, ${code}`,
      answer: reply(
        POLICY,
        `${TEXT_TYPE}\r\nLocation: https://mta-sts.good.example/.well-known/mta-sts.txt`,
        `${code} Moved`,
      ),
      facts: `failed at fetch: the policy host redirects (${code}), which is not followed`,
    }),
  ),
  ...[201, 204, 206, 304, 403, 404, 410, 500, 503].map(
    (code): Case => ({
      is: `status ${code}`,
      answer: reply(code === 204 || code === 304 ? "" : POLICY, TEXT_TYPE, `${code} Well`),
      facts:
        code === 304
          ? "failed at fetch: the policy host redirects (304), which is not followed"
          : `failed at fetch: the policy host answered ${code}`,
    }),
  ),
  {
    is: "text/html",
    answer: reply(POLICY, "Content-Type: text/html"),
    facts: 'failed at invalid: the policy has the media type "text/html", not text/plain',
  },
  {
    is: "application/json",
    answer: reply(POLICY, "Content-Type: application/json"),
    facts: 'failed at invalid: the policy has the media type "application/json", not text/plain',
  },
  {
    is: "no media type",
    answer: reply(POLICY, "X-A: b"),
    facts: "failed at invalid: the policy has no media type, not text/plain",
  },
  {
    is: "parameters of the media type",
    answer: reply(POLICY, "content-type: Text/Plain ; charset=utf-8"),
    facts: GOOD,
  },
  {
    is: "gzip, unasked",
    answer: reply(gzipSync(POLICY), `${TEXT_TYPE}\r\nContent-Encoding: gzip`),
    facts: 'failed at fetch: the policy is encoded ("gzip"), unasked',
  },
  { is: "identity", answer: reply(POLICY, `${TEXT_TYPE}\r\nContent-Encoding: identity`), facts: GOOD },
  { is: "chunks", answer: chunked("version: STSv1\n", POLICY.slice(16)), facts: GOOD },
  { is: "65536 octets", policy: `${POLICY}x: ${"y".repeat(65_536 - POLICY.length - 3)}`, facts: GOOD },
  {
    is: "65537 octets",
    policy: `${POLICY}x: ${"y".repeat(65_537 - POLICY.length - 3)}`,
    facts: "failed at fetch: the policy has more than 65536 octets",
  },
  {
    is: "too much in chunks",
    answer: chunked(POLICY, ...Array<string>(17).fill("x".repeat(4096))),
    facts: "failed at fetch: the policy has more than 65536 octets",
  },
  {
    is: "chunks without end",
    answer: (socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n");
      const more = (): void => {
        while (!socket.destroyed && socket.write(`1000\r\n${"x".repeat(4096)}\r\n`));
      };
      socket.on("drain", more);
      more();
    },
    facts: "failed at fetch: the policy has more than 65536 octets",
  },
  {
    is: "a header without end",
    answer: `HTTP/1.1 200 OK\r\n${"X-A: bcdefghijklm\r\n".repeat(4000)}`,
    facts: "failed at fetch: the policy host gave no whole answer: Parse Error: Header overflow",
  },
  {
    is: "no HTTP",
    answer: "SSH-2.0-x\r\n",
    facts: "failed at fetch: the policy host gave no whole answer: Parse Error: Expected HTTP/, RTSP/ or ICE/",
  },
  {
    is: "an early end",
    answer: (socket) => socket.end(reply(POLICY).subarray(0, -5)),
    facts: "failed at fetch: the policy was cut short: aborted",
  },
  {
    is: "an early end in chunks",
    answer: chunked(POLICY).slice(0, -7),
    facts: "failed at fetch: the policy was cut short: aborted",
  },
  {
    is: "an end by the connection alone",
    answer: `HTTP/1.1 200 OK\r\n${TEXT_TYPE}\r\n\r\n${POLICY}`,
    facts: "failed at fetch: the policy has neither a length nor chunks: it may have been cut short",
  },
  {
    is: "length and chunks",
    answer: `HTTP/1.1 200 OK\r\n${TEXT_TYPE}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    facts:
      "failed at fetch: the policy host gave no whole answer: Parse Error: Transfer-Encoding can't be present with Content-Length",
  },
  {
    is: "a switch of protocols",
    answer: "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
    facts: "failed at fetch: the policy host changed the protocol",
  },
  {
    is: "an interim answer first",
    answer: Buffer.concat([Buffer.from("HTTP/1.1 103 Early Hints\r\n\r\n"), reply(POLICY)]),
    facts: GOOD,
  },
  { is: "no answer", answer: "", facts: "failed at fetch: the policy host gave no whole answer: socket hang up" },
  { is: "silence", answer: () => undefined, slow: true, facts: "failed at fetch: no whole policy within 60 s" },
  {
    is: "one octet and no more",
    answer: (socket: TLSSocket) => socket.write(reply(POLICY).subarray(0, -1)),
    slow: true,
    facts: "failed at fetch: no whole policy within 60 s",
  },
  // The policy host, RFC 8461 §3.3, §7.1
  {
    is: "a certificate for another name",
    certificate: () => ca.issue(["mta-sts.other.example"]),
    facts: "failed at webpki: the certificate is not for mta-sts.NAME",
  },
  {
    is: "a certificate for the policy domain",
    certificate: (name) => ca.issue([name]),
    facts: "failed at webpki: the certificate is not for mta-sts.NAME",
  },
  {
    is: "the name as common name alone",
    certificate: (name) => ca.issue([], { commonName: `mta-sts.${name}` }),
    facts: "failed at webpki: the certificate is not for mta-sts.NAME",
  },
  { is: "a wildcard certificate", certificate: (name) => ca.issue([`*.${name}`]), facts: GOOD },
  {
    is: "a wildcard one label too high",
    certificate: () => ca.issue(["*.example"]),
    facts: "failed at webpki: the certificate is not for mta-sts.NAME",
  },
  {
    is: "an expired certificate",
    certificate: (name) => ca.issue([`mta-sts.${name}`], { notBefore: new Date(0), notAfter: new Date(86_400_000) }),
    facts: "failed at webpki: the certificate of mta-sts.NAME is not trusted: CERT_HAS_EXPIRED",
  },
  {
    is: "a certificate of the future",
    certificate: (name) => ca.issue([`mta-sts.${name}`], { notBefore: new Date(Date.now() + 86_400_000) }),
    facts: "failed at webpki: the certificate of mta-sts.NAME is not trusted: CERT_NOT_YET_VALID",
  },
  {
    is: "an unknown CA",
    certificate: (name) => stranger.issue([`mta-sts.${name}`]),
    facts: "failed at webpki: the certificate of mta-sts.NAME is not trusted: SELF_SIGNED_CERT_IN_CHAIN",
  },
  { is: "no TLS 1.2", on: () => old, facts: "failed at fetch: no TLS with mta-sts.NAME: tlsv1 alert protocol version" },
  {
    is: "a handshake that ends",
    refuse: true,
    facts: "failed at fetch: no TLS with mta-sts.NAME: the host closed the connection in the handshake",
  },
  { is: "IPv6", on: () => six, a: [], aaaa: ["::1"], facts: GOOD },
  { is: "IPv6 that does not answer, IPv4 that does", aaaa: ["::1"], facts: GOOD },
  {
    is: "nobody listens",
    a: ["127.0.0.9"],
    facts: "failed at fetch: no connection to 127.0.0.9 port PORT: connect ECONNREFUSED 127.0.0.9:PORT",
  },
  { is: "no address", a: [], facts: "failed at fetch: mta-sts.NAME has no address" },
  {
    is: "no address to be had",
    a: { kind: "failure" },
    facts: "failed at fetch: the address look-up for mta-sts.NAME failed: SERVFAIL",
  },
  // No way to services that are not public
  ...[
    "127.0.0.1",
    "10.1.2.3",
    "172.31.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "192.0.2.1",
  ].map(
    (address): Case => ({
      is: `the address ${address}`,
      a: [address],
      strict: true,
      facts: `failed at fetch: mta-sts.NAME has no public address (${address}); it is not asked`,
    }),
  ),
  ...[
    "::1",
    "fe80::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:db8::1",
    "ff02::1",
    "::",
  ].map(
    (address): Case => ({
      is: `the address ${address}`,
      a: [],
      aaaa: [address],
      strict: true,
      facts: `failed at fetch: mta-sts.NAME has no public address (${address}); it is not asked`,
    }),
  ),
];

function say(facts: StsFacts, now: number): string {
  switch (facts.kind) {
    case "none":
      return `none: ${facts.why}`;
    case "failed":
      return `failed at ${facts.trouble.at}: ${facts.trouble.detail}`;
    case "policy":
      return `${facts.mode} ${facts.mx.join(" ")} for ${(facts.expires - now) / 1000} s`;
    default:
      return unreachable(facts);
  }
}

async function run(one: Case, at: number): Promise<string> {
  const name = `c${at}.example`;
  const policyName = `mta-sts.${name}`;
  const server = one.on?.() ?? host;
  server.behave(policyName, {
    certificate: await (one.certificate?.(name) ?? ca.issue([policyName])),
    answer: one.answer ?? reply(one.policy ?? POLICY),
    ...(one.refuse === undefined ? {} : { refuse: one.refuse }),
  });
  const { txt = [RECORD] } = one;
  const zone = "alias" in txt ? { CNAME: ["sts.provider.example"] } : { TXT: txt };
  const resolver = staticResolver({
    [`_mta-sts.${name}`]: zone,
    "sts.provider.example": { TXT: "alias" in txt ? txt.alias : [] },
    [policyName]: { A: one.a ?? ["127.0.0.1"], AAAA: one.aaaa ?? [] },
  });
  const clock = new ManualClock();
  const store = await openStsStore({ directory: join(directory, name), clock, onFault: (text) => assert.fail(text) });
  const permitted = (address: string): boolean => address.startsWith("127.") || address === "::1";
  await using cache = startStsCache({
    resolver,
    clock,
    store,
    random: seededRandom(at),
    fetch: async (wanted, signal) =>
      await fetchStsPolicy(
        wanted,
        { resolver, clock, trust, port: server.port, ...(one.strict === true ? {} : { permitted }) },
        signal,
      ),
  });
  const sources = policySources({ resolver, clock, dane: { off: async () => undefined }, sts: cache });
  const began = clock.now();
  const asked = sources.sts(domain(name));
  if (one.slow === true) {
    await server.asked(policyName);
    clock.advance(10_000);
    assert.equal(
      say(await asked, began),
      "failed at fetch: no policy within 10 s; the fetch goes on for later deliveries",
    );
    clock.advance(50_000);
  }
  const facts = one.slow === true ? await sources.sts(domain(name)) : await asked;
  // Whatever the outcome, a policy is stored if and only if there is one that lasts.
  assert.equal(store.list().length, facts.kind === "policy" && !one.is.startsWith("max_age 0") ? 1 : 0, one.is);
  for (const request of server.requests(policyName)) assert.equal(request, REQUEST.replaceAll("NAME", name));
  return say(facts, began).replaceAll(policyName, "mta-sts.NAME").replaceAll(String(server.port), "PORT");
}

const REQUEST =
  "GET /.well-known/mta-sts.txt HTTP/1.1\r\nhost: mta-sts.NAME\r\naccept: text/plain\r\naccept-encoding: identity\r\nconnection: close\r\n\r\n";

test("policySources.sts: what every behaviour comes to, RFC 8461 §3", async () => {
  const seen: (readonly [string, string])[] = [];
  for (const [at, one] of cases.entries()) seen.push([one.is, await run(one, at)]);
  assert.deepEqual(
    seen,
    cases.map(({ is, facts }) => [is, facts]),
  );
  assert.ok(cases.length >= 60, `${cases.length} cases`);
});

test("fetchStsPolicy: SNI is the policy host, and a connection that leads elsewhere is not used", async () => {
  const name = "elsewhere.example";
  host.behave(`mta-sts.${name}`, { certificate: await ca.issue([`mta-sts.${name}`]), answer: reply(POLICY) });
  const resolver = staticResolver({ [`mta-sts.${name}`]: { A: ["198.41.0.4"] } });
  const options = { resolver, clock: new ManualClock(), trust, port: host.port };
  // A dialler that goes elsewhere, as a changed route or a rebound name would.
  const dial = async (): Promise<ReturnType<typeof connect>> => {
    const socket = connect(host.port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    return socket;
  };
  const refused = await fetchStsPolicy(domain(name), { ...options, dial });
  assert.deepEqual(refused, {
    ok: false,
    error: { at: "fetch", detail: "198.41.0.4 led to 127.0.0.1, which is not asked" },
  });
  assert.equal(host.hellos.includes(`mta-sts.${name}`), false);
  const taken = await fetchStsPolicy(domain(name), {
    ...options,
    dial,
    permitted: (address) => address === "127.0.0.1",
  });
  assert.deepEqual(taken, { ok: true, value: POLICY });
  assert.equal(host.hellos.filter((hello) => hello === `mta-sts.${name}`).length, 1);
});

test("fetchStsPolicy: an abort ends it at once, wherever it is", async () => {
  const name = "abort.example";
  host.behave(`mta-sts.${name}`, { certificate: await ca.issue([`mta-sts.${name}`]), answer: () => undefined });
  const resolver = staticResolver({ [`mta-sts.${name}`]: { A: ["127.0.0.1"] } });
  const clock = new ManualClock();
  const stop = new AbortController();
  const options = { resolver, clock, trust, port: host.port, permitted: () => true };
  const running = fetchStsPolicy(domain(name), options, stop.signal);
  await host.asked(`mta-sts.${name}`);
  stop.abort(new Error("Shutting down"));
  assert.deepEqual(await running, { ok: false, error: { at: "fetch", detail: "Shutting down" } });
  assert.deepEqual(await fetchStsPolicy(domain(name), options, stop.signal), await running);
  assert.equal(clock.pending, 0);
});
