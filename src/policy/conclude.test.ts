import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_DEMAND, NULL_REVERSE_PATH, type TlsDemand } from "../mail/mod.ts";
import { statusOf } from "../status/mod.ts";
import { conclude, type HostOutcome } from "./conclude.ts";
import { localPolicies } from "./sources/local.ts";
import { bindingDemand } from "./sources/message.ts";
import { matchesPattern, parseNamePattern, parseSuffixPattern } from "./pattern.ts";
import { standing, type Wish } from "./wish.ts";

const REQUIRETLS: TlsDemand = { level: "secure", mxAuthentic: "dnssec-or-sts", propagate: true, because: [] };
const CAUSE = {
  decision: "tls-verify-failed",
  tls: "tls-not-offered",
  requiretls: "requiretls-unsupported",
  unreachable: "connect-failed",
  answered: "greeting-refused",
} as const;
const WHYS = Object.keys(CAUSE) as readonly (keyof typeof CAUSE)[];

function outcome(why: HostOutcome["why"], host = "mx.pine.example"): HostOutcome {
  return { host, why, status: statusOf(CAUSE[why]) };
}

test("conclude: without REQUIRETLS nothing fails at once, over all pairs of host outcomes", () => {
  for (const first of WHYS) {
    for (const second of WHYS) {
      const end = conclude([outcome(first), outcome(second)], NO_DEMAND);
      assert.equal(end.kind, "retry");
      assert.ok(end.status.code >= 400 && end.status.code < 500);
      assert.equal(end.status.enhanced?.[0], "4");
    }
  }
});

test("conclude: REQUIRETLS fails at once when every host was excluded, never while one was only unreachable (RFC 8689 §4.2.1)", () => {
  const rows = WHYS.map((first) =>
    WHYS.map((second) => {
      const end = conclude([outcome(first), outcome(second)], REQUIRETLS);
      return `${end.kind} ${end.status.enhanced}`;
    }),
  );
  // decision, tls, requiretls, unreachable, answered
  assert.deepEqual(rows, [
    ["fail 5.7.10", "fail 5.7.10", "fail 5.7.30", "retry 4.7.5", "retry 4.7.5"],
    ["fail 5.7.10", "fail 5.7.10", "fail 5.7.30", "retry 4.7.10", "retry 4.7.10"],
    ["fail 5.7.30", "fail 5.7.30", "fail 5.7.30", "retry 4.7.30", "retry 4.7.30"],
    ["retry 4.7.5", "retry 4.7.10", "retry 4.7.30", "retry 4.4.1", "retry 4.4.0"],
    ["retry 4.7.5", "retry 4.7.10", "retry 4.7.30", "retry 4.4.0", "retry 4.4.0"],
  ]);
});

test("conclude: the notice names the hosts (RFC 8689 §4.2.1)", () => {
  const end = conclude([outcome("tls", "a.example"), outcome("requiretls", "b.example")], REQUIRETLS);
  assert.equal(end.status.text, "REQUIRETLS support required: a.example, b.example");
  assert.equal(end.status.code, 550);
});

test("conclude: REQUIRETLS waits where DNS could not tell, and where it is taken as less (RFC 8689 §4.2.1)", () => {
  const unknown: HostOutcome = {
    host: "mx.pine.example",
    why: "decision",
    status: statusOf("dns-failure", "a signature is wrong"),
  };
  assert.deepEqual(conclude([unknown], REQUIRETLS), {
    kind: "retry",
    status: { cause: "dns-failure", code: 451, enhanced: "4.4.3", text: "a signature is wrong" },
    host: "mx.pine.example",
  });
  assert.equal(conclude([unknown, outcome("tls")], REQUIRETLS).kind, "retry");
  assert.equal(conclude([outcome("tls")], REQUIRETLS, "encrypt").kind, "retry");
  assert.equal(conclude([outcome("requiretls")], REQUIRETLS, "opportunistic").status.enhanced, "4.7.30");
});

test("conclude: each end has its cause, and who said it stays (RFC 8689 §4.2.1)", () => {
  const peer = { host: "mx.pine.example", address: "192.0.2.1" };
  const refused = conclude(
    [{ ...outcome("tls"), status: { ...statusOf("tls-not-offered", "no STARTTLS"), peer } }],
    REQUIRETLS,
  );
  assert.deepEqual(refused.status, {
    cause: "encryption-needed",
    code: 550,
    enhanced: "5.7.10",
    text: "Encryption needed: no STARTTLS",
    peer,
  });
  assert.equal(conclude([outcome("requiretls")], REQUIRETLS).status.cause, "requiretls-unsupported");
});

test("conclude: what has no enhanced code gets none, and nothing cannot be concluded from nothing", () => {
  const bare = { cause: "remote-reply", code: 554, text: "no" } as const;
  const end = conclude([{ host: "a.example", why: "answered", status: bare }], NO_DEMAND);
  assert.deepEqual(end, { kind: "retry", status: { ...bare, code: 451 }, host: "a.example" });
  assert.throws(() => conclude([], NO_DEMAND), /no host was tried/);
});

