import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Bytes } from "../../src/base/mod.ts";
import { systemClock, systemRandom } from "../../src/base/mod.ts";
import type { DnsDialer } from "../../src/dns/io/dial.ts";
import { nodeDialer } from "../../src/dns/io/dial.ts";
import { openDns } from "../../src/dns/io/open.ts";
import { createTransport } from "../../src/dns/io/transport.ts";
import { decodeMessage } from "../../src/dns/wire/decode.ts";
import { OPTION, rcodeName } from "../../src/dns/wire/message.ts";
import { nameOf } from "../../src/dns/wire/name.ts";
import { TYPE } from "../../src/dns/wire/types.ts";
import { testCa } from "../support/certificates.ts";
import { startDaemon } from "../support/dns-process.ts";
import type { ZonePlan, World } from "../support/dns-world.ts";
import { buildWorld } from "../support/dns-world.ts";
import { freePort } from "../support/port.ts";
import { needs } from "../support/programs.ts";

const TEXTS = Array.from({ length: 20 }, (_, at) => `big TXT "${String(at).padStart(3, "0")}${"x".repeat(200)}"`);
const FLOOD = [
  ...Array.from({ length: 101 }, (_, at) => `many MX ${at} mx${at}`),
  ...Array.from({ length: 500 }, (_, at) => `wide A 10.0.${at >> 8}.${at & 255}`),
  ...Array.from({ length: 20 }, (_, at) => `c${at} CNAME c${at + 1}`),
  "c20 A 192.0.2.1",
  "self CNAME self",
  ...Array.from({ length: 200 }, (_, at) => `huge TXT "${String(at).padStart(3, "0")}${"y".repeat(240)}"`),
];
const PLANS: readonly ZonePlan[] = [
  { name: "flood.example", server: "nsd", records: FLOOD.join("\n"), algorithms: [13] },
  { name: "", server: "nsd", records: "", algorithms: [13] },
  { name: "example", server: "nsd", records: `@ MX 10 mx\nmx A 192.0.2.25\n${TEXTS.join("\n")}`, algorithms: [13] },
];

/** Notes what goes over the wire: the way, the length of the cookie sent, and the response code. */
function wireTap(notes: string[]): DnsDialer {
  const cookieOf = (octets: Bytes): number => {
    const decoded = decodeMessage(octets);
    return decoded.ok ? (decoded.value.edns?.options.find(({ code }) => code === OPTION.COOKIE)?.data.length ?? 0) : -1;
  };
  return {
    datagram(server, heard) {
      const line = nodeDialer.datagram(server, {
        ...heard,
        data: (octets) => {
          const decoded = decodeMessage(octets);
          notes.push(`udp reply ${decoded.ok ? rcodeName(decoded.value.rcode) : "malformed"}`);
          heard.data(octets);
        },
      });
      return {
        ...line,
        send: (octets) => {
          notes.push(`udp query, cookie ${cookieOf(octets)}`);
          line.send(octets);
        },
      };
    },
    stream(server, heard) {
      notes.push("tcp");
      return nodeDialer.stream(server, heard);
    },
  };
}

