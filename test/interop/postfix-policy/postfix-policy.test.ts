import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ROWS, type RowName } from "../../../src/policy/mod.ts";
import { needs } from "../../support/programs.ts";
import type { Report, Seen } from "./_inside.ts";
import { POLICIES, SITUATIONS, SPECIAL } from "./_scenes.ts";

const skip = needs("unshare", "ip", "mount", "postfix", "postmap", "unbound", "nsd", "ldns-signzone") || notAllowed();

let report: Report;
before(async () => {
  if (skip === false) report = await runInside();
});

test("Postfix through the policy service: for every kind of policy, whoever stands on the path (RFC 7672, RFC 8461)", {
  skip,
}, () => {
  const expected = new Map<string, Seen>();
  for (const { name, zone, fates, answer, row } of POLICIES) {
    for (const situation of SITUATIONS) {
      const destination = `${name}-${situation}.${zone}.example`;
      const pin = report.pins[destination] ?? "";
      const fate = [fates[situation], fates[situation] === "waits" ? "" : "mx"] as const;
      const told = answer
        .replace("HOST", `mx.${destination}`)
        .replace("DESTINATION", destination)
        .replace("PINS", pin.toUpperCase().match(/../g)?.join(":") ?? "");
      expected.set(destination, { answer: told, row, postfix: fate, own: fate });
    }
  }
  for (const [destination, { answer, row, postfix, own, at }] of Object.entries(SPECIAL)) {
    const where = (fate: string): Seen["own"] => [fate, fate === "waits" ? "" : at];
    expected.set(destination, { answer, row, postfix: where(postfix), own: where(own) });
  }
  assert.deepEqual(report.seen, Object.fromEntries(expected));
});

test("Postfix through the policy service: never weaker than our own delivery, except where the table says so", {
  skip,
}, () => {
  const strength = ["clear", "tls", "waits"];
  const weaker = Object.entries(report.seen).filter(
    ([, { postfix, own }]) => strength.indexOf(postfix[0]) < strength.indexOf(own[0]),
  );
  for (const [name, { row }] of weaker) assert.equal(ROWS[row as RowName].beside, "weaker", name);
  assert.deepEqual(
    weaker.map(([name]) => name),
    ["sts-borrowed.plain.example"],
  );
});

test("Postfix through the policy service: it asks once for each message, and what is remembered is counted", {
  skip,
}, () => {
  const { requests, hits, failures } = report.counts;
  const names = Object.keys(report.seen).length;
  // Postfix asks, and postmap; Postfix asks anew for each host it tries.
  assert.ok(requests >= 2 * names, JSON.stringify(report.counts));
  assert.ok(hits >= names - failures && failures >= 2, JSON.stringify(report.counts));
});

test("a Postfix without DNSSEC: DANE waits, MTA-STS holds, and hosts of which only some have TLSA records lose it, as the table says", {
  skip,
}, () => {
  assert.deepEqual(report.blind, {
    "dane-honest.signed.example": ["waits", ""],
    "dane-stripped.signed.example": ["waits", ""],
    "sts-honest.plain.example": ["tls", "mx"],
    "sts-stripped.plain.example": ["waits", ""],
    "some-dane.signed.example": ["clear", "first"],
  });
  assert.equal(ROWS["some-dane"].beside, "weaker");
});

test("a Postfix whose policy service is gone keeps the mail, also for those of whom nothing is asked", { skip }, () => {
  assert.deepEqual(report.alone, ["waits", ""]);
});

test("our own sessions beside it: what each host showed is remembered, whether or not anybody asked for it", {
  skip,
}, () => {
  const kept = (name: string): readonly unknown[] =>
    SITUATIONS.map((situation) => report.showed[`${name}-${situation}.plain.example`]);
  assert.deepEqual(kept("none"), ["certified", "clear", "encrypted", "encrypted"]);
  assert.deepEqual(kept("encrypt"), ["certified", "failed", "encrypted", "encrypted"]);
  assert.deepEqual(kept("sts"), ["certified", "failed", "failed", "failed"]);
});

/** Containers often keep from root what this takes. */
function notAllowed(): string | false {
  const { status } = spawnSync("unshare", ["-nm", "mount", "--bind", "/tmp", "/tmp"]);
  return status === 0 ? false : "no permission for namespaces of its own";
}

/** In namespaces of its own, with a resolv.conf of its own, so that Postfix finds our DNS and mail hosts on port 25. */
async function runInside(): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), "hopseal-inside-"));
  try {
    const resolv = join(folder, "resolv.conf");
    await writeFile(resolv, "nameserver 127.0.0.1\noptions edns0 trust-ad\n");
    const script = 'ip link set lo up && mount --bind "$1" /etc/resolv.conf && exec "$2" "$3"';
    const inside = fileURLToPath(new URL("_inside.ts", import.meta.url));
    const words = ["-nm", "sh", "-c", script, "sh", resolv, process.execPath, inside];
    const { stdout } = await promisify(execFile)("unshare", words, { maxBuffer: 10_000_000 });
    return JSON.parse(stdout) as Report;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
