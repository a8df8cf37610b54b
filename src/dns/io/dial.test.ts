import assert from "node:assert/strict";
import { test } from "node:test";
import { testCa } from "../../../test/support/certificates.ts";
import { replyTo, scriptedServer } from "../../../test/support/dns-server.ts";
import type { Message } from "../wire/message.ts";
import { OPTION } from "../wire/message.ts";
import { systemClock, systemRandom } from "../../base/mod.ts";
import { nameOf } from "../wire/name.ts";
import { TYPE } from "../wire/types.ts";
import type { DnsServer } from "./servers.ts";
import { createTransport } from "./transport.ts";

async function askOver(server: DnsServer): Promise<string> {
  const transport = createTransport({ servers: [server], clock: systemClock, random: systemRandom });
  const reply = await transport.ask({ name: nameOf("pine.example"), type: TYPE.MX, cd: true });
  transport.close();
  return reply.ok ? "answered" : reply.error.detail;
}

test("nodeDialer speaks DNS over TLS to a server with the configured name alone (RFC 7858 §3.1, RFC 8310 §8)", async () => {
  const ca = await testCa();
  const stranger = await testCa("Some other CA");
  const leaf = await ca.issue(["dns.example"]);
  await using scripted = await scriptedServer((query) => [replyTo(query)], { cert: leaf.chain, key: leaf.key });
  const at = scripted.server;
  const label = `127.0.0.1:${at.port} (TLS, `;
  assert.equal(await askOver({ ...at, tls: { name: "dns.example", ca: ca.pem } }), "answered");
  assert.equal(scripted.heard[0]?.via, "tls");
  const refused: readonly (readonly [DnsServer["tls"], string])[] = [
    [{ name: "other.example", ca: ca.pem }, "Hostname/IP does not match certificate's altnames"],
    [{ name: "dns.example", ca: stranger.pem }, "self-signed certificate in certificate chain"],
    [{ name: "dns.example" }, "self-signed certificate in certificate chain"],
  ];
  for (const [tls = { name: "" }, reason] of refused) {
    const detail = await askOver({ ...at, tls });
    assert.ok(detail.startsWith(`${label}${tls.name}): `), detail);
    assert.ok(detail.includes(reason), detail);
  }
  assert.equal(scripted.heard.length, 1);
});

test("nodeDialer takes a certificate for the server's address, and none by its common name", async () => {
  const ca = await testCa();
  const byAddress = await ca.issue(["127.0.0.1"]);
  await using one = await scriptedServer((query) => [replyTo(query)], { cert: byAddress.chain, key: byAddress.key });
  assert.equal(await askOver({ ...one.server, tls: { name: "127.0.0.1", ca: ca.pem } }), "answered");
  const byCommonName = await ca.issue([], { commonName: "dns.example" });
  await using two = await scriptedServer((query) => [replyTo(query)], {
    cert: byCommonName.chain,
    key: byCommonName.key,
  });
  const detail = await askOver({ ...two.server, tls: { name: "dns.example", ca: ca.pem } });
  assert.ok(!detail.startsWith("answered"), detail);
});

test("queries over TLS are padded to 128 octets, whatever the name and cookie (RFC 8467 §4.1)", async () => {
  const ca = await testCa();
  const leaf = await ca.issue(["dns.example"]);
  const lengths: number[] = [];
  const script = (query: Message, _via: unknown, octets: Uint8Array): readonly Message[] => {
    lengths.push(octets.length);
    const mine =
      query.edns?.options.find((option) => option.code === OPTION.COOKIE)?.data.subarray(0, 8) ?? new Uint8Array();
    const data = Uint8Array.from([...mine, ...new Uint8Array(8)]);
    return [
      replyTo(query, { edns: { udpSize: 1232, do: true, version: 0, options: [{ code: OPTION.COOKIE, data }] } }),
    ];
  };
  await using scripted = await scriptedServer(script, { cert: leaf.chain, key: leaf.key });
  const transport = createTransport({
    servers: [{ ...scripted.server, tls: { name: "dns.example", ca: ca.pem } }],
    clock: systemClock,
    random: systemRandom,
  });
  for (const name of ["", "a", "mx.pine.example", `${"x".repeat(63)}.${"y".repeat(40)}.example`]) {
    assert.ok((await transport.ask({ name: nameOf(name), type: TYPE.A, cd: true })).ok);
  }
  transport.close();
  assert.deepEqual(lengths, [128, 128, 128, 256]);
});
