import assert from "node:assert/strict";
import { test } from "node:test";
import { err, ok, type Result } from "../../base/mod.ts";
import type { Answer } from "../../dns/mod.ts";
import { domain } from "../../mail/mod.ts";
import type { StsTrouble } from "../types.ts";
import {
  type KnownPolicy,
  livePolicy,
  refreshDue,
  restorePolicy,
  stsDiscovery,
  type StsFailure,
  type StsFound,
  type StsMemory,
  type StsOptions,
} from "./sts.ts";

const PINE = domain("pine.example");
const NOW = Date.UTC(2026, 2, 3);
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const text = (mode: string, { age = 864_000, mx = "mx.pine.example" } = {}): string =>
  `version: STSv1\nmode: ${mode}\nmx: ${mx}\nmax_age: ${age}\n`;

function known(body: string, id = "1", fetchedAt = NOW - DAY): KnownPolicy {
  const policy = restorePolicy({ id, text: body, fetchedAt });
  assert.ok(policy !== undefined);
  return policy;
}
const txt = (...records: readonly string[]): Answer<string> => {
  return { name: "_mta-sts.pine.example", chain: [], kind: "data", security: "insecure", records };
};
const missing: Answer<string> = { name: "x", chain: [], kind: "nxdomain", security: "insecure" };
const lost = (cause: "bogus" | "unavailable"): Answer<string> => {
  return { name: "x", chain: [], kind: "failure", cause, detail: cause };
};
const AT_ONE = txt("v=STSv1; id=1;");
const AT_TWO = txt("v=STSv1; id=2;");

/** Runs the walk and tells the questions: `txt`, `TXT` when a stored answer will not do, `fetch`. */
function run(
  answer: Answer<string>,
  fetched: Result<string, StsTrouble>,
  options: Partial<StsOptions> = {},
): StsFound & { readonly asked: string } {
  const walk = stsDiscovery(PINE, { now: NOW, ...options });
  const asked: string[] = [];
  let step = walk.next();
  while (step.done !== true) {
    if (step.value.kind === "txt") {
      assert.equal(step.value.name, "_mta-sts.pine.example");
      asked.push(step.value.noCache ? "TXT" : "txt");
      step = walk.next({ kind: "txt", answer });
    } else {
      assert.equal(step.value.domain, PINE);
      asked.push("fetch");
      step = walk.next({ kind: "fetch", result: fetched });
    }
  }
  return { ...step.value, asked: asked.join(" ") };
}

/** Facts, what is stored then, and the news, in one line. */
function tell({ asked, facts, store, news }: ReturnType<typeof run>): string {
  const what =
    facts.kind === "policy"
      ? `${facts.mode} ${facts.id}${facts.trouble === undefined ? "" : ` !${facts.trouble.at}`}`
      : facts.kind === "failed"
        ? `failed ${facts.trouble.at}`
        : "none";
  const held = store === undefined ? "as before" : stored(store);
  return [asked, what, held, ...news.map((one) => one.kind)].join(" | ");
}

function stored({ policy, failure }: StsMemory): string {
  const parts = [
    ...(policy === undefined ? [] : [`${policy.mode} ${policy.id}`]),
    ...(failure === undefined ? [] : [`${failure.trouble.at} x${failure.count}`]),
  ];
  return parts.length === 0 ? "nothing" : parts.join(" and ");
}

const ENFORCE = known(text("enforce"));
const OLD = known(text("enforce"), "1", NOW - 20 * DAY);
const NONE = known("version: STSv1\nmode: none\nmax_age: 864000\n");
const good = ok(text("enforce"));
const unreachable = err({ at: "fetch", detail: "no answer" } as const);
const failedAt = (at: number, id = "2"): StsFailure => {
  return { id, at, trouble: { at: "webpki", detail: "expired" }, count: 3 };
};

