import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { after, before, suite, test } from "node:test";
import { connect, type ConnectionOptions } from "node:tls";
import { domain } from "../../../src/mail/mod.ts";
import { systemClock } from "../../../src/base/mod.ts";
import { openStsHost, type StsHost } from "../../../src/daemon/sts_host.ts";
import { fetchStsPolicy } from "../../../src/policy/io/mod.ts";
import { type NamePattern, parseNamePattern, parseStsPolicy } from "../../../src/policy/mod.ts";
import { openTrust, type TrustStore } from "../../../src/tls/io/mod.ts";
import { stsPolicyText } from "../../../src/publish/mod.ts";
import { needs } from "../../support/programs.ts";
import { staticResolver } from "../../support/resolver.ts";
import { curl, hostWith, type House, openHouse, runProgram } from "./_house.ts";

const PATH = "/.well-known/mta-sts.txt";

function pattern(text: string): NamePattern {
  const parsed = parseNamePattern(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

const POLICY = stsPolicyText({
  mode: "enforce",
  maxAge: 1_209_600_000,
  mx: [pattern("mx1.rook.example"), pattern("*.backup.example")],
});
const EXPECTED =
  "version: STSv1\r\nmode: enforce\r\nmx: mx1.rook.example\r\nmx: *.backup.example\r\nmax_age: 1209600\r\n";
const policies = new Map([
  ["rook.example", POLICY],
  ["pine.example", POLICY.replace("enforce", "testing")],
]);

suite("the policy host (RFC 8461 §3.3)", () => {
  const stack = new AsyncDisposableStack();
  let house: House;
  let host: StsHost;
  let trust: TrustStore;

  before(async () => {
    house = stack.use(await openHouse());
    const names = [["mx1.rook.example"], ["mta-sts.rook.example"], ["mta-sts.pine.example"]];
    host = stack.use(await hostWith(house, names, { policyOf: (name) => policies.get(name) }));
    const opened = await openTrust({ kind: "pem", certificates: [house.ca.pem] });
    assert.ok(opened.ok);
    trust = opened.value;
  });
  after(async () => await stack.disposeAsync());

  test("our own client fetches the policy octet for octet, each domain its own", async () => {
    assert.equal(POLICY, EXPECTED);
    const resolver = staticResolver({
      "mta-sts.rook.example": { A: ["127.0.0.1"] },
      "mta-sts.pine.example": { A: ["127.0.0.1"] },
      "mta-sts.fern.example": { A: ["127.0.0.1"] },
    });
    const options = { resolver, clock: systemClock, trust, port: host.port, permitted: () => true };
    const [rook, pine, fern] = await Promise.all(
      ["rook.example", "pine.example", "fern.example"].map(async (name) => await fetchStsPolicy(domain(name), options)),
    );
    assert.deepEqual(rook, { ok: true, value: EXPECTED });
    assert.ok(pine?.ok === true);
    const parsed = parseStsPolicy(pine.value);
    assert.equal(parsed.ok && parsed.value.mode, "testing");
    // Shown the default certificate, which is not for it.
    assert.deepEqual(fern, {
      ok: false,
      error: { at: "webpki", detail: "the certificate is not for mta-sts.fern.example" },
    });
  });

  test("curl gets the policy, a HEAD, and nothing else", { skip: needs("curl") }, async () => {
    const at = (name: string, path: string): string => `https://mta-sts.${name}${path}`;
    const got = await curl(house, host.port, ["-i", at("rook.example", PATH)]);
    assert.equal(got.status, 0, got.complaints);
    const [head = "", body] = got.out.split("\r\n\r\n", 2);
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(head, /\r\nContent-Type: text\/plain\r\nContent-Length: 93\r\nConnection: close\r\n/);
    assert.equal(`${body}`, EXPECTED);
    const statuses: string[] = [];
    for (const args of [
      ["-I", at("rook.example", PATH)],
      [at("rook.example", "/")],
      ["-X", "POST", "-d", "x", at("rook.example", PATH)],
      ["-H", "Host: mta-sts.pine.example", at("rook.example", PATH)],
      ["-H", "Host: rook.example", at("rook.example", PATH)],
      ["--tls-max", "1.2", at("rook.example", PATH)],
      ["-H", `X: ${"a".repeat(10_000)}`, at("rook.example", PATH)],
    ]) {
      const one = await curl(house, host.port, ["-o", "/dev/null", "-w", "%{http_code}", ...args]);
      statuses.push(one.out);
    }
    assert.deepEqual(statuses, ["200", "404", "405", "421", "421", "200", "431"]);
    // Its certificate is for no such name.
    const stranger = await curl(house, host.port, [at("fern.example", PATH)]);
    assert.equal(stranger.status, 60);
  });

  test("without SNI the handshake ends with the default certificate, and no policy (RFC 8461 §7.1)", {
    skip: needs("openssl"),
  }, async () => {
    const request = `GET ${PATH} HTTP/1.1\r\nHost: mta-sts.rook.example\r\n\r\n`;
    const at = ["-connect", `127.0.0.1:${host.port}`, "-CAfile", house.caFile];
    const without = await runProgram("openssl", ["s_client", "-noservername", "-ign_eof", ...at], request);
    assert.match(without.out, /Verify return code: 0 \(ok\)/);
    assert.match(without.out, /\r\n?HTTP\/1\.1 421 |HTTP\/1\.1 421 /);
    assert.ok(!without.out.includes("STSv1"));
    const named = ["-servername", "mta-sts.rook.example", "-verify_hostname", "mta-sts.rook.example"];
    const withName = await runProgram("openssl", ["s_client", ...named, "-ign_eof", ...at], request);
    assert.match(withName.out, /Verify return code: 0 \(ok\)/);
    assert.ok(withName.out.includes("version: STSv1\r\nmode: enforce"));
  });

  test("TLS 1.1 and other protocols are refused; TLS 1.2 and http/1.1 are taken", async () => {
    const outcomes: string[] = [];
    for (const more of [
      { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" },
      { maxVersion: "TLSv1.2" },
      { ALPNProtocols: ["h2"] },
      { ALPNProtocols: ["h2", "http/1.1"] },
    ] satisfies ConnectionOptions[]) {
      const socket = connect({
        host: "127.0.0.1",
        port: host.port,
        servername: "mta-sts.rook.example",
        ca: house.ca.pem,
        ...more,
      });
      try {
        await once(socket, "secureConnect");
        outcomes.push(`${socket.getProtocol()} ${socket.alpnProtocol}`);
      } catch {
        outcomes.push("refused");
      }
      socket.destroy();
    }
    assert.deepEqual(outcomes, ["refused", "TLSv1.2 false", "refused", "TLSv1.3 http/1.1"]);
  });
});

suite("the policy host under pressure", () => {
  const stack = new AsyncDisposableStack();
  let house: House;
  before(async () => {
    house = stack.use(await openHouse());
  });
  after(async () => await stack.disposeAsync());

  const names = [["mta-sts.rook.example"]];
  const policyOf = (name: string): string | undefined => policies.get(name);
  const ask = `GET ${PATH} HTTP/1.1\r\nHost: mta-sts.rook.example\r\n\r\n`;

  async function plain(host: StsHost): Promise<Socket> {
    const socket = connectTcp({ host: "127.0.0.1", port: host.port });
    socket.on("error", () => undefined);
    await once(socket, "connect");
    return socket;
  }

  test("a client that says nothing is cut off at the deadline, before and after the handshake", async () => {
    await using host = await hostWith(house, names, { policyOf, limits: { deadline: 200 } });
    const silent = await plain(host);
    const secured = connect({
      host: "127.0.0.1",
      port: host.port,
      servername: "mta-sts.rook.example",
      ca: house.ca.pem,
    });
    secured.on("error", () => undefined);
    await once(secured, "secureConnect");
    secured.write("GET / HT");
    const signal = AbortSignal.timeout(5000);
    await Promise.all([once(silent.resume(), "close", { signal }), once(secured.resume(), "close", { signal })]);
  });

  test("more connections than allowed are closed at once, and the place is free again afterwards", async () => {
    await using host = await hostWith(house, names, {
      policyOf,
      limits: { perAddress: 3, grace: 50, deadline: 600_000 },
    });
    const held = await Promise.all([plain(host), plain(host), plain(host)]);
    const fourth = await plain(host);
    await once(fourth.resume(), "close", { signal: AbortSignal.timeout(5000) });
    held[0]?.destroy();
    for (let attempt = 0; ; attempt++) {
      assert.ok(attempt < 1000, "the place stays taken");
      const again = connect({
        host: "127.0.0.1",
        port: host.port,
        servername: "mta-sts.rook.example",
        ca: house.ca.pem,
      });
      const taken = await once(again, "secureConnect").then(
        () => true,
        () => false,
      );
      again.destroy();
      if (taken) break;
    }
    for (const socket of held) socket.destroy();
  });

  test("stopping takes no more, and lets a request under way be answered", async () => {
    const host = await hostWith(house, names, { policyOf });
    const socket = connect({
      host: "127.0.0.1",
      port: host.port,
      servername: "mta-sts.rook.example",
      ca: house.ca.pem,
    });
    await once(socket, "secureConnect");
    let answer = "";
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString();
    });
    const closed = once(socket, "close");
    const stopped = host[Symbol.asyncDispose]();
    socket.write(ask);
    await closed;
    await stopped;
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.ok(answer.endsWith(EXPECTED));
    const late = connectTcp({ host: "127.0.0.1", port: host.port });
    await assert.rejects(once(late, "connect"), { code: "ECONNREFUSED" });
  });

  test("each connection ends with its one answer, whatever else was asked for", async () => {
    const address = { host: "127.0.0.1", port: 0 };
    await using host = await openStsHost(
      { address, tls: "none" },
      { clock: systemClock, certificates: undefined, policyOf },
    );
    const start = (method: string): string => `${method} ${PATH} HTTP/1.1\r\nHost: mta-sts.rook.example\r\n`;
    const cases: readonly (readonly [string, string])[] = [
      [`${start("GET")}\r\n${start("GET")}\r\n`, "HTTP/1.1 200 OK"],
      [`${start("GET")}Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n`, "HTTP/1.1 200 OK"],
      [`${start("POST")}Content-Length: 9\r\nExpect: 100-continue\r\n\r\n`, "HTTP/1.1 405 Method Not Allowed"],
      [`${start("GET")}Expect: more\r\n\r\n`, "HTTP/1.1 200 OK"],
      [`${start("GET")}X: ${"x".repeat(9000)}\r\n\r\n`, "HTTP/1.1 431 Request Header Fields Too Large"],
      ["CONNECT mta-sts.rook.example:443 HTTP/1.1\r\nHost: mta-sts.rook.example\r\n\r\n", ""],
      ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 400 Bad Request"],
    ];
    const found: (readonly [string, string])[] = [];
    for (const [text] of cases) {
      const socket = connectTcp({ host: "127.0.0.1", port: host.port });
      let heard = "";
      socket.on("data", (chunk: Buffer) => (heard += chunk.toString()));
      socket.write(text);
      const begun = systemClock.monotonic();
      await once(socket, "close");
      // Node itself would hold on for five seconds.
      assert.ok(systemClock.monotonic() - begun < 4000, text);
      assert.equal(heard.split("HTTP/1.1 ").length - 1, heard === "" ? 0 : 1, text);
      found.push([text, heard.slice(0, heard.indexOf("\r\n") + 1).trim()]);
    }
    assert.deepEqual(found, cases);
  });

  test("behind a proxy the Host field alone decides", { skip: needs("curl") }, async () => {
    const address = { host: "127.0.0.1", port: 0 };
    await using host = await openStsHost(
      { address, tls: "none" },
      { clock: systemClock, certificates: undefined, policyOf },
    );
    const codes: string[] = [];
    for (const name of ["mta-sts.rook.example", "mta-sts.pine.example", "mta-sts.fern.example", "rook.example"]) {
      const got = await runProgram("curl", [
        "-sS",
        "-q",
        "--noproxy",
        "*",
        "-H",
        `Host: ${name}`,
        "-w",
        " %{http_code}",
        `http://127.0.0.1:${host.port}${PATH}`,
      ]);
      codes.push(`${/mode: \w+/.exec(got.out)?.[0] ?? "-"} ${got.out.slice(-3)}`);
    }
    assert.deepEqual(codes, ["mode: enforce 200", "mode: testing 200", "- 404", "- 404"]);
  });
});
