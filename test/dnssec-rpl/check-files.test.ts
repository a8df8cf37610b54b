import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { vectors } from "../support/vectors.ts";
import type { Checked } from "./check-files.ts";
import { checkDs, checkHashes, checkSignatures, entriesOf } from "./check-files.ts";

const { path, skip } = vectors("dnssec/unbound");

/** Where we differ, by file, and why. */
const DIFFERENCES: ReadonlyMap<string, readonly string[]> = new Map([
  // GOST R 34.10-2001 is not in OpenSSL; the algorithm is withdrawn (RFC 8624 §3.1), so its zones are insecure.
  ["test_sigs.gost", ["open.nlnetlabs.nl A", "open.nlnetlabs.nl AAAA", "open.nlnetlabs.nl NSEC"]],
  // A revoked key signs its own revocation alone (RFC 5011 §2.1), which nothing here acts on.
  ["test_sigs.revoked", ["example.com DNSKEY"]],
  // One good signature is enough, whatever stands beside it (RFC 6840 §5.11).
  ["test_sigs.sha1_and_256", ["bogus.example.com A", "bogus.example.com A"]],
]);

test("record sets, DS records and NSEC3 hashes of the check files come out as unbound has them", { skip }, () => {
  let entries = 0;
  const differences = new Map<string, readonly string[]>();
  for (const file of readdirSync(path).filter((name) => name.startsWith("test_"))) {
    const checked = checkerFor(file)(entriesOf(readFileSync(`${path}/${file}`, "utf8")));
    entries += checked.length;
    const wrong = checked.filter(({ expected, found }) => expected !== found);
    if (wrong.length > 0)
      differences.set(
        file,
        wrong.map(({ entry }) => entry),
      );
  }
  assert.deepEqual(differences, DIFFERENCES);
  assert.ok(entries > 250, `${entries} entries were read`);
});

function checkerFor(file: string): (entries: ReturnType<typeof entriesOf>) => readonly Checked[] {
  if (file.startsWith("test_ds")) return checkDs;
  return file.startsWith("test_nsec3") ? checkHashes : checkSignatures;
}
