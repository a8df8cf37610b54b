import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type TlsaRecord, verifyDane } from "../../../src/tls/mod.ts";
import { vectors } from "../../support/vectors.ts";

const set = vectors("dane");
/** When all captured certificates were valid. */
const THEN = Date.parse("2023-01-15T00:00:00Z");
const SENT: ReadonlyMap<string, number> = new Map([
  ["internet.nl", 2],
  ["mail.ietf.org", 4],
]);

test("verifyDane: captured chains match the captured records (RFC 7672 §3.1)", { skip: set.skip }, () => {
  const found = records().map(([host, record]) => {
    const result = verifyDane([record], chainOf(host), [host], THEN);
    return [host, record.usage, result.ok ? result.value.depth : result.error];
  });
  assert.deepEqual(found, [
    ["internet.nl", 2, 1],
    ["internet.nl", 3, 0],
    ["mail.ietf.org", 3, 0],
  ]);
});

test("verifyDane: each captured issuer of mail.ietf.org anchors it, as a certificate or a key in the record", {
  skip: set.skip,
}, () => {
  const chain = chainOf("mail.ietf.org");
  for (const [at, der] of chain.entries()) {
    if (at === 0) continue;
    const key = new Uint8Array(new X509Certificate(der).publicKey.export({ type: "spki", format: "der" }));
    for (const [selector, data] of [der, key].entries()) {
      const record = { usage: 2, selector, matching: 0, data };
      const result = verifyDane([record], chain.slice(0, at), ["mail.ietf.org"], THEN);
      assert.deepEqual(result.ok ? result.value : result.error, { record: 0, depth: at });
    }
  }
});

test("verifyDane: damaged records, chains, names and times fail, each by its name", { skip: set.skip }, () => {
  const [anchor, leaf] = records().flatMap(([host, record]) => (host === "internet.nl" ? [record] : []));
  assert.ok(anchor !== undefined && leaf !== undefined);
  const chain = chainOf("internet.nl");
  const names = ["internet.nl"];
  const result = (records: readonly TlsaRecord[], sent = chain, wanted = names, now = THEN): string => {
    const judged = verifyDane(records, sent, wanted, now);
    return judged.ok ? `depth ${judged.value.depth}` : judged.error.result;
  };
  const flipped = (record: TlsaRecord): TlsaRecord => ({
    ...record,
    data: record.data.map((octet, at) => (at === 5 ? octet ^ 1 : octet)),
  });
  const damaged = chain.map((der, at) =>
    at === 0 ? der.map((octet, place) => (place === der.length - 20 ? octet ^ 1 : octet)) : der,
  );
  assert.equal(result([flipped(leaf)]), "validation-failure");
  assert.equal(result([flipped(anchor)]), "validation-failure");
  assert.equal(result([anchor], chain.slice(0, 1)), "validation-failure");
  assert.equal(result([anchor], chain.toReversed()), "validation-failure");
  assert.equal(result([anchor], damaged), "certificate-not-trusted");
  assert.equal(result([leaf], damaged), "depth 0");
  assert.equal(result([anchor], chain, ["mail.ietf.org"]), "certificate-host-mismatch");
  assert.equal(result([leaf], chain, ["mail.ietf.org"]), "depth 0");
  assert.equal(result([anchor], chain, names, Date.parse("2026-01-01")), "certificate-expired");
  assert.equal(result([anchor], chain, names, Date.parse("2020-01-01")), "certificate-not-trusted");
  assert.equal(result([leaf], chain, names, Date.parse("2040-01-01")), "depth 0");
  assert.equal(result([{ ...leaf, usage: 1 }]), "tlsa-invalid");
  assert.equal(result([leaf], []), "validation-failure");
  // Every octet of the leaf that its issuer signed is covered.
  const [first, ...rest] = chain;
  assert.ok(first !== undefined);
  for (let at = 0; at < first.length; at += 37) {
    const changed = first.map((octet, place) => (place === at ? octet ^ 0x10 : octet));
    assert.notEqual(result([anchor], [changed, ...rest]), "depth 1", `octet ${at}`);
  }
});

function records(): readonly (readonly [host: string, record: TlsaRecord])[] {
  const lines = readFileSync(`${set.path}/dns.txt`, "utf8").trim().split("\n");
  return lines.map((line) => {
    const [owner, usage, selector, matching, data] = line.split(" ");
    const record = {
      usage: Number(usage),
      selector: Number(selector),
      matching: Number(matching),
      data: Uint8Array.from(Buffer.from(data ?? "", "hex")),
    };
    return [(owner ?? "").replace("_25._tcp.", ""), record];
  });
}

function chainOf(host: string): readonly Uint8Array[] {
  return Array.from(
    { length: SENT.get(host) ?? 0 },
    (_, at) => new Uint8Array(readFileSync(`${set.path}/${host}.${at}.cert`)),
  );
}
