import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../test/support/clock.ts";
import { domain } from "../mail/mod.ts";
import { type Events, subscribe } from "../observe/mod.ts";
import type { DaneFacts, Finding, ListFacts, StsFacts } from "../policy/mod.ts";
import { parseSeenKey, parseTallyKey, type SessionRecord } from "../tlsrpt/mod.ts";
import { forgetOldTallies, tallier, type TallyOptions } from "./policy_tally.ts";

const STS = { kind: "policy", mode: "enforce", mx: [], id: "1", lines: ["mode: enforce"], expires: 1e15 } as const;
const DANE: DaneFacts = { kind: "usable", base: domain("mx.pine.example"), records: [], names: [], mx: "secure" };

function session(more: Partial<SessionRecord>): SessionRecord {
  return { destination: "pine.example", host: "mx.pine.example", reached: "tls", findings: [], ...more };
}

function bad(source: "dane" | "mta-sts", more: Partial<Finding> = {}): Finding {
  return { policy: { source, domain: "pine.example" }, enforced: false, ok: false, detail: "not good", ...more };
}

test("tallier: says what would have kept mail back where a source is only audited, and nothing else", () => {
  const enforce = { dane: "enforce", sts: "enforce", discover: false } as const;
  const discover = { ...enforce, discover: true };
  const table: readonly (readonly [string, TallyOptions["taking"], Partial<SessionRecord>, readonly string[]])[] = [
    ["DANE, discovered", discover, { dane: DANE, findings: [bad("dane")] }, ["dane"]],
    ["DANE, audited", { ...enforce, dane: "audit" }, { dane: DANE, findings: [bad("dane")] }, ["dane"]],
    ["DANE, while MTA-STS is audited", { ...enforce, sts: "audit" }, { dane: DANE, findings: [bad("dane")] }, []],
    ["what held", discover, { dane: DANE, findings: [bad("dane", { ok: true })] }, []],
    ["what was enforced", discover, { dane: DANE, findings: [bad("dane", { enforced: true })] }, []],
    ["MTA-STS, discovered", discover, { sts: STS, findings: [bad("mta-sts")] }, ["mta-sts"]],
    ["MTA-STS, audited", { ...enforce, sts: "audit" }, { sts: STS, findings: [bad("mta-sts")] }, ["mta-sts"]],
    ["MTA-STS in testing", discover, { sts: { ...STS, mode: "testing" }, findings: [bad("mta-sts")] }, []],
    ["MTA-STS that yields to DANE", discover, { dane: DANE, sts: STS, findings: [bad("mta-sts")] }, []],
    ["a failed renewal", discover, { sts: STS, findings: [bad("mta-sts", { result: "sts-webpki-invalid" })] }, []],
    ["everything enforced", enforce, { sts: STS, dane: DANE, findings: [bad("mta-sts"), bad("dane")] }, []],
  ];
  const seen = table.map(([name, taking, more]) => {
    const heard: Events["hopseal:policy"][] = [];
    using _listening = subscribe("hopseal:policy", (event) => heard.push(event));
    tallier({ clock: new ManualClock(), taking })([session(more)]);
    for (const event of heard) {
      assert.deepEqual([event.what, event.domain], ["would-have", "pine.example"]);
      assert.equal(event.text, "mx.pine.example would not have got the mail: not good");
    }
    return [name, taking, more, heard.map(({ source }) => source)];
  });
  assert.deepEqual(seen, table);
});

test("tallier: says what lists in testing, audited or discovered would have kept back", () => {
  const enforce = { dane: "enforce", sts: "enforce", discover: false } as const;
  const discover = { ...enforce, discover: true };
  const entry = { kind: "policy", mode: "enforce", mx: [], list: "ours", expires: 1e15 } as const;
  const bad: Finding = { policy: { source: "list", domain: "pine.example" }, enforced: false, ok: false, detail: "no" };
  const table: readonly (readonly [string, TallyOptions["taking"], Finding, ListFacts, number])[] = [
    ["in testing", enforce, bad, { ...entry, mode: "testing" }, 1],
    ["audited", enforce, bad, { ...entry, audited: true }, 1],
    ["discovered", discover, bad, entry, 1],
    ["lowered by an override or TLS-Required: No", enforce, bad, entry, 0],
    ["what was enforced", discover, { ...bad, enforced: true }, entry, 0],
    ["what held", discover, { ...bad, ok: true }, entry, 0],
    ["no longer in the list", discover, bad, { kind: "none" }, 0],
  ];
  const seen = table.map(([name, taking, finding, facts]) => {
    const heard: Events["hopseal:policy"][] = [];
    using _listening = subscribe("hopseal:policy", (event) => heard.push(event));
    tallier({ clock: new ManualClock(), taking, list: () => facts })([session({ findings: [finding] })]);
    for (const { source, what, domain } of heard)
      assert.deepEqual([source, what, domain], ["list", "would-have", "pine.example"]);
    return [name, heard.length];
  });
  assert.deepEqual(
    seen,
    table.map(([name, , , , told]) => [name, told]),
  );
});

test("tallier: every session counts, a failed discovery once for each domain", () => {
  const trouble: StsFacts = { kind: "failed", trouble: { at: "fetch", detail: "down" } };
  const count = tallier({ clock: new ManualClock(), taking: { dane: "enforce", sts: "enforce", discover: false } });
  const entries = count([
    session({ sts: trouble }),
    session({ sts: trouble, host: "mx2.pine.example" }),
    session({ sts: trouble, host: "mx3.pine.example", reached: "failed" }),
    session({ destination: "rook.example", sts: trouble }),
  ]);
  assert.deepEqual(
    entries.map(({ day, key }) => {
      const seen = parseSeenKey(key);
      if (seen !== undefined) return `${day} ${seen.domain} ${seen.host} ${seen.showed}`;
      const parsed = parseTallyKey(key);
      assert.ok(parsed.ok);
      const { policy, result } = parsed.value;
      return `${day} ${policy.domain} ${policy.type} ${result}`;
    }),
    [
      "2026-03-03 pine.example no-policy-found success",
      "2026-03-03 pine.example mx.pine.example encrypted",
      "2026-03-03 pine.example no-policy-found success",
      "2026-03-03 pine.example mx2.pine.example encrypted",
      "2026-03-03 rook.example no-policy-found success",
      "2026-03-03 rook.example mx.pine.example encrypted",
      "2026-03-03 pine.example sts sts-policy-fetch-error",
      "2026-03-03 rook.example sts sts-policy-fetch-error",
    ],
  );
});

test("forgetOldTallies: keeps 30 days, looks once a day, and tells when it cannot", async () => {
  const asked: string[] = [];
  const faults: string[] = [];
  using _listening = subscribe("hopseal:fault", ({ text }) => faults.push(text));
  const clock = new ManualClock();
  let broken = false;
  const forgetTallies = async (day: string): Promise<void> => {
    asked.push(day);
    if (broken) throw new Error("the disk is gone");
  };
  const keeping = forgetOldTallies({ forgetTallies }, clock);
  broken = true;
  clock.advance(86_400_000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(asked, ["2026-02-01", "2026-02-02"]);
  assert.deepEqual(faults, ["Cannot forget old tallies: the disk is gone"]);
  keeping[Symbol.dispose]();
  assert.equal(clock.pending, 0);
});
