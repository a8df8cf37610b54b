import assert from "node:assert/strict";
import { test } from "node:test";
import { type StaticZone, staticResolver } from "../../test/support/resolver.ts";
import { seededRandom } from "../base/mod.ts";
import { domain, type MailHost, NO_DEMAND, parseMailHost, type TlsDemand } from "../mail/mod.ts";
import {
  type DaneFacts,
  type DaneQuestion,
  localPolicies,
  namePattern,
  type PolicySources,
  type StsFacts,
} from "../policy/mod.ts";
import { type Errand, type Plan, planDelivery, type PlanOptions } from "./plan.ts";
import { planAgent } from "./plan_agent.ts";

interface Asked extends PolicySources {
  /** In the order of the questions, DNS and sources together. */
  readonly log: string[];
  readonly questions: DaneQuestion[];
}

function world(
  zone: StaticZone,
  found: { readonly dane?: DaneFacts; readonly sts?: StsFacts } = {},
): { readonly options: PlanOptions; readonly asked: Asked } {
  const log: string[] = [];
  const questions: DaneQuestion[] = [];
  const asked: Asked = {
    log,
    questions,
    async dane(question) {
      log.push(`dane ${question.host.name}`);
      questions.push(question);
      return found.dane ?? { kind: "absent", why: "not signed" };
    },
    async sts(name) {
      log.push(`sts ${name}`);
      return found.sts ?? { kind: "none", why: "nothing published" };
    },
    list(name) {
      log.push(`list ${name}`);
      return { kind: "none" };
    },
  };
  const resolver = staticResolver(zone);
  const options: PlanOptions = {
    resolver: {
      query: (name, type, more) => {
        log.push(`${name} ${type}`);
        return resolver.query(name, type, more);
      },
    },
    random: seededRandom(1),
    policies: localPolicies([]),
    self: { names: [], addresses: ["192.0.2.99", "2001:db8::99", "127.0.0.1"] },
    port: 25,
    now: 0,
    sources: asked,
  };
  return { options, asked };
}

function errand(text: string, via: Errand["via"] = { kind: "mx" }): Errand {
  const parsed = parseMailHost(text);
  assert.ok(parsed.ok);
  const destination: MailHost = parsed.value;
  return { destination, demand: NO_DEMAND, via };
}

const ZONE: StaticZone = {
  "pine.example": { CNAME: ["pine.isp.example"] },
  "pine.isp.example": {
    MX: [
      { preference: 10, exchange: "MX1.isp.example" },
      { preference: 20, exchange: "mx2.isp.example" },
      { preference: 30, exchange: "gone.isp.example" },
    ],
  },
  "mx1.isp.example": { A: ["192.0.2.1"], AAAA: { kind: "data", records: ["2001:db8::1"], security: "secure" } },
  "mx2.isp.example": { A: ["192.0.2.2"] },
};

test("planDelivery: addresses come before TLSA, and one MTA-STS policy counts for all hosts (RFC 7672 §2.2.2, RFC 8461 §3.4)", async () => {
  const { options, asked } = world(ZONE);
  const plan = await planDelivery(errand("pine.example"), options);
  assert.equal(plan.kind, "hosts");
  const at = (entry: string): number => asked.log.indexOf(entry);
  assert.deepEqual([...asked.log].sort(), [
    "dane mx1.isp.example",
    "dane mx2.isp.example",
    "gone.isp.example A",
    "gone.isp.example AAAA",
    "list pine.example",
    "mx1.isp.example A",
    "mx1.isp.example AAAA",
    "mx2.isp.example A",
    "mx2.isp.example AAAA",
    "pine.example MX",
    "sts pine.example",
  ]);
  assert.ok(at("mx1.isp.example A") < at("dane mx1.isp.example") && at("sts pine.example") < 2);
  // The domain as it was written and where it led, the host as DNS gave it, and the answers with their proof.
  assert.deepEqual(
    asked.questions.map(({ destination, expanded, host, addresses }) => [
      destination,
      expanded,
      host.name,
      ...addresses.map((answer) => `${answer.kind} ${answer.kind === "failure" ? "" : answer.security}`),
    ]),
    [
      ["pine.example", "pine.isp.example", "mx1.isp.example", "data secure", "data insecure"],
      ["pine.example", "pine.isp.example", "mx2.isp.example", "nodata insecure", "data insecure"],
    ],
  );
});

function kinds(plan: Plan): readonly string[] {
  if (plan.kind !== "hosts") return [plan.kind];
  return plan.hosts.map((one) => {
    if (one.kind === "out") return `${one.outcome.host} out: ${one.outcome.why}`;
    return `${one.host.name} ${one.decision.floor.kind}${one.decision.ladder.some(({ kind }) => kind === "plaintext") ? " or plaintext" : ""}`;
  });
}