const ROWS: readonly (readonly [string, Answer<string>, Result<string, StsTrouble>, Partial<StsOptions>, string])[] = [
  ["no record, nothing stored", missing, good, {}, "txt | none | as before"],
  ["a bad record, nothing stored", txt("v=STSv1; id=!;"), good, {}, "txt | none | as before"],
  ["two records, nothing stored", txt("v=STSv1; id=1;", "v=STSv1; id=2;"), good, {}, "txt | none | as before"],
  ["no record, policy stored (§3.3)", missing, good, { stored: { policy: ENFORCE } }, "txt | enforce 1 | as before"],
  [
    "a bad record, policy stored",
    txt("v=STSv1;"),
    good,
    { stored: { policy: ENFORCE } },
    "txt | enforce 1 | as before",
  ],
  ["no record, stored policy ended", missing, good, { stored: { policy: OLD } }, "txt | none | as before"],
  ["same id", AT_ONE, good, { stored: { policy: ENFORCE } }, "txt | enforce 1 | as before"],
  ["same id, stored policy ended", AT_ONE, good, { stored: { policy: OLD } }, "txt fetch | enforce 1 | enforce 1"],
  [
    "same id, stored policy ended, no file",
    AT_ONE,
    unreachable,
    { stored: { policy: OLD } },
    "txt fetch | failed fetch | fetch x1",
  ],
  ["first contact", AT_ONE, good, {}, "txt fetch | enforce 1 | enforce 1"],
  ["first contact, no file (§3.3)", AT_ONE, unreachable, {}, "txt fetch | failed fetch | fetch x1"],
  ["first contact, bad file", AT_ONE, ok("<html>"), {}, "txt fetch | failed invalid | invalid x1"],
  [
    "first contact, the policy serves one delivery",
    AT_ONE,
    ok(text("enforce", { age: 0 })),
    {},
    "txt fetch | enforce 1 | nothing",
  ],
  ["new id, same words", AT_TWO, good, { stored: { policy: ENFORCE } }, "txt fetch | enforce 2 | enforce 2"],
  [
    "new id, no file (§5.1)",
    AT_TWO,
    unreachable,
    { stored: { policy: ENFORCE } },
    "txt fetch | enforce 1 !fetch | enforce 1 and fetch x1 | refresh-failed",
  ],
  [
    "new id, no file, the stored one asks nothing",
    AT_TWO,
    unreachable,
    { stored: { policy: NONE } },
    "txt fetch | none 1 | none 1 and fetch x1",
  ],
  [
    "new id, weaker",
    AT_TWO,
    ok(text("testing")),
    { stored: { policy: ENFORCE } },
    "txt fetch | testing 2 | testing 2 | weakened",
  ],
  [
    "new id, no longer a policy (§8.3)",
    AT_TWO,
    ok("version: STSv1\nmode: none\nmax_age: 1"),
    { stored: { policy: ENFORCE } },
    "txt fetch | none 2 | none 2 | weakened",
  ],
  [
    "new id, more hosts",
    AT_TWO,
    ok(text("enforce", { mx: "mx.oak.example" })),
    { stored: { policy: ENFORCE } },
    "txt fetch | enforce 2 | enforce 2 | weakened",
  ],
  [
    "new id, stronger",
    AT_TWO,
    good,
    { stored: { policy: known(text("testing")) } },
    "txt fetch | enforce 2 | enforce 2 | changed",
  ],
  [
    "new id, fewer hosts",
    AT_TWO,
    good,
    { stored: { policy: known(`${text("enforce")}mx: old.example`) } },
    "txt fetch | enforce 2 | enforce 2 | changed",
  ],
  [
    "new id, other hosts in testing",
    AT_TWO,
    ok(text("testing", { mx: "a.example" })),
    { stored: { policy: known(text("testing")) } },
    "txt fetch | testing 2 | testing 2 | changed",
  ],
  ["DNS silent, nothing stored", lost("unavailable"), good, {}, "txt | failed dns | as before"],
  ["DNS bogus, nothing stored", lost("bogus"), good, {}, "txt | failed dns-bogus | as before"],
  ["DNS bogus, policy stored", lost("bogus"), good, { stored: { policy: ENFORCE } }, "txt | enforce 1 | as before"],
  [
    "failed less than 5 minutes ago for this id (§3.3)",
    AT_TWO,
    good,
    { stored: { failure: failedAt(NOW - 5 * MINUTE + 1) } },
    "txt | failed webpki | as before",
  ],
  [
    "failed so, policy stored",
    AT_TWO,
    good,
    { stored: { policy: ENFORCE, failure: failedAt(NOW - MINUTE) } },
    "txt | enforce 1 !webpki | as before",
  ],
  [
    "failed 5 minutes ago",
    AT_TWO,
    good,
    { stored: { failure: failedAt(NOW - 5 * MINUTE) } },
    "txt fetch | enforce 2 | enforce 2",
  ],
  [
    "failed for another id",
    AT_TWO,
    unreachable,
    { stored: { failure: failedAt(NOW, "1") } },
    "txt fetch | failed fetch | fetch x4",
  ],
  [
    "refresh, same id (§10.2)",
    AT_ONE,
    good,
    { stored: { policy: ENFORCE }, why: "refresh" },
    "TXT fetch | enforce 1 | enforce 1",
  ],
  [
    "refresh, no record: whatever TXT says",
    missing,
    good,
    { stored: { policy: ENFORCE }, why: "refresh" },
    "TXT fetch | enforce 1 | enforce 1",
  ],
  [
    "refresh, no record, no file",
    missing,
    unreachable,
    { stored: { policy: ENFORCE }, why: "refresh" },
    "TXT fetch | enforce 1 !fetch | enforce 1 and fetch x1 | refresh-failed",
  ],
  [
    "refresh, DNS silent",
    lost("unavailable"),
    good,
    { stored: { policy: ENFORCE }, why: "refresh" },
    "TXT fetch | enforce 1 | enforce 1",
  ],
  [
    "refresh of what has ended, no record",
    missing,
    good,
    { stored: { policy: OLD }, why: "refresh" },
    "TXT | none | as before",
  ],
  [
    "before a message fails, same id (§5.1)",
    AT_ONE,
    good,
    { stored: { policy: ENFORCE }, why: "before-failure" },
    "TXT fetch | enforce 1 | enforce 1",
  ],
  [
    "before a message fails, fetched just now",
    AT_ONE,
    good,
    { stored: { policy: known(text("enforce"), "1", NOW - MINUTE) }, why: "before-failure" },
    "TXT | enforce 1 | as before",
  ],
  [
    "before a message fails, new id",
    AT_TWO,
    ok(text("testing")),
    { stored: { policy: ENFORCE }, why: "before-failure" },
    "TXT fetch | testing 2 | testing 2 | weakened",
  ],
  [
    "before a message fails, no record",
    missing,
    good,
    { stored: { policy: ENFORCE }, why: "before-failure" },
    "TXT | enforce 1 | as before",
  ],
];

