import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { recordOf, replyTo, scriptedServer } from "../../../test/support/dns-server.ts";
import { concat, systemClock, systemRandom } from "../../base/mod.ts";
import { octets32 } from "../wire/encode.ts";
import type { Message } from "../wire/message.ts";
import { RCODE } from "../wire/message.ts";
import { nameOf, nameWire } from "../wire/name.ts";
import { TYPE } from "../wire/types.ts";
import type { DnsOptions } from "./open.ts";
import { DnsSetupError, openDns } from "./open.ts";

const BASE: DnsOptions = { mode: "validate", anchors: "builtin", clock: systemClock, random: systemRandom };
const DS = ". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D";

async function complaint(options: Partial<DnsOptions>): Promise<string> {
  try {
    (await openDns({ ...BASE, ...options })).close();
    return "opened";
  } catch (cause) {
    assert.ok(cause instanceof DnsSetupError);
    return cause.message;
  }
}

test("openDns takes trust-ad with a server on this machine alone, unless forced (RFC 7672 §2.1.1)", async () => {
  const remote = { mode: "trust-ad", servers: ["127.0.0.1", "192.0.2.53"] } as const;
  assert.match(await complaint(remote), /^Refusing trust-ad with 192\.0\.2\.53:53: it is not on this machine/);
  assert.equal(await complaint({ ...remote, forceTrustAd: true }), "opened");
  assert.equal(await complaint({ mode: "trust-ad", servers: ["127.0.0.1", "[::1]:5353"] }), "opened");
  assert.equal(await complaint({ servers: ["192.0.2.53"] }), "opened");
});

test("openDns reads anchors from a file or a text, and names what is wrong with them", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "hopseal-anchors-"));
  const good = join(folder.path, "good");
  const bad = join(folder.path, "bad");
  await writeFile(good, `${DS}\n`);
  await writeFile(bad, "nonsense\n");
  const servers = ["127.0.0.1"];
  assert.equal(await complaint({ servers, anchors: good }), "opened");
  assert.equal(await complaint({ servers, anchors: { text: DS } }), "opened");
  assert.match(await complaint({ servers, anchors: bad }), /^Cannot use .*bad: line 1: "nonsense" is neither/);
  assert.match(await complaint({ servers, anchors: join(folder.path, "none") }), /^Cannot read the trust anchors in /);
  assert.match(await complaint({ servers, anchors: { text: "" } }), /there is no DS or DNSKEY record$/);
  assert.match(
    await complaint({ servers: ["dns.example"] }),
    /^Cannot use DNS server: "dns\.example" is no IP address/,
  );
});

test("openDns with TLS uses port 853 unless one is named (RFC 7858 §3.1)", async () => {
  const dns = await openDns({ ...BASE, servers: ["192.0.2.1", "192.0.2.2:8853"], tls: { name: "dns.example" } });
  assert.deepEqual(
    dns.servers.map(({ port, tls }) => [port, tls?.name]),
    [
      [853, "dns.example"],
      [8853, "dns.example"],
    ],
  );
  dns.close();
});

const SOA = concat([nameWire(nameOf("ns")), nameWire(nameOf("h")), ...[1, 2, 3, 4, 5].map(octets32)]);
const soa = (query: Message): Message => replyTo(query, { answer: [recordOf(nameOf(""), TYPE.SOA, { rdata: SOA })] });

test("selfTest says plainly that the resolver strips DNSSEC", async () => {
  await using scripted = await scriptedServer((query) => [soa(query)]);
  const dns = await openDns({ ...BASE, servers: [scripted.server] });
  const report = await dns.selfTest();
  dns.close();
  assert.equal(report.sound, false);
  assert.equal(
    report.summary,
    `DANE is off: DNSSEC cannot be relied on (. SOA): 127.0.0.1:${scripted.server.port} strips DNSSEC records: there is no RRSIG in its answer`,
  );
  assert.deepEqual(
    report.checks.map(({ what, outcome }) => [what, outcome]),
    [
      ["signatures", "fail"],
      ["secure", "fail"],
      ["bogus", "pass"],
    ],
  );
});

test("selfTest says so when the resolver does not speak EDNS", async () => {
  await using scripted = await scriptedServer((query) => {
    const { edns: _edns, ...bare } = soa(query);
    return [bare];
  });
  const dns = await openDns({ ...BASE, servers: [scripted.server] });
  assert.match((await dns.selfTest()).summary, /strips DNSSEC records: it does not speak EDNS$/);
  dns.close();
});

test("selfTest of trust-ad finds a resolver that does not validate, by the missing AD or by the broken name", async () => {
  await using silent = await scriptedServer((query) => [soa(query)]);
  const one = await openDns({ ...BASE, mode: "trust-ad", servers: [silent.server] });
  assert.match((await one.selfTest()).summary, /does not set AD: it does not validate$/);
  one.close();
  await using liar = await scriptedServer((query) => {
    const { type } = query.question[0] ?? {};
    const answer =
      type === TYPE.A
        ? [recordOf(nameOf("dnssec-failed.org"), TYPE.A, { rdata: new Uint8Array(4) })]
        : soa(query).answer;
    return [replyTo(query, { flags: { ...query.flags, qr: true, ra: true, ad: true }, answer })];
  });
  const two = await openDns({ ...BASE, mode: "trust-ad", servers: [liar.server] });
  const report = await two.selfTest();
  two.close();
  assert.equal(report.sound, false);
  assert.match(
    report.summary,
    /\(dnssec-failed\.org\. A\): .* answers for a name that is broken on purpose: it does not validate$/,
  );
});

test("selfTest of trust-ad needs no signatures from a server that validates", async () => {
  await using scripted = await scriptedServer((query) => {
    const { type } = query.question[0] ?? {};
    if (type === TYPE.A) return [replyTo(query, { rcode: query.flags.cd ? RCODE.NOERROR : RCODE.SERVFAIL })];
    return [replyTo(soa(query), { flags: { ...query.flags, qr: true, ra: true, ad: true } })];
  });
  const dns = await openDns({ ...BASE, mode: "trust-ad", servers: [scripted.server] });
  const report = await dns.selfTest();
  dns.close();
  assert.deepEqual(
    [report.sound, report.summary, report.checks.map(({ outcome }) => outcome)],
    [true, "DNSSEC is validated by the trusted server", ["not-needed", "pass", "pass"]],
  );
});

test("selfTest is unclear, and DANE off, when no answer comes", async () => {
  await using scripted = await scriptedServer((query) => [replyTo(query, { rcode: RCODE.REFUSED })]);
  for (const mode of ["validate", "trust-ad"] as const) {
    const dns = await openDns({ ...BASE, mode, servers: [scripted.server] });
    const report = await dns.selfTest();
    dns.close();
    assert.equal(report.sound, false, mode);
    assert.match(report.summary, /^DANE is off: DNSSEC could not be put to the proof \(\. SOA\): .*REFUSED/);
  }
});
