import assert from "node:assert/strict";
import { test } from "node:test";
import { staticResolver } from "../../test/support/resolver.ts";
import { seededRandom } from "../base/mod.ts";
import type { PlanOptions } from "../delivery/mod.ts";
import {
  type DaneFacts,
  localPolicies,
  type LocalPolicy,
  namePattern,
  type PolicySources,
  type StsFacts,
} from "../policy/mod.ts";
import { domain } from "../mail/mod.ts";
import { planNextHop } from "./next_hop_plan.ts";
import { type Answer, answerOf } from "./policy_service_answer.ts";

const NOW = Date.UTC(2026, 2, 3);
const MX = domain("mx.pine.example");
const HOP = { kind: "domain", domain: domain("pine.example") } as const;

function sts(name: string, expires = NOW + 86_400_000): StsFacts {
  return { kind: "policy", mode: "enforce", mx: [namePattern(domain(name))], id: "1", lines: [], expires };
}

interface World {
  /** How long it took to find out all of it. */
  readonly took?: number;
  readonly sts?: readonly [stored: StsFacts, fresh: StsFacts];
  readonly dane?: DaneFacts;
  readonly local?: Partial<LocalPolicy>;
}

/** What is answered, and how often the MTA-STS policy was asked for, and fetched. */
async function answered({
  sts: [stored, fresh] = [NONE, NONE],
  dane = ABSENT,
  local,
  took = 0,
}: World): Promise<readonly [Answer, number, number]> {
  let asked = 0;
  let fetched = 0;
  let known = stored;
  const sources: PolicySources = {
    dane: async () => dane,
    async sts(_domain, options) {
      asked++;
      if (options?.refetch === true) {
        fetched++;
        known = fresh;
      }
      return known;
    },
    list: () => ({ kind: "none" }),
  };
  const options: PlanOptions = {
    resolver: staticResolver({
      "pine.example": { MX: [{ preference: 10, exchange: MX }] },
      [MX]: { A: ["192.0.2.1"] },
    }),
    random: seededRandom(1),
    policies: localPolicies(local === undefined ? [] : [{ destination: "pine.example", level: "may", ...local }]),
    self: { names: [], addresses: [] },
    port: 25,
    now: NOW,
    sources,
  };
  return [answerOf(await planNextHop(HOP, options), { open: "may", now: NOW + took }), asked, fetched];
}

const NONE: StsFacts = { kind: "none", why: "nothing is published" };
const FAILED: StsFacts = { kind: "failed", trouble: { at: "dns", detail: "SERVFAIL" } };
const ABSENT: DaneFacts = { kind: "absent", why: "no TLSA records" };

test("planNextHop: where an enforced policy leaves no host, a newer one is looked for first, and only then (RFC 8461 §5.1)", async () => {
  const secure = `secure match=${MX} servername=hostname protocols=>=TLSv1.2`;
  const [renewed, ...many] = await answered({ sts: [sts("old.example"), sts(MX)] });
  assert.deepEqual([renewed.reply, ...many], [{ kind: "found", data: secure }, 3, 1]);
  const [same, ...again] = await answered({ sts: [sts("old.example"), sts("old.example")] });
  assert.deepEqual([same.reply.kind, same.row, ...again], ["temp", "refused", 3, 1]);
  const [good, ...once] = await answered({ sts: [sts(MX), sts("new.example")] });
  assert.deepEqual([good.reply, ...once], [{ kind: "found", data: secure }, 1, 0]);
});

test("answerOf: kept for a minute, or until what it rests on ends; what a failed look-up led to only for 5 s", async () => {
  const usable = (expires: number): DaneFacts => {
    return { kind: "unusable", base: MX, records: [], mx: "secure", expires };
  };
  const keep = async (world: World): Promise<number> => (await answered(world))[0].keep;
  assert.deepEqual(
    [
      await keep({}),
      await keep({ sts: [sts(MX), NONE] }),
      await keep({ sts: [sts(MX, NOW + 10), NONE] }),
      await keep({ dane: usable(NOW + 20) }),
      await keep({ dane: { ...ABSENT, expires: NOW + 30 } }),
      await keep({ local: { override: { until: NOW + 40 } } }),
      await keep({ local: { override: { until: NOW - 40 } } }),
      await keep({ sts: [sts("old.example"), sts("old.example")] }),
      await keep({ sts: [FAILED, NONE] }),
      // What ended while the rest was looked up is not given out again.
      await keep({ dane: usable(NOW + 20), took: 30 }),
      await keep({ local: { override: { until: NOW + 40 } }, took: 50 }),
    ],
    [60_000, 60_000, 10, 20, 30, 40, 60_000, 5000, 5000, 0, 0],
  );
});
