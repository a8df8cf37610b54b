import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { createServer, type Server } from "node:tls";
import { verifyDane } from "../../../src/tls/mod.ts";
import { toPem } from "../../support/mint.ts";
import { needs } from "../../support/programs.ts";
import { type DaneCase, daneCases, HOST, NOW } from "./cases.ts";

const cases = daneCases();
const children = new Set<ChildProcess>();
const servers = new Set<Server>();
after(() => {
  for (const child of children) child.kill();
  for (const server of servers) server.close();
});

test("verifyDane: each case of the table, whole (RFC 7672 §3.1, §3.2)", () => {
  const found = cases.map((one) => [one.title, ours(one)]);
  assert.deepEqual(
    found,
    cases.map((one) => [one.title, one.expected]),
  );
});

test("verifyDane: agrees with OpenSSL's client in every case but those listed with a reason", {
  skip: needs("openssl"),
}, async () => {
  const differences: (readonly [string, boolean, string])[] = [];
  for (const one of cases) {
    const { accepted, verdict } = await openssl(one);
    if (accepted !== ours(one).startsWith("depth")) differences.push([one.title, accepted, verdict]);
  }
  assert.ok(cases.length >= 40);
  assert.deepEqual(
    differences.map(([title, accepted]) => [title, accepted]),
    cases.flatMap((one) => (one.openssl === undefined ? [] : [[one.title, one.openssl.ok]])),
    JSON.stringify(differences),
  );
});

function ours(one: DaneCase): string {
  const chain = one.chain.map((certificate) => certificate.der);
  const result = verifyDane(one.tlsa, chain, [one.domain ?? HOST], (one.at ?? NOW).getTime());
  return result.ok ? `depth ${result.value.depth}` : result.error.result;
}

/** Serves the chain to `openssl s_client` with the records, at the level of strength that ours is meant to have. */
async function openssl(one: DaneCase): Promise<{ readonly accepted: boolean; readonly verdict: string }> {
  const server = createServer({
    cert: one.chain.map((certificate) => toPem(certificate.der)).join(""),
    key: one.chain[0]?.keys.privateKey.export({ type: "pkcs8", format: "pem" }) ?? "",
    ciphers: "DEFAULT@SECLEVEL=0",
  });
  servers.add(server);
  server.on("tlsClientError", () => undefined);
  server.on("secureConnection", (socket) => socket.on("error", () => undefined).resume());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const records = one.tlsa.flatMap(({ usage, selector, matching, data }) => [
    "-dane_tlsa_rrdata",
    `${usage} ${selector} ${matching} ${Buffer.from(data).toString("hex")}`,
  ]);
  const child = spawn("openssl", [
    "s_client",
    "-connect",
    `127.0.0.1:${(server.address() as AddressInfo).port}`,
    "-dane_tlsa_domain",
    one.domain ?? HOST,
    "-dane_ee_no_namechecks",
    "-attime",
    String((one.at ?? NOW).getTime() / 1000),
    "-auth_level",
    "2",
    "-cipher",
    "DEFAULT@SECLEVEL=0",
    ...records,
  ]);
  children.add(child);
  let output = "";
  child.stdout.on("data", (octets: Buffer) => (output += octets.toString("latin1")));
  child.stderr.on("data", (octets: Buffer) => (output += octets.toString("latin1")));
  child.stdin.end();
  await once(child, "close");
  children.delete(child);
  server.close();
  servers.delete(server);
  const verdict = VERDICT.exec(output);
  assert.ok(verdict !== null, `${one.title}: no verdict in ${output}`);
  return { accepted: verdict[1] === "0", verdict: verdict[0] };
}

const VERDICT = /Verify return code: (\d+) .*/;