for (const [name, answer, fetched, options, expected] of ROWS) {
  test(`stsDiscovery: ${name} (RFC 8461)`, () => {
    assert.equal(tell(run(answer, fetched, options)), expected);
  });
}

test("stsDiscovery: a fetched policy, its facts and its news, compared whole", () => {
  const found = run(AT_TWO, ok(text("testing", { age: 60 })), { stored: { policy: ENFORCE } });
  const lines = ["version: STSv1", "mode: testing", "mx: mx.pine.example", "max_age: 60"];
  const mx = ["mx.pine.example"];
  assert.deepEqual(found.facts, { kind: "policy", mode: "testing", mx, id: "2", lines, expires: NOW + 10 * MINUTE });
  assert.deepEqual(found.store, {
    policy: {
      mode: "testing",
      mx,
      id: "2",
      text: text("testing", { age: 60 }),
      lines,
      maxAge: MINUTE,
      fetchedAt: NOW,
      expires: NOW + MINUTE,
      refreshAt: NOW + MINUTE / 2,
    },
  });
  assert.deepEqual(found.news, [{ kind: "weakened", domain: PINE, says: "mode enforce becomes testing" }]);
  const failed = run(AT_TWO, unreachable, { stored: { policy: ENFORCE } });
  assert.deepEqual(failed.news, [
    { kind: "refresh-failed", domain: PINE, trouble: unreachable.error, count: 1, expires: ENFORCE.expires },
  ]);
  const wider = run(AT_TWO, ok(text("enforce", { mx: "a.example" })), { stored: { policy: ENFORCE } });
  assert.deepEqual(wider.news, [{ kind: "weakened", domain: PINE, says: "a.example may take its mail too" }]);
});

test("refreshDue: daily, sooner for what ends sooner, later and later after failures (RFC 8461 §3.3)", () => {
  const failing = (count: number): StsMemory => {
    return { policy: ENFORCE, failure: { id: "1", at: NOW, trouble: { at: "fetch", detail: "" }, count } };
  };
  assert.equal(refreshDue({}), undefined);
  assert.equal(refreshDue({ policy: ENFORCE }), ENFORCE.fetchedAt + DAY);
  assert.equal(refreshDue({ policy: known(text("enforce", { age: 7200 }), "1", NOW) }), NOW + HOUR);
  assert.deepEqual(
    [1, 2, 3, 4, 5, 100].map((count) => (refreshDue(failing(count)) ?? 0) - NOW),
    [5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 40 * MINUTE, HOUR, HOUR],
  );
  // RFC 8461 §8.1: the id ran ahead of the file.
  const ahead = run(AT_TWO, good, { stored: { policy: ENFORCE } }).store;
  assert.equal(refreshDue(ahead ?? {}), NOW + HOUR);
});

test("livePolicy and restorePolicy: what has ended or is no policy any more is none", () => {
  assert.equal(livePolicy(undefined, NOW), undefined);
  assert.equal(livePolicy({}, NOW), undefined);
  assert.equal(livePolicy({ policy: OLD }, NOW), undefined);
  assert.equal(livePolicy({ policy: ENFORCE }, NOW), ENFORCE);
  assert.equal(livePolicy({ policy: ENFORCE }, ENFORCE.expires), undefined);
  assert.equal(restorePolicy({ id: "1", text: "", fetchedAt: NOW }), undefined);
});

test("stsDiscovery: an answer to another question is a fault of the program", () => {
  const first = stsDiscovery(PINE, { now: NOW });
  first.next();
  assert.throws(() => first.next({ kind: "fetch", result: good }), /not to the question/);
  const second = stsDiscovery(PINE, { now: NOW });
  second.next();
  second.next({ kind: "txt", answer: AT_ONE });
  assert.throws(() => second.next({ kind: "txt", answer: AT_ONE }), /not to the question/);
});
