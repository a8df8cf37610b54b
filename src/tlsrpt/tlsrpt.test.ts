import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { domain } from "../mail/mod.ts";
import { type DaneFacts, type Finding, parseNamePattern, type StsFacts, type TlsResult } from "../policy/mod.ts";
import { parseTallyKey, tallyKey } from "./key.ts";
import { summarise } from "./summarise.ts";
import { dayOf, sessionRecords, tallyDiscovery, tallySession } from "./tally.ts";
import type { SessionRecord, TallyRecord } from "./types.ts";

const NOW = Date.UTC(2026, 2, 3, 23, 59, 59, 999);

const SHA_A = Uint8Array.from({ length: 32 }, () => 0xab);
const SHA_0 = Uint8Array.from({ length: 32 }, () => 0x01);
const USABLE: DaneFacts = {
  kind: "usable",
  base: domain("mx.pine.example"),
  records: [
    { usage: 3, selector: 1, matching: 1, data: SHA_A },
    { usage: 2, selector: 0, matching: 1, data: SHA_0 },
  ],
  names: [],
  mx: "secure",
};
const TLSA_STRINGS = [`2 0 1 ${"01".repeat(32)}`, `3 1 1 ${"ab".repeat(32)}`];

const LINES = ["version: STSv1", "mode: enforce", "mx: *.pine.example", "max_age: 604800"];
function sts(
  mode: "enforce" | "testing" | "none",
  more: Partial<Extract<StsFacts, { kind: "policy" }>> = {},
): StsFacts {
  const pattern = parseNamePattern("*.pine.example");
  assert.ok(pattern.ok);
  return { kind: "policy", mode, mx: [pattern.value], id: "1", lines: LINES, expires: NOW, ...more };
}

const SESSION: SessionRecord = {
  destination: "pine.example",
  host: "mx.pine.example",
  address: "192.0.2.25",
  reached: "tls",
  findings: [],
};

function finding(source: "dane" | "mta-sts", ok: boolean, result?: TlsResult): Finding {
  return {
    policy: { source, domain: "pine.example" },
    enforced: true,
    ok,
    detail: "",
    ...(result === undefined ? {} : { result }),
  };
}

/** What a case comes to, one word for each policy. */
function words(session: Partial<SessionRecord>): readonly string[] {
  return sessionRecords({ ...SESSION, ...session }).map(({ policy, result, reason }) =>
    [policy.type, result, ...(reason === undefined ? [] : [reason])].join(" "),
  );
}