suite("transport against real servers", { skip: needs("nsd", "named", "unbound", "ldns-signzone") }, () => {
  const stack = new AsyncDisposableStack();
  let world: World;

  before(async () => {
    world = stack.use(await buildWorld(PLANS));
  });
  after(() => stack.disposeAsync());

  const base = { clock: systemClock, random: systemRandom, mode: "validate" } as const;

  test("an answer beyond 1232 octets comes over TCP and validates", async () => {
    await using recursor = await world.recursor();
    const notes: string[] = [];
    const dns = await openDns({
      ...base,
      anchors: { text: world.anchors },
      servers: [`127.0.0.1:${recursor.port}`],
      dialer: wireTap(notes),
    });
    const answer = await dns.resolver.query("big.example", "TXT");
    dns.close();
    assert.deepEqual(answer.kind === "data" && [answer.security, answer.records.length], ["secure", 20]);
    assert.equal(notes.filter((note) => note === "tcp").length, 1);
  });

  test("DNS over TLS to Unbound: validated when it proves its name, unavailable when not", async () => {
    const ca = await testCa();
    const leaf = await ca.issue(["dns.example"]);
    await writeFile(join(world.folder, "tls.pem"), leaf.chain);
    await writeFile(join(world.folder, "tls.key"), leaf.key);
    const port = await freePort();
    const tlsOptions = [
      `interface: 127.0.0.1@${port}`,
      `tls-port: ${port}`,
      `tls-service-pem: "${join(world.folder, "tls.pem")}"`,
      `tls-service-key: "${join(world.folder, "tls.key")}"`,
    ];
    await using _recursor = await world.recursor({ extra: tlsOptions.join("\n  ") });
    const ask = async (name: string): Promise<string> => {
      const dns = await openDns({
        ...base,
        anchors: { text: world.anchors },
        servers: [`127.0.0.1:${port}`],
        tls: { name, ca: ca.pem },
      });
      const answer = await dns.resolver.query("example", "MX");
      dns.close();
      return answer.kind === "failure" ? `${answer.cause}: ${answer.detail}` : answer.security;
    };
    assert.equal(await ask("dns.example"), "secure");
    assert.match(await ask("other.example"), /^unavailable: .*Hostname\/IP does not match certificate's altnames/);
  });

  test("named that insists on cookies is answered with its own (RFC 7873 §5.2.3, §5.3)", async () => {
    const port = await freePort();
    const file = join(world.folder, "cookies.conf");
    await writeFile(
      file,
      `options { directory "${world.folder}"; listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
  recursion no; pid-file none; session-keyfile none; notify no; require-server-cookie yes; };
controls { };
zone "example" { type primary; file "${join(world.folder, "nsd", "example.zone")}"; };
`,
    );
    await using _named = await startDaemon("named", ["-g", "-c", file], { cwd: world.folder, port });
    const notes: string[] = [];
    const transport = createTransport({
      servers: [{ address: "127.0.0.1", port }],
      clock: systemClock,
      random: systemRandom,
      dialer: wireTap(notes),
    });
    for (const name of ["example", "mx.example"]) {
      const reply = await transport.ask({ name: nameOf(name), type: TYPE.A, cd: true });
      assert.ok(reply.ok);
    }
    transport.close();
    assert.deepEqual(notes, [
      "udp query, cookie 8",
      "udp reply BADCOOKIE",
      "udp query, cookie 24",
      "udp reply NOERROR",
      "udp query, cookie 24",
      "udp reply NOERROR",
    ]);
  });

  test("floods and loops of a hostile zone end in an answer or a failure, soon (C12)", async () => {
    await using recursor = await world.recursor();
    const dns = await openDns({ ...base, anchors: { text: world.anchors }, servers: [`127.0.0.1:${recursor.port}`] });
    const table: readonly (readonly [string, "A" | "MX" | "TXT", string])[] = [
      ["many.flood.example", "MX", "secure 101"],
      ["wide.flood.example", "A", "secure 500"],
      ["huge.flood.example", "TXT", "secure 200"],
      ["c18.flood.example", "A", "secure 1"],
      ["c0.flood.example", "A", "unavailable"],
      ["self.flood.example", "A", "unavailable"],
    ];
    for (const [name, type, expected] of table) {
      const answer = await dns.resolver.query(name, type);
      const got =
        answer.kind === "failure"
          ? answer.cause
          : answer.kind === "data"
            ? `${answer.security} ${answer.records.length}`
            : answer.kind;
      assert.equal(got, expected, name);
    }
    dns.close();
  });

  test("trust-ad finds out a resolver that does not validate", async () => {
    await using recursor = await world.recursor({ validates: false });
    const dns = await openDns({
      ...base,
      mode: "trust-ad",
      anchors: "builtin",
      servers: [`127.0.0.1:${recursor.port}`],
    });
    const report = await dns.selfTest();
    dns.close();
    assert.equal(report.sound, false);
    assert.match(report.summary, /does not set AD: it does not validate$/);
  });

  test("validation works through a resolver that does not validate itself", async () => {
    await using recursor = await world.recursor({ validates: false });
    const dns = await openDns({ ...base, anchors: { text: world.anchors }, servers: [`127.0.0.1:${recursor.port}`] });
    const answer = await dns.resolver.query("nope.example", "MX");
    assert.equal((await dns.selfTest()).sound, true);
    dns.close();
    assert.deepEqual([answer.kind, answer.kind !== "failure" && answer.security], ["nxdomain", "secure"]);
  });

  test("trust in the wrong root makes everything bogus, and the self-test says so", async () => {
    await using recursor = await world.recursor();
    const dns = await openDns({ ...base, anchors: "builtin", servers: [`127.0.0.1:${recursor.port}`] });
    const answer = await dns.resolver.query("example", "MX");
    assert.equal(answer.kind === "failure" && answer.cause, "bogus");
    const report = await dns.selfTest();
    dns.close();
    assert.match(report.summary, /^DANE is off: DNSSEC cannot be relied on \(\. SOA\): it does not validate: /);
  });

  test("a dead server first in the list costs one question, not every one", async () => {
    await using recursor = await world.recursor();
    const dead = await freePort();
    const dns = await openDns({
      ...base,
      anchors: { text: world.anchors },
      servers: [`127.0.0.1:${dead}`, `127.0.0.1:${recursor.port}`],
    });
    const answer = await dns.resolver.query("mx.example", "A");
    dns.close();
    assert.equal(answer.kind === "data" && answer.security, "secure");
  });
});