test("planDelivery: what the sources found goes into the decision for each host (RFC 7672 §2.1.1, RFC 8461 §4.1)", async () => {
  const mx1: StsFacts = {
    kind: "policy",
    mode: "enforce",
    mx: [namePattern(domain("mx1.isp.example"))],
    id: "1",
    lines: [],
    expires: 1e15,
  };
  const plans = await Promise.all(
    [{}, { dane: { kind: "failed", cause: "bogus", detail: "no" } as const }, { sts: mx1 }].map((found) =>
      planDelivery(errand("pine.example"), world(ZONE, found).options),
    ),
  );
  assert.deepEqual(plans.map(kinds), [
    ["mx1.isp.example any or plaintext", "mx2.isp.example any or plaintext", "gone.isp.example out: unreachable"],
    ["mx1.isp.example out: decision", "mx2.isp.example out: decision", "gone.isp.example out: unreachable"],
    ["mx1.isp.example authenticated", "mx2.isp.example out: decision", "gone.isp.example out: decision"],
  ]);
  assert.ok(plans[2]?.kind === "hosts" && plans[2].sts === mx1);
});

test("planDelivery: a fixed next hop is asked for under its own name, an address for nothing (RFC 8461 §3.4)", async () => {
  const hop = { kind: "smtp", host: "mx2.isp.example", port: 587, mode: "starttls" } as const;
  const named = world(ZONE);
  await planDelivery(errand("pine.example", hop), named.options);
  assert.deepEqual([...named.asked.log].sort(), [
    "dane mx2.isp.example",
    "list mx2.isp.example",
    "mx2.isp.example A",
    "mx2.isp.example AAAA",
    "sts mx2.isp.example",
  ]);
  assert.deepEqual(
    named.asked.questions.map(({ destination, host, expanded }) => [destination, host.learnt, expanded]),
    [["mx2.isp.example", "configured", undefined]],
  );
  for (const to of [errand("pine.example", { ...hop, host: "192.0.2.4" }), errand("[192.0.2.4]")]) {
    const bare = world(ZONE);
    await planDelivery(to, bare.options);
    assert.deepEqual(bare.asked.log, []);
  }
});

test("planDelivery: an entry of a list for the name of a fixed next hop binds it", async () => {
  const { options } = world({ "relay.isp.example": { A: ["192.0.2.4"] } });
  const sources: PolicySources = {
    ...(options.sources as PolicySources),
    list: (name) => ({ kind: "policy", list: "ours", mode: "enforce", mx: [namePattern(name)], expires: 1 }),
  };
  const hop = { kind: "smtp", host: "relay.isp.example", port: 25, mode: "starttls" } as const;
  const plan = await planDelivery(errand("pine.example", hop), { ...options, sources });
  assert.deepEqual(kinds(plan), ["relay.isp.example authenticated"]);
});

test("planDelivery: a fixed next hop brings its login and what may be done to content", async () => {
  const password = async (): Promise<string> => "secret";
  const hop = {
    kind: "smtp",
    host: "mx2.isp.example",
    port: 465,
    mode: "implicit",
    credentials: { user: "rook", password },
    convert: true,
  } as const;
  const plan = await planDelivery(errand("pine.example", hop), world(ZONE).options);
  assert.ok(plan.kind === "hosts" && plan.hosts[0]?.kind === "dial");
  assert.deepEqual(plan.hosts[0].way, { credentials: { user: "rook", password }, convert: true });
});

/** Each address alone behind an MX record of preference 10, beside another host of 5 or 20. */
test("planDelivery: ourselves by any spelling, and what is worse than us, is no way forward (RFC 5321 §5.1)", async () => {
  const own = ["192.0.2.99", "0.0.0.0", "0.1.2.3", "127.0.0.1"];
  const own6 = ["2001:db8::99", "2001:DB8:0::99", "::", "::ffff:192.0.2.99", "::ffff:0.0.0.0"];
  const rows = [...own.map((one) => ({ A: [one] })), ...own6.map((one) => ({ AAAA: [one] })), { A: ["127.0.0.2"] }];
  const seen: string[] = [];
  for (const types of rows) {
    for (const preference of [5, 20]) {
      const zone: StaticZone = {
        "pine.example": {
          MX: [
            { preference: 10, exchange: "own.example" },
            { preference, exchange: "other.example" },
          ],
        },
        "own.example": types,
        "other.example": { A: ["192.0.2.7"] },
      };
      const plan = await planDelivery(errand("pine.example"), world(zone).options);
      const word = plan.kind === "hosts" ? kinds(plan).length : `${plan.kind} ${plan.status.enhanced}`;
      seen.push(`${Object.values(types).join()} ${preference} ${word}`);
    }
  }
  assert.deepEqual(seen, [
    ...[...own, ...own6].flatMap((one) => [`${one} 5 1`, `${one} 20 fail 5.4.6`]),
    "127.0.0.2 5 2",
    "127.0.0.2 20 2",
  ]);
  for (const literal of ["[0.0.0.0]", "[IPv6:::]", "[IPv6:2001:db8::99]", "[IPv6:::ffff:192.0.2.99]"]) {
    assert.deepEqual((await planDelivery(errand(literal), world({}).options)).kind, "fail", literal);
  }
});

