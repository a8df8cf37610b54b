import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createServer, type Server } from "node:tls";
import { systemClock } from "../../../src/base/mod.ts";
import { openTrust, type TrustStore, upgrade } from "../../../src/tls/io/mod.ts";
import { chainFault, matchesAny, peerNames } from "../../../src/tls/mod.ts";
import { mint, type Minted, type MintOptions, PURPOSE, toPem } from "../../support/mint.ts";

const HOST = "mx.pine.example";
const servers: Server[] = [];
let folder: string | undefined;
after(async () => {
  for (const server of servers) server.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const root = mint({ subject: "Root", ca: true });
const other = mint({ subject: "Other Root", ca: true });
const issuer = mint({ subject: "Issuer", issuer: root, ca: true });

test("chains of servers are judged by the roots in a file: time, purpose, constraints, gaps (RFC 5280 §6.1)", async () => {
  const trust = await rootsFrom([root]);
  const bound = mint({ subject: "Bound", issuer: root, ca: true, permitted: ["rook.example"] });
  const fitting = mint({ subject: "Fitting", issuer: root, ca: true, permitted: ["pine.example"] });
  const cross = mint({ subject: "Other Root", keys: other.keys, issuer: root, ca: true });
  const notCa = mint({ subject: "Not CA", issuer: root, ca: false, usage: null });
  const lone = mint({ subject: "Lone", names: [HOST] });
  const past = { notBefore: new Date("2020-01-01"), notAfter: new Date("2021-01-01") };
  const future = { notBefore: new Date("2090-01-01"), notAfter: new Date("2091-01-01") };
  const table: readonly [title: string, chain: readonly Minted[], expected: string][] = [
    ["whole", [leafOf(issuer), issuer], "trusted"],
    ["whole, with the root", [leafOf(issuer), issuer, root], "trusted"],
    ["out of order and superfluous", [leafOf(issuer), other, issuer], "trusted"],
    ["cross-signed", [leafOf(other), cross], "trusted"],
    ["name constraints kept", [leafOf(fitting), fitting], "trusted"],
    ["name constraints broken", [leafOf(bound), bound], "certificate-not-trusted"],
    ["expired leaf", [leafOf(issuer, past), issuer], "certificate-expired"],
    ["leaf of the future", [leafOf(issuer, future), issuer], "certificate-not-trusted"],
    ["wrong purpose", [leafOf(issuer, { purposes: [PURPOSE.clientAuth] }), issuer], "certificate-not-trusted"],
    ["missing intermediate", [leafOf(issuer)], "certificate-not-trusted"],
    ["stranger's root sent along", [leafOf(other), other], "certificate-not-trusted"],
    ["issuer that is no CA", [leafOf(notCa), notCa], "certificate-not-trusted"],
    ["self-signed", [lone], "certificate-not-trusted"],
  ];
  const found: (readonly [string, string])[] = [];
  for (const [title, chain] of table) found.push([title, await judged(chain, trust)]);
  assert.deepEqual(
    found,
    table.map(([title, , expected]) => [title, expected]),
  );
});

test("a root that is not in the file is not trusted, and one that is serves beside others", async () => {
  const chain = [leafOf(issuer), issuer];
  assert.equal(await judged(chain, await rootsFrom([other])), "certificate-not-trusted");
  assert.equal(await judged(chain, await rootsFrom([other, root])), "trusted");
});

test("names of WebPKI are dNSNames alone: a common name counts for nothing (RFC 9525 §6.3)", async () => {
  const trust = await rootsFrom([root]);
  const named = mint({ subject: HOST, issuer: root, names: ["ip:c0000201"] });
  assert.equal(await judged([named], trust), "trusted");
  const names = peerNames(named.der);
  assert.equal(names.ok && matchesAny(names.value, [HOST]), false);
});

function leafOf(from: Minted, rest: MintOptions = {}): Minted {
  return mint({ issuer: from, names: [HOST], ca: false, purposes: [PURPOSE.serverAuth], ...rest });
}

async function rootsFrom(roots: readonly Minted[]): Promise<TrustStore> {
  folder ??= await mkdtemp(join(tmpdir(), "hopseal-webpki-"));
  const path = join(folder, `roots-${roots.length}.pem`);
  await writeFile(path, roots.map((one) => toPem(one.der)).join(""));
  const trust = await openTrust({ kind: "file", path });
  assert.ok(trust.ok);
  return trust.value;
}

async function judged(chain: readonly Minted[], trust: TrustStore): Promise<string> {
  const server = createServer({
    cert: chain.map((certificate) => toPem(certificate.der)).join(""),
    key: chain[0]?.keys.privateKey.export({ type: "pkcs8", format: "pem" }) ?? "",
  });
  servers.push(server);
  server.on("secureConnection", (socket) => socket.on("error", () => undefined).resume());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(socket, "connect");
  const result = await upgrade(socket, {
    servername: HOST,
    trust,
    hello: "full",
    deadline: 30_000,
    clock: systemClock,
  });
  assert.ok(result.ok);
  const { chainError, chain: seen } = result.value.handshake;
  result.value.socket.destroy();
  server.close();
  assert.deepEqual(
    seen.slice(0, chain.length),
    chain.map((certificate) => certificate.der),
  );
  return chainError === undefined ? "trusted" : chainFault(chainError).result;
}
