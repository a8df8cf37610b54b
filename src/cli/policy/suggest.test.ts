import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Config, parseConfig } from "../../config/mod.ts";
import { seenKey, type SeenRecord, tallyKey } from "../../tlsrpt/mod.ts";
import { suggestFrom } from "./suggest.ts";
import { suggestText } from "./suggest_text.ts";

const folder = mkdtempSync(join(tmpdir(), "hopseal-suggest-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const CONFIG = `hostname = "mx.rook.example"
data_dir = "data"
postmaster = "postmaster@rook.example"
[[tls_policy]]
destination = "known.example"
level = "encrypt"
`;
writeFileSync(join(folder, "hopseal.toml"), CONFIG);

function run(...words: readonly string[]): {
  readonly status: number | null;
  readonly out: string;
  readonly errors: string;
} {
  const main = fileURLToPath(new URL("../main.ts", import.meta.url));
  const all = [main, "policy", "suggest", ...words];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: "utf8", cwd: folder });
  return { status, out: stdout, errors: stderr };
}

function config(): Config {
  const parsed = parseConfig(CONFIG, join(folder, "hopseal.toml"));
  assert.ok(parsed.ok);
  return parsed.value.config;
}

function seen(
  day: string,
  domain: string,
  count: number,
  more: Partial<SeenRecord> = {},
): { day: string; key: string; count: number } {
  const host = `mx.${domain}`;
  return { day, count, key: seenKey({ domain, host, showed: "certified", names: [host], ...more }) };
}

function reported(
  domain: string,
  type: "tlsa" | "sts",
  ...strings: readonly string[]
): { day: string; key: string; count: number } {
  const policy = { type, domain, strings, mx: [] } as const;
  return { day: "2026-03-03", count: 1, key: tallyKey({ policy, result: "success" }) };
}

const COUNTED = ["pine.example", "known.example", "dane.example", "sts.example", "testing.example"].flatMap((name) => [
  seen("2026-03-01", name, 12),
  seen("2026-03-03", name, 30),
  seen("2026-02-01", name, 1, { showed: "clear", names: [] }),
]);
const ALL = [
  ...COUNTED,
  seen("2026-03-02", "pine.example", 5, { host: "mx2.pine.example", names: ["*.pine.example", "\u001b[31m"] }),
  seen("2026-03-01", "birch.example", 20),
  seen("2026-03-02", "birch.example", 20, { showed: "encrypted", names: [] }),
  seen("2026-03-02", "clear.example", 20, { showed: "clear", names: [] }),
  reported("dane.example", "tlsa"),
  reported("sts.example", "sts", "version: STSv1", "mode: enforce"),
  reported("testing.example", "sts", "version: STSv1", "mode: testing"),
];

test("hopseal policy suggest: entries with their evidence, which the configuration takes, and why others have none", () => {
  const suggestions = suggestFrom(ALL, { config: config(), since: "2026-02-02", least: 20 });
  const text = suggestText(suggestions, "2026-02-02").join("\n");
  assert.equal(
    text,
    `# From sessions since 2026-02-02. Nothing was changed; copy what you want to hold destinations to.

# birch.example: 40 sessions on 2 days, 2026-03-01 to 2026-03-02, each with TLS, not each with a trusted certificate
#   mx.birch.example: 40, certificates for mx.birch.example
# Mail would wait when a host offers no TLS.
# Of what was seen, nothing would have waited.
[[tls_policy]]
destination = "birch.example"
level = "encrypt"

# pine.example: 47 sessions on 3 days, 2026-03-01 to 2026-03-03, each with a trusted certificate for the host
#   mx.pine.example: 42, certificates for mx.pine.example
#   mx2.pine.example: 5, certificates for *.pine.example, ?[31m
# DNS named these hosts, signed or not; compare them with what the destination says of itself.
# Mail would wait when DNS names another host, or a host shows no trusted certificate for its name (expired, changed CA, wrong name).
# Of what was seen, nothing would have waited.
[[tls_policy]]
destination = "pine.example"
level = "secure"
mx = ["mx.pine.example", "mx2.pine.example"]

# testing.example: 42 sessions on 2 days, 2026-03-01 to 2026-03-03, each with a trusted certificate for the host
#   mx.testing.example: 42, certificates for mx.testing.example
# DNS named these hosts, signed or not; compare them with what the destination says of itself.
# Mail would wait when DNS names another host, or a host shows no trusted certificate for its name (expired, changed CA, wrong name).
# Of what was seen, nothing would have waited.
[[tls_policy]]
destination = "testing.example"
level = "secure"
mx = ["mx.testing.example"]

# No entry for:
#   clear.example: 20 of 20 sessions went on without TLS
#   dane.example: it publishes TLSA records, which bind already
#   known.example: there is a [[tls_policy]] for it
#   sts.example: it publishes an MTA-STS policy, which binds already`,
  );
  const taken = parseConfig(`${CONFIG}${text}\n`, join(folder, "hopseal.toml"));
  assert.deepEqual(taken.ok ? taken.value.config.tls_policy.map(({ destination }) => destination) : taken.error, [
    "known.example",
    "birch.example",
    "pine.example",
    "testing.example",
  ]);
  const longer = suggestFrom(ALL, { config: config(), since: "2026-01-01", least: 20 });
  assert.deepEqual(
    longer.filter(({ kind }) => kind !== "none").map(({ domain }) => domain),
    ["birch.example"],
  );
});

test("hopseal policy suggest: says when nothing was counted; wrong usage is 2", () => {
  const nothing = run("--since", "7d");
  assert.equal(nothing.status, 0);
  assert.match(nothing.out, /^# Since \d{4}-\d{2}-\d{2} no session with a mail host was counted\n$/);
  assert.deepEqual(run("--min", "some"), {
    status: 2,
    out: "",
    errors: "hopseal: --min takes a number of sessions, not some\n",
  });
  assert.equal(run("--since", "yesterday").status, 2);
  assert.deepEqual(run("--since", "31d"), {
    status: 2,
    out: "",
    errors: "hopseal: --since: sessions are kept for 30 days, so no entry can rest on 31d\n",
  });
  const json = JSON.parse(run("--json").out) as { version: number; suggestions: unknown[] };
  assert.deepEqual([json.version, json.suggestions], [1, []]);
});
