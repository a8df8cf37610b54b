import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ManualClock } from "../../test/support/clock.ts";
import { staticResolver, type StaticZone } from "../../test/support/resolver.ts";
import { seededRandom } from "../base/mod.ts";
import { parseConfig } from "../config/mod.ts";
import { openPolicyLook } from "../daemon/mod.ts";
import { NO_DEMAND, parseMailHost, type TlsDemand } from "../mail/mod.ts";
import { policyJson } from "./policy-json.ts";
import { exitOf, type PolicyFinding, policyText } from "./policy-report.ts";
import { tallyText } from "./policy-tally.ts";

const folder = mkdtempSync(join(tmpdir(), "hopseal-policy-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const secure = (...records: readonly unknown[]) => ({ kind: "data", security: "secure", records }) as const;
const RECORD = { usage: 3, selector: 1, matching: 1, data: new Uint8Array(32).fill(0xab) };
const ZONE: StaticZone = {
  "pine.example": { MX: secure({ preference: 10, exchange: "mx.pine.example" }) },
  "mx.pine.example": { A: secure("192.0.2.25"), AAAA: { kind: "nodata", security: "secure" } },
  "_25._tcp.mx.pine.example": { TLSA: secure(RECORD) },
  "birch.example": { MX: [{ preference: 10, exchange: "mx.birch.example" }] },
  "mx.birch.example": { A: ["192.0.2.26"] },
  "broken.example": { MX: secure({ preference: 10, exchange: "mx.broken.example" }) },
  "mx.broken.example": { A: secure("192.0.2.27"), AAAA: { kind: "nodata", security: "secure" } },
  "_25._tcp.mx.broken.example": { TLSA: { kind: "failure", cause: "bogus" } },
  "down.example": { MX: { kind: "failure" } },
};
const CONFIG = `
hostname = "mx.rook.example"
data_dir = "data"
postmaster = "postmaster@rook.example"
[[route]]
recipients = ["rook.example"]
deliver = { maildir = "mail/{localpart}" }
[outbound]
networks = ["192.0.2.0/24"]
[[tls_policy]]
destination = "floor.example"
level = "secure"
mx = ["mx.birch.example"]
`;

async function find(name: string, demand: TlsDemand = NO_DEMAND, message = "may"): Promise<PolicyFinding> {
  const loaded = parseConfig(CONFIG, join(folder, "hopseal.toml"));
  assert.ok(loaded.ok);
  const resolver = staticResolver({ ...ZONE, "floor.example": ZONE["birch.example"] ?? {} });
  await using looking = await openPolicyLook(loaded.value.config, {
    resolver,
    clock: new ManualClock(),
    random: seededRandom(1),
  });
  const host = parseMailHost(name);
  assert.ok(host.ok);
  return { domain: name, message, looked: await looking.look({ localPart: "", domain: host.value }, demand) };
}

const REQUIRETLS: TlsDemand = { level: "secure", mxAuthentic: "dnssec-or-sts", propagate: true, because: [] };

test("hopseal policy: what is decided for each host, why, and what an attacker could still do", async () => {
  const text = async (...asked: Parameters<typeof find>): Promise<readonly string[]> =>
    policyText(await find(...asked));
  assert.deepEqual(await text("pine.example"), [
    "Mail to pine.example that asks for nothing",
    "",
    "mx.pine.example port 25 (by MX, MX answer secure)",
    "  wanted    dane",
    "  decided   require TLS and a certificate that matches one of 1 TLSA records",
    "            try TLS, then TLS with a small ClientHello; server name mx.pine.example",
    "  because   dane: 1 TLSA record for mx.pine.example (RFC 7672 §2.2)",
    "            mta-sts: no MTA-STS record is published",
    "  dials     192.0.2.25",
    "  attacker  could pass for the host only with a key that its TLSA records name, or the keys of its zone or of one above",
    "            could keep an MTA-STS policy away from us, for none is stored",
    "            could see which host is contacted, when, and how much is sent",
    "            could keep the mail back by breaking the connection",
  ]);
  const plain = await text("birch.example");
  assert.deepEqual(plain.slice(0, 6), [
    "Mail to birch.example that asks for nothing",
    "",
    "mx.birch.example port 25 (by MX, MX answer insecure)",
    "  wanted    may",
    "  decided   require nothing; TLS when it can be had",
    "            try TLS, then TLS with a small ClientHello, then plaintext; server name mx.birch.example",
  ]);
  assert.ok(plain.includes("  because   dane: the MX answer for birch.example is not signed"), plain.join("\n"));
  assert.deepEqual(await text("rook.example"), [
    "Mail to rook.example that asks for nothing does not leave this machine (route: maildir)",
  ]);
  assert.deepEqual(await text("down.example"), [
    "Mail to down.example that asks for nothing would wait: The MX look-up for down.example failed: SERVFAIL",
  ]);
  assert.deepEqual(await text("nowhere.example", REQUIRETLS, "requiretls"), [
    "Mail to nowhere.example that asks for REQUIRETLS would be returned: The domain nowhere.example does not exist",
  ]);
});

test("hopseal policy: 0 when a host would be dialled, 1 when none may be, 75 when DNS did not answer", async () => {
  const status = async (...asked: Parameters<typeof find>): Promise<number> => exitOf(await find(...asked));
  assert.deepEqual(
    [
      await status("pine.example"),
      await status("birch.example"),
      await status("floor.example"),
      await status("rook.example"),
      await status("birch.example", REQUIRETLS),
      await status("nowhere.example"),
      await status("down.example"),
      await status("broken.example"),
    ],
    [0, 0, 0, 0, 1, 1, 75, 75],
  );
});

test("hopseal policy --json has the documented shape, version 1", async () => {
  const json = JSON.parse(JSON.stringify(policyJson(await find("pine.example")))) as unknown;
  const because = [
    { source: "dane", says: "1 TLSA record for mx.pine.example", rule: "RFC 7672 §2.2" },
    { source: "mta-sts", says: "no MTA-STS record is published" },
  ];
  const mtaSts = { kind: "none", why: "no MTA-STS record is published" };
  assert.deepEqual(json, {
    version: 1,
    domain: "pine.example",
    message: "may",
    route: "mx",
    notes: [],
    outcome: "hosts",
    mtaSts,
    hosts: [
      {
        host: "mx.pine.example",
        port: 25,
        learnt: "mx",
        mxSecurity: "secure",
        addresses: ["192.0.2.25"],
        sources: {
          local: [],
          dane: { kind: "usable", base: "mx.pine.example", mx: "secure", records: [`3 1 1 ${"ab".repeat(32)}`] },
          mtaSts,
          list: { kind: "none" },
        },
        decision: {
          kind: "proceed",
          wanted: "dane",
          require: "dane",
          names: ["mx.pine.example", "pine.example"],
          ladder: ["tls-full", "tls-small"],
          sni: "mx.pine.example",
          requireTls: false,
          mx: "dnssec",
          audited: [],
          because,
        },
        explain: [
          "require TLS and a certificate that matches one of 1 TLSA records",
          "try TLS, then TLS with a small ClientHello; server name mx.pine.example",
          "dane: 1 TLSA record for mx.pine.example (RFC 7672 §2.2)",
          "mta-sts: no MTA-STS record is published",
        ],
        attackerCould: [
          "pass for the host only with a key that its TLSA records name, or the keys of its zone or of one above",
          "keep an MTA-STS policy away from us, for none is stored",
          "see which host is contacted, when, and how much is sent",
          "keep the mail back by breaking the connection",
        ],
      },
    ],
  });
  const failed = policyJson(await find("down.example")) as { outcome: string; code: number; wanted: string };
  assert.deepEqual([failed.outcome, failed.code, failed.wanted], ["retry", 451, "may"]);
});

test("hopseal policy tally: one line for each policy, and one for each failure", () => {
  const policy = { "policy-type": "sts", "policy-string": [], "policy-domain": "pine.example" } as const;
  assert.deepEqual(
    tallyText({
      day: "2026-03-03",
      domain: "pine.example",
      policies: [
        {
          policy,
          summary: { "total-successful-session-count": 7, "total-failure-session-count": 2 },
          "failure-details": [
            {
              "result-type": "validation-failure",
              "receiving-mx-hostname": "mx.pine.example",
              "receiving-ip": "192.0.2.25",
              "failed-session-count": 2,
              "failure-reason-code": "ERR_X",
            },
            { "result-type": "sts-policy-fetch-error", "failed-session-count": 3 },
          ],
        },
      ],
    }),
    [
      "2026-03-03  pine.example  sts: 7 good, 2 failed",
      "    2 × validation-failure (ERR_X), mx.pine.example 192.0.2.25",
      "    3 × sts-policy-fetch-error",
    ],
  );
});

test("hopseal policy: wrong usage is 2, an unknown file a finding", () => {
  writeFileSync(join(folder, "hopseal.toml"), CONFIG);
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const run = (...words: readonly string[]): readonly [number | null, string] => {
    const { status, stderr } = spawnSync(process.execPath, [main, "policy", ...words], {
      encoding: "utf8",
      cwd: folder,
    });
    return [status, stderr];
  };
  assert.deepEqual(run(), [2, "hopseal: Name a domain, such as `hopseal policy pine.example`\n"]);
  assert.deepEqual(run("no domain"), [2, 'hopseal: "no domain" is no domain\n']);
  assert.deepEqual(run("pine.example", "--message", "x"), [
    2,
    "hopseal: --message takes may, encrypt, secure, requiretls, tls-required-no, not x\n",
  ]);
  assert.deepEqual(run("tally", "--day", "today"), [2, "hopseal: --day takes YYYY-MM-DD, not today\n"]);
  assert.deepEqual(run("tally", "--json"), [0, ""]);
});