const SECURE: TlsDemand = { level: "secure", propagate: true, mxAuthentic: "dnssec-or-sts", because: [] };

test("planAgent: in the clear on this machine whatever is demanded, elsewhere as far as it is (RFC 2033 §5)", async () => {
  const { options, asked } = world(ZONE);
  const rows: unknown[] = [];
  for (const demand of [NO_DEMAND, SECURE]) {
    for (const at of [
      { path: "/run/lmtp" },
      { host: "127.0.0.1", port: 24 },
      { host: "localhost", port: 24 },
      { host: "mx2.isp.example", port: 24 },
      { host: "gone.isp.example", port: 24 },
    ]) {
      const { plan, demand: bound } = await planAgent({ kind: "lmtp", at }, demand, options);
      assert.ok(plan.kind === "hosts");
      const [one] = plan.hosts;
      rows.push([
        one?.kind === "dial"
          ? [one.addresses.join(" "), one.host.port, one.way?.protocol, one.way?.path ?? "-"]
          : "out",
        ...kinds(plan),
        `${bound.level} ${bound.propagate}`,
      ]);
    }
  }
  const near = (demand: string): unknown[] => [
    [["/run/lmtp", 0, "lmtp", "/run/lmtp"], "/run/lmtp any or plaintext", demand],
    [["127.0.0.1", 24, "lmtp", "-"], "127.0.0.1 any or plaintext", demand],
    [["::1 127.0.0.1", 24, "lmtp", "-"], "localhost any or plaintext", demand],
  ];
  assert.deepEqual(rows, [
    ...near("may false"),
    [["192.0.2.2", 24, "lmtp", "-"], "mx2.isp.example any or plaintext", "may false"],
    ["out", "gone.isp.example out: unreachable", "may false"],
    ...near("may false"),
    [["192.0.2.2", 24, "lmtp", "-"], "mx2.isp.example authenticated", "secure false"],
    ["out", "gone.isp.example out: unreachable", "secure false"],
  ]);
  assert.ok(asked.log.every((entry) => !/^(?:dane|sts|list)|MX$/.test(entry)));
});

test("planDelivery: a fixed next hop has one name however the route writes it (RFC 8461 §3.4, RFC 7672 §2.2.2)", async () => {
  const name = domain("bücher.example");
  for (const host of ["bücher.example", "BÜCHER.example.", name.toUpperCase(), `${name}.`]) {
    const { options, asked } = world({ [name]: { A: ["192.0.2.4"] } });
    const via = { kind: "smtp", host, port: 587, mode: "starttls" } as const;
    const policies = localPolicies([{ destination: "bücher.example", level: "encrypt" }]);
    const plan = await planDelivery(errand("pine.example", via), { ...options, policies });
    assert.deepEqual(
      [...asked.log].sort(),
      [`dane ${name}`, `list ${name}`, `sts ${name}`, `${name} A`, `${name} AAAA`].sort(),
      host,
    );
    const [first] = plan.kind === "hosts" ? plan.hosts : [];
    assert.equal(
      first?.kind === "dial" && `${first.host.name} ${first.decision.floor.kind} ${first.decision.sni}`,
      `${name} encrypted ${name}`,
    );
  }
});

test("planAgent: the local entry of an agent on another machine is a floor, and one on this machine needs none", async () => {
  const { options } = world(ZONE);
  const policies = localPolicies([
    { destination: "mx2.isp.example", level: "secure" },
    { destination: "localhost", level: "secure" },
    { destination: "*", level: "encrypt" },
  ]);
  const found: (readonly string[])[] = [];
  for (const host of ["mx2.isp.example", "MX2.isp.example.", "mx1.isp.example", "localhost"]) {
    const agent = { kind: "lmtp", at: { host, port: 24 } } as const;
    found.push(kinds((await planAgent(agent, NO_DEMAND, { ...options, policies })).plan));
  }
  assert.deepEqual(found, [
    ["mx2.isp.example authenticated"],
    ["mx2.isp.example authenticated"],
    ["mx1.isp.example encrypted"],
    ["localhost any or plaintext"],
  ]);
});