test("tallySession: one outcome for each policy in force, RFC 8460 §4.3", () => {
  const noTls = { reached: "failed", failure: { result: "starttls-not-supported" } } as const;
  const ruledOut = { reached: "refused" } as const;
  const table: readonly (readonly [string, Partial<SessionRecord>, readonly string[]])[] = [
    ["nothing published, TLS", {}, ["no-policy-found success"]],
    ["nothing published, no STARTTLS", noTls, ["no-policy-found starttls-not-supported"]],
    ["nothing published, plaintext after that", { reached: "plaintext" }, []],
    [
      "nothing published, plaintext on the connection that offered no STARTTLS",
      { ...noTls, reached: "plaintext" },
      ["no-policy-found starttls-not-supported"],
    ],
    [
      "nothing published, handshake failed",
      { reached: "failed", failure: { result: "validation-failure", reason: "ERR_SSL_X" } },
      ["no-policy-found validation-failure ERR_SSL_X"],
    ],
    ["network trouble", { reached: "failed" }, []],
    ["network trouble under DANE", { reached: "failed", dane: USABLE }, []],
    ["network trouble under MTA-STS", { reached: "failed", sts: sts("enforce") }, []],
    ["DANE holds", { dane: USABLE, findings: [finding("dane", true)] }, ["tlsa success"]],
    [
      "DANE fails",
      { dane: USABLE, reached: "failed", findings: [finding("dane", false, "tlsa-invalid")] },
      ["tlsa tlsa-invalid"],
    ],
    ["DANE without STARTTLS", { dane: USABLE, ...noTls }, ["tlsa starttls-not-supported"]],
    [
      "TLSA not to be had, bogus",
      { ...ruledOut, dane: { kind: "failed", cause: "bogus", detail: "" } },
      ["tlsa dnssec-invalid bogus"],
    ],
    [
      "TLSA not to be had, no answer",
      { ...ruledOut, dane: { kind: "failed", cause: "unavailable", detail: "" } },
      ["tlsa dnssec-invalid unavailable"],
    ],
    ["no TLSA", { dane: { kind: "absent", why: "" } }, ["no-policy-found success"]],
    ["DANE off", { dane: { kind: "off", why: "" } }, ["no-policy-found success"]],
    [
      "TLSA unusable, encrypted",
      { dane: { ...USABLE, kind: "unusable" }, findings: [finding("dane", true)] },
      ["tlsa success"],
    ],
    ["MTA-STS holds", { sts: sts("enforce"), findings: [finding("mta-sts", true)] }, ["sts success"]],
    [
      "MTA-STS fails",
      { sts: sts("enforce"), reached: "failed", findings: [finding("mta-sts", false, "certificate-expired")] },
      ["sts certificate-expired"],
    ],
    [
      "testing: the certificate is bad, the mail goes",
      { sts: sts("testing"), findings: [finding("mta-sts", false, "certificate-not-trusted")] },
      ["sts certificate-not-trusted"],
    ],
    ["testing: no STARTTLS", { sts: sts("testing"), ...noTls }, ["sts starttls-not-supported"]],
    [
      "testing: plaintext after that",
      { sts: sts("testing"), reached: "plaintext", findings: [finding("mta-sts", false)] },
      [],
    ],
    [
      "testing: plaintext on the connection that offered no STARTTLS",
      { sts: sts("testing"), ...noTls, reached: "plaintext", findings: [finding("mta-sts", false)] },
      ["sts starttls-not-supported"],
    ],
    ["mode none is no policy", { sts: sts("none") }, ["no-policy-found success"]],
    [
      "a host that the policy does not name, enforced",
      { ...ruledOut, host: "evil.example", sts: sts("enforce") },
      ["sts certificate-host-mismatch"],
    ],
    [
      "a host that the policy does not name, testing",
      { host: "evil.example", sts: sts("testing"), findings: [finding("mta-sts", false)] },
      ["sts certificate-host-mismatch"],
    ],
    [
      "a host that the policy does not name, testing: plaintext after rungs that failed",
      {
        host: "evil.example",
        sts: sts("testing"),
        reached: "plaintext",
        findings: [finding("mta-sts", false)],
      },
      [],
    ],
    [
      "a host that the policy does not name, testing: plaintext where no STARTTLS was offered",
      {
        host: "evil.example",
        sts: sts("testing"),
        ...noTls,
        reached: "plaintext",
        findings: [finding("mta-sts", false)],
      },
      ["sts certificate-host-mismatch"],
    ],
    ["a host ruled out for another reason", { ...ruledOut, sts: sts("enforce") }, []],
    [
      "DANE holds, MTA-STS does not",
      {
        dane: USABLE,
        sts: sts("enforce"),
        findings: [finding("dane", true), finding("mta-sts", false, "certificate-not-trusted")],
      },
      ["tlsa success", "sts certificate-not-trusted"],
    ],
    [
      "both without STARTTLS",
      { dane: USABLE, sts: sts("enforce"), ...noTls },
      ["tlsa starttls-not-supported", "sts starttls-not-supported"],
    ],
    [
      "a finding without a name of its own takes the failure's",
      {
        dane: USABLE,
        reached: "failed",
        findings: [finding("dane", false)],
        failure: { result: "certificate-not-trusted", reason: "CERT_UNTRUSTED" },
      },
      ["tlsa certificate-not-trusted CERT_UNTRUSTED"],
    ],
    [
      "a finding without any name",
      { dane: USABLE, reached: "failed", findings: [finding("dane", false)] },
      ["tlsa validation-failure"],
    ],
    ["an address literal", { destination: "[192.0.2.1]" }, []],
    ["an address of a route", { destination: "192.0.2.1" }, []],
    [
      "a renewal that failed is not the session's",
      {
        sts: sts("enforce", { trouble: { at: "fetch", detail: "" } }),
        findings: [finding("mta-sts", true), finding("mta-sts", false, "sts-policy-fetch-error")],
      },
      ["sts success"],
    ],
    [
      "DANE that somebody asked for is not there",
      { ...ruledOut, failure: { result: "dane-required" } },
      ["no-policy-found dane-required"],
    ],
  ];
  assert.deepEqual(
    table.map(([name, session]) => [name, words(session)]),
    table.map(([name, , expected]) => [name, expected]),
  );
});

