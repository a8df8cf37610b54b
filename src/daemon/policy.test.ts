import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ManualClock } from "../../test/support/clock.ts";
import { staticResolver } from "../../test/support/resolver.ts";
import { seededRandom } from "../base/mod.ts";
import { type Config, parseConfig } from "../config/mod.ts";
import { domain } from "../mail/mod.ts";
import { openNames } from "./names.ts";
import { openPolicy, takingOf } from "./policy.ts";

const folder = mkdtempSync(join(tmpdir(), "hopseal-policy-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function config(more: string): Config {
  const text = `hostname = "mx.rook.example"\ndata_dir = "data"\npostmaster = "postmaster@rook.example"\n${more}`;
  const loaded = parseConfig(text, join(folder, "hopseal.toml"));
  assert.ok(loaded.ok);
  return loaded.value.config;
}

const QUESTION = {
  destination: "pine.example",
  host: { name: "mx.pine.example", literal: false, port: 25, mode: "starttls", learnt: "mx", mxSecurity: "secure" },
  addresses: [],
} as const;

async function said(more: string, daneOff?: string): Promise<readonly unknown[]> {
  const clock = new ManualClock();
  const resolver = staticResolver({});
  await using policy = await openPolicy(config(more), {
    clock,
    random: seededRandom(1),
    resolver,
    daneOff: async () => daneOff,
  });
  const { sources } = policy;
  return [await sources.dane(QUESTION), await sources.sts(domain("pine.example"))];
}

test("openPolicy: a source that is off says so, with its reason", async () => {
  assert.deepEqual(await said('[policy]\ndane = "off"\nmta_sts = "off"\n'), [
    { kind: "off", why: 'DANE is off: [policy] dane is "off"' },
    { kind: "none", why: 'MTA-STS is off: [policy] mta_sts is "off"' },
  ]);
  const [dane] = await said("", "DANE is off: the server strips signatures");
  assert.deepEqual(dane, { kind: "off", why: "DANE is off: the server strips signatures" });
  using names = await openNames(config('[dns]\ndnssec = "off"\n'), {
    clock: new ManualClock(),
    random: seededRandom(1),
  });
  assert.equal(await names.daneOff(), 'DANE is off: [dns] dnssec is "off"');
});

test("takingOf: audit and discover change how policies are taken, never whether they are looked for", () => {
  const defaults = takingOf(config(""));
  assert.deepEqual(defaults, {
    dane: "enforce",
    sts: "enforce",
    list: "enforce",
    stsStrict: false,
    daneInsecureMx: false,
    requireTls: "enforce",
    discover: false,
  });
  const changed = takingOf(
    config(
      '[policy]\ndane = "audit"\nmta_sts = "audit"\nmta_sts_strict = true\ndane_insecure_mx = true\nrequiretls = "encrypt"\ndiscover = true\n',
    ),
  );
  assert.deepEqual(changed, {
    dane: "audit",
    sts: "audit",
    list: "enforce",
    stsStrict: true,
    daneInsecureMx: true,
    requireTls: "encrypt",
    discover: true,
  });
  // What was accepted while REQUIRETLS was offered keeps its promise.
  assert.equal(takingOf(config('[policy]\nrequiretls = "off"\n')).requireTls, "enforce");
});

test("openPolicy: stored policies that cannot be read are a failure to start, never as if there were none", async () => {
  mkdirSync(join(folder, "data"), { recursive: true });
  rmSync(join(folder, "data", "mta-sts"), { recursive: true, force: true });
  writeFileSync(join(folder, "data", "mta-sts"), "");
  await assert.rejects(said(""), {
    name: "StartFailure",
    message: /^Cannot use the stored MTA-STS policies in .*: EEXIST/,
  });
  rmSync(join(folder, "data", "mta-sts"));
});
