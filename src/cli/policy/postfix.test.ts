import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { NOT_EXPRESSED } from "../../policy/mod.ts";

const folder = mkdtempSync(join(tmpdir(), "hopseal-explain-"));
after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(
  join(folder, "hopseal.toml"),
  `hostname = "mx.rook.example"
data_dir = "data"
postmaster = "postmaster@rook.example"
[dns]
dnssec = "off"
servers = ["127.0.0.1:1"]
[policy]
dane = "off"
mta_sts = "off"
`,
);

function run(...words: readonly string[]): {
  readonly status: number | null;
  readonly out: string;
  readonly errors: string;
} {
  const main = fileURLToPath(new URL("../main.ts", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, "policy", ...words], {
    encoding: "utf8",
    cwd: folder,
  });
  return { status, out: stdout, errors: stderr };
}

test("hopseal policy --explain postfix: the answer, the row of the table, and what cannot be said", () => {
  const text = run("[192.0.2.1]:465", "--explain", "postfix");
  assert.deepEqual(text, {
    status: 0,
    errors: "",
    out: `Next hop [192.0.2.1]:465, as Postfix asks for it

  answer   OK encrypt protocols=>=TLSv1.2
  for      every host must encrypt (a local entry, TLSA records that cannot be used, port 465)
  beside   as our own delivery: Postfix authenticates nobody here, and neither do we
  hosts    192.0.2.1: require TLS, the host's identity not verified
  because  local: 192.0.2.1 port 465 takes TLS from the first octet (RFC 8314 §3)
${NOT_EXPRESSED.map((what, at) => `  ${at === 0 ? "not said" : "        "} ${what}\n`).join("")}`,
  });
  const json = run("[192.0.2.1]:465", "--explain", "postfix", "--json");
  assert.deepEqual(JSON.parse(json.out), {
    version: 1,
    nextHop: "[192.0.2.1]:465",
    answer: "OK encrypt protocols=>=TLSv1.2",
    row: "encrypt",
    when: "every host must encrypt (a local entry, TLSA records that cannot be used, port 465)",
    beside: "same",
    differs: "Postfix authenticates nobody here, and neither do we",
    hosts: [{ host: "192.0.2.1", decided: "require TLS, the host's identity not verified" }],
    because: ["local: 192.0.2.1 port 465 takes TLS from the first octet (RFC 8314 §3)"],
    notExpressed: NOT_EXPRESSED,
    notes: [],
  });
});

test("hopseal policy --explain: 75 when DNS did not answer, 2 for wrong usage", () => {
  const { status, out } = run("pine.example", "--explain", "postfix");
  assert.equal(status, 75);
  assert.match(out, /answer {3}TEMP The MX look-up for pine\.example failed/);
  assert.deepEqual(run("pine.example", "--explain", "exim"), {
    status: 2,
    out: "",
    errors: "hopseal: --explain takes postfix, not exim\n",
  });
  assert.equal(run(".pine.example", "--explain", "postfix").status, 2);
  assert.equal(run("no where", "--explain", "postfix").status, 2);
});