test("tallyDiscovery: trouble with the policy host, without an MX host, RFC 8460 §4.3.2.2", () => {
  const trouble = (at: "dns" | "dns-bogus" | "fetch" | "webpki" | "invalid") => ({ at, detail: "secret detail" });
  const told = (facts: StsFacts | undefined): readonly unknown[] =>
    tallyDiscovery("pine.example", facts, NOW)
      .map(({ key }) => parseTallyKey(key))
      .map((one) => one.ok && one.value);
  const empty = { type: "sts", strings: [], domain: "pine.example", mx: [] };
  assert.deepEqual(told(undefined), []);
  assert.deepEqual(told({ kind: "none", why: "" }), []);
  assert.deepEqual(told(sts("enforce")), []);
  assert.deepEqual(told({ kind: "failed", trouble: trouble("dns") }), []);
  assert.deepEqual(told({ kind: "failed", trouble: trouble("dns-bogus") }), [
    { policy: empty, result: "dnssec-invalid" },
  ]);
  for (const [at, result] of [
    ["fetch", "sts-policy-fetch-error"],
    ["webpki", "sts-webpki-invalid"],
    ["invalid", "sts-policy-invalid"],
  ] as const) {
    assert.deepEqual(told({ kind: "failed", trouble: trouble(at) }), [{ policy: empty, result }]);
    assert.deepEqual(told(sts("enforce", { trouble: trouble(at) })), [
      { policy: { ...empty, strings: LINES, mx: ["*.pine.example"] }, result },
    ]);
    assert.deepEqual(told(sts("none", { trouble: trouble(at) })), []);
  }
});

test("tallySession: keys are the same whatever the order in DNS, days are UTC, successes carry no host", () => {
  const [one] = tallySession({ ...SESSION, dane: USABLE, findings: [finding("dane", true)] }, NOW);
  assert.ok(USABLE.kind === "usable");
  const turned: DaneFacts = { ...USABLE, records: [...USABLE.records].reverse() };
  const [other] = tallySession(
    { ...SESSION, host: "mx2.pine.example", address: "192.0.2.26", dane: turned, findings: [finding("dane", true)] },
    NOW,
  );
  assert.deepEqual(one, other);
  assert.equal(one?.day, "2026-03-03");
  assert.equal(dayOf(NOW + 1), "2026-03-04");
  assert.deepEqual(parseTallyKey(one?.key ?? ""), {
    ok: true,
    value: { policy: { type: "tlsa", strings: TLSA_STRINGS, domain: "pine.example", mx: [] }, result: "success" },
  });
});