test("localPolicies: exact before suffix, the longest suffix, no suffix for the domain itself or for addresses", () => {
  const find = localPolicies(
    [
      "pine.example",
      ".pine.example",
      ".deep.pine.example",
      "a.pine.example",
      ".example",
      "[192.0.2.1]",
      "Pine.Example",
    ].map((destination, at) => ({ destination, level: "encrypt" as const, mx: [], override: { until: at } })),
  );
  const found = (name: string): string | undefined => find(name)?.destination;
  assert.deepEqual(
    [
      "pine.example",
      "PINE.example",
      "a.pine.example",
      "b.pine.example",
      "deep.pine.example",
      "x.y.deep.pine.example",
      "oak.example",
      "example",
      "pine.test",
      "[192.0.2.1]",
      "[192.0.2.2]",
    ].map(found),
    [
      "pine.example",
      "pine.example",
      "a.pine.example",
      ".pine.example",
      ".pine.example",
      ".deep.pine.example",
      ".example",
      undefined,
      undefined,
      "[192.0.2.1]",
      undefined,
    ],
  );
  assert.equal(find("pine.example")?.override?.until, 0);
});

test("standing: an override and TLS-Required: No lower what a destination publishes and nothing else (RFC 8689 §4.1)", () => {
  const sources = ["local", "requiretls", "submitter", "dane", "mta-sts", "list"] as const;
  const wishes: readonly Wish[] = sources.map((source) => ({
    policy: { source, domain: "pine.example" },
    level: "secure",
    expectation: { kind: "encrypted" },
    because: [],
  }));
  const own = ["local", "requiretls", "submitter"];
  const host = {
    name: "mx.example",
    literal: false,
    port: 25,
    mode: "starttls",
    learnt: "mx",
    mxSecurity: "secure",
  } as const;
  const left = (until: number | undefined, demand: TlsDemand): readonly string[] =>
    standing(
      wishes,
      {
        destination: "pine.example",
        host,
        now: 10,
        local: { destination: "pine.example", level: "may", ...(until === undefined ? {} : { override: { until } }) },
      },
      demand,
    ).enforced.map((wish) => wish.policy.source);
  assert.deepEqual(left(undefined, NO_DEMAND), sources);
  assert.deepEqual(left(10, NO_DEMAND), sources);
  assert.deepEqual(left(11, NO_DEMAND), own);
  assert.deepEqual(left(undefined, { ...NO_DEMAND, tlsOptional: true }), own);
  assert.deepEqual(left(undefined, { ...REQUIRETLS, tlsOptional: true }), sources);
});

test("bindingDemand: REQUIRETLS does not hold a notice back (RFC 8689 §5)", () => {
  assert.equal(bindingDemand(REQUIRETLS, NULL_REVERSE_PATH).propagate, false);
  assert.equal(bindingDemand(REQUIRETLS, NULL_REVERSE_PATH).level, "may");
  const path = { kind: "mailbox", mailbox: { localPart: "ada", domain: "pine.example" as never } } as const;
  assert.equal(bindingDemand(REQUIRETLS, path), REQUIRETLS);
  assert.equal(bindingDemand(NO_DEMAND, NULL_REVERSE_PATH), NO_DEMAND);
});

test("bindingDemand: what a submitter asked for beside REQUIRETLS stays with a notice", () => {
  const bound = (more: Partial<TlsDemand>): TlsDemand => {
    const { because: _because, ...rest } = bindingDemand({ ...REQUIRETLS, ...more }, NULL_REVERSE_PATH);
    return { ...rest, because: [] };
  };
  const asked = [{ source: "submitter", says: "asked" }] as const;
  assert.deepEqual(
    [
      bound({}),
      bound({ because: asked }),
      bound({ by: ["dane"] }),
      bound({ mxAuthentic: "dnssec" }),
      bound({ level: "encrypt", because: asked }),
    ],
    [
      { level: "may", propagate: false, because: [] },
      { level: "secure", propagate: false, because: [] },
      { level: "secure", by: ["dane"], propagate: false, because: [] },
      { level: "secure", mxAuthentic: "dnssec", propagate: false, because: [] },
      { level: "encrypt", propagate: false, because: [] },
    ],
  );
  assert.equal(bindingDemand(REQUIRETLS, NULL_REVERSE_PATH).because.at(-1)?.rule, "RFC 8689 §5");
});

test("parseNamePattern: a whole left-most label or none (RFC 9525 §6.3)", () => {
  const good = ["mx.pine.example", "*.pine.example", "MX.Pine.Example.", "*.BÜCHER.example"].map(parseNamePattern);
  assert.deepEqual(
    good.map((one) => one.ok && one.value),
    ["mx.pine.example", "*.pine.example", "mx.pine.example", "*.xn--bcher-kva.example"],
  );
  for (const bad of [
    "",
    "*",
    "*.",
    "*.example",
    "m*.pine.example",
    "a.*.example",
    "*.*.example",
    "[192.0.2.1]",
    ".pine.example",
  ]) {
    assert.equal(parseNamePattern(bad).ok, false, bad);
  }
  assert.deepEqual(
    [".pine.example", "mx.pine.example", "*.pine.example", ".example", "."].map((text) => {
      const pattern = parseSuffixPattern(text);
      return pattern.ok && pattern.value;
    }),
    ["*.pine.example", "mx.pine.example", false, false, false],
  );
  const wild = parseNamePattern("*.pine.example");
  assert.ok(wild.ok);
  assert.deepEqual(
    ["a.pine.example", "A.PINE.EXAMPLE.", "pine.example", "a.b.pine.example", ".pine.example", "apine.example"].map(
      (name) => matchesPattern(wild.value, name),
    ),
    [true, true, false, false, false, false],
  );
});