test("summarise: totals and details in the form of RFC 8460 §4.4", () => {
  const session = (more: Partial<SessionRecord>, count: number, now = NOW) =>
    tallySession({ ...SESSION, ...more }, now).map((tally) => ({ ...tally, count }));
  const policy = sts("enforce");
  const tallies = [
    ...session({ destination: "rook.example" }, 4),
    ...session({ sts: policy, findings: [finding("mta-sts", true)] }, 7),
    ...session({ sts: policy, reached: "failed", failure: { result: "starttls-not-supported" } }, 2),
    ...session(
      {
        sts: policy,
        reached: "failed",
        address: "2001:db8::25",
        failure: { result: "validation-failure", reason: "X" },
      },
      1,
    ),
    ...tallyDiscovery("pine.example", sts("enforce", { trouble: { at: "fetch", detail: "" } }), NOW).map((tally) => ({
      ...tally,
      count: 9,
    })),
    ...session({ sts: policy, findings: [finding("mta-sts", true)] }, 1, NOW + 1),
    { day: "2026-03-03", key: '{"v":2}', count: 3 },
  ];
  const about = {
    "policy-type": "sts",
    "policy-string": LINES,
    "policy-domain": "pine.example",
    "mx-host": ["*.pine.example"],
  };
  assert.deepEqual(summarise(tallies), {
    unread: 3,
    days: [
      {
        day: "2026-03-03",
        domain: "pine.example",
        policies: [
          {
            policy: about,
            summary: { "total-successful-session-count": 7, "total-failure-session-count": 3 },
            "failure-details": [
              {
                "result-type": "starttls-not-supported",
                "receiving-mx-hostname": "mx.pine.example",
                "receiving-ip": "192.0.2.25",
                "failed-session-count": 2,
              },
              {
                "result-type": "validation-failure",
                "receiving-mx-hostname": "mx.pine.example",
                "receiving-ip": "2001:db8::25",
                "failed-session-count": 1,
                "failure-reason-code": "X",
              },
              { "result-type": "sts-policy-fetch-error", "failed-session-count": 9 },
            ],
          },
        ],
      },
      {
        day: "2026-03-03",
        domain: "rook.example",
        policies: [
          {
            policy: { "policy-type": "no-policy-found", "policy-string": [], "policy-domain": "rook.example" },
            summary: { "total-successful-session-count": 4, "total-failure-session-count": 0 },
            "failure-details": [],
          },
        ],
      },
      {
        day: "2026-03-04",
        domain: "pine.example",
        policies: [
          {
            policy: about,
            summary: { "total-successful-session-count": 1, "total-failure-session-count": 0 },
            "failure-details": [],
          },
        ],
      },
    ],
  });
});

const RESULTS: readonly TallyRecord["result"][] = [
  "success",
  "tlsa-invalid",
  "sts-policy-invalid",
  "validation-failure",
];
const record: fc.Arbitrary<TallyRecord> = fc.record(
  {
    policy: fc.record(
      {
        type: fc.constantFrom("tlsa", "sts", "no-policy-found"),
        strings: fc.array(fc.string({ unit: "grapheme" }), { maxLength: 4 }),
        domain: fc.string(),
        mx: fc.array(fc.string(), { maxLength: 3 }),
      },
      { noNullPrototype: true },
    ),
    result: fc.constantFrom(...RESULTS),
    host: fc.string(),
    ip: fc.string(),
    from: fc.string(),
    reason: fc.string({ unit: "grapheme" }),
  },
  { noNullPrototype: true, requiredKeys: ["policy", "result"] },
);

test("parseTallyKey: reads back what tallyKey wrote, and nothing else", () => {
  fc.assert(
    fc.property(record, (one) => {
      assert.deepEqual(parseTallyKey(tallyKey(one)), { ok: true, value: one });
    }),
  );
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const parsed = parseTallyKey(text);
      if (parsed.ok) assert.equal(tallyKey(parsed.value), text);
    }),
  );
  const good = tallyKey({ policy: { type: "sts", strings: [], domain: "d", mx: [] }, result: "success" });
  for (const bad of [
    "",
    "null",
    "[]",
    "{}",
    good.replace('"v":1', '"v":2'),
    `${good} `,
    good.replace("success", "fine"),
    good.replace('"sts"', '"x"'),
    good.replace("}", ',"x":1}'),
    good.replace("[]", "[1]"),
  ])
    assert.equal(parseTallyKey(bad).ok, false, bad);
});

test("summarise: every count is kept, in totals, details or among the unread", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(record, fc.nat({ max: 1000 })), { maxLength: 12 }), (list) => {
      const { days, unread } = summarise(
        list.map(([one, count]) => ({ day: "2026-03-03", key: tallyKey(one), count })),
      );
      const policies = days.flatMap((day) => day.policies);
      const good = policies.reduce((sum, one) => sum + one.summary["total-successful-session-count"], 0);
      const bad = policies
        .flatMap((one) => one["failure-details"])
        .reduce((sum, one) => sum + one["failed-session-count"], 0);
      assert.equal(
        good + bad + unread,
        list.reduce((sum, [, count]) => sum + count, 0),
      );
    }),
  );
});
