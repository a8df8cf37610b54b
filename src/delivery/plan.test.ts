import assert from "node:assert/strict";
import { test } from "node:test";
import { type StaticZone, staticResolver } from "../../test/support/resolver.ts";
import { seededRandom } from "../base/mod.ts";
import { domain, type MailHost, NO_DEMAND, parseMailHost } from "../mail/mod.ts";
import { type LocalPolicy, localPolicies, namePattern, wantedWord } from "../policy/mod.ts";
import { type Errand, type Plan, planDelivery, type PlanOptions } from "./plan.ts";

const FAIL = { kind: "failure" } as const;
const A = (...list: readonly string[]): { A: readonly string[] } => ({ A: list });
const mx = (preference: number, exchange: string): { preference: number; exchange: string } => ({
  preference,
  exchange,
});

function options(
  zone: StaticZone,
  more: Partial<PlanOptions> & { entries?: readonly LocalPolicy[] } = {},
): PlanOptions {
  return {
    resolver: staticResolver(zone),
    random: seededRandom(1),
    policies: localPolicies(more.entries ?? []),
    self: { names: ["mx1.rook.example"], addresses: ["192.0.2.99"] },
    port: 25,
    now: 0,
    ...more,
  };
}

function host(text: string): MailHost {
  const parsed = parseMailHost(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

function errand(destination: string, via: Errand["via"] = { kind: "mx" }): Errand {
  return { destination: host(destination), demand: NO_DEMAND, via };
}

/** A plan in one line per host, as a postmaster would read it. */
function shown(plan: Plan): readonly string[] {
  if (plan.kind !== "hosts") {
    return [`${plan.kind} ${plan.status.code} ${plan.status.enhanced} ${plan.status.text} [${plan.wanted}]`];
  }
  return plan.hosts.map((one) => {
    if (one.kind === "out") return `${one.outcome.host}: ${one.outcome.why}, ${one.outcome.status.text}`;
    const { name, port, learnt, mode, mxSecurity } = one.host;
    return `${name}:${port} ${mode} ${learnt} ${mxSecurity} ${wantedWord(one.decision)} ${one.addresses.join(" ")}`;
  });
}

type Row = readonly [string, string, StaticZone, readonly string[]];

/** Every rule of RFC 5321 §5.1 and RFC 7505, a zone each. */
const TABLE: readonly Row[] = [
  [
    "MX by preference, families taking turns, IPv6 first",
    "pine.example",
    {
      "pine.example": { MX: [mx(20, "b.pine.example"), mx(10, "A.pine.example")] },
      "a.pine.example": { A: ["192.0.2.1", "192.0.2.2", "192.0.2.3"], AAAA: ["2001:db8::1"] },
      "b.pine.example": A("192.0.2.9"),
    },
    [
      "a.pine.example:25 starttls mx insecure may 2001:db8::1 192.0.2.1 192.0.2.2 192.0.2.3",
      "b.pine.example:25 starttls mx insecure may 192.0.2.9",
    ],
  ],
  [
    "a name listed twice counts once, at its best",
    "pine.example",
    {
      "pine.example": { MX: [mx(20, "a.example"), mx(10, "b.example"), mx(5, "a.example")] },
      "a.example": A("192.0.2.1"),
      "b.example": A("192.0.2.2"),
    },
    ["a.example:25 starttls mx insecure may 192.0.2.1", "b.example:25 starttls mx insecure may 192.0.2.2"],
  ],
  [
    "no MX record: the domain itself",
    "pine.example",
    { "pine.example": A("192.0.2.1") },
    ["pine.example:25 starttls implicit-mx insecure may 192.0.2.1"],
  ],
  [
    "an alias is followed, and the domain keeps its name",
    "pine.example",
    { "pine.example": { CNAME: ["web.example"] }, "web.example": A("192.0.2.1") },
    ["pine.example:25 starttls implicit-mx insecure may 192.0.2.1"],
  ],
  [
    "an alias with MX records",
    "pine.example",
    {
      "pine.example": { CNAME: ["oak.example"] },
      "oak.example": { MX: [mx(10, "a.example")] },
      "a.example": A("192.0.2.1"),
    },
    ["a.example:25 starttls mx insecure may 192.0.2.1"],
  ],
  ["a domain that does not exist", "pine.example", {}, ["fail 550 5.1.2 The domain pine.example does not exist [may]"]],
  [
    "an MX look-up that fails is no absence",
    "pine.example",
    { "pine.example": { MX: FAIL, A: ["192.0.2.1"] } },
    ["retry 451 4.4.3 The MX look-up for pine.example failed: SERVFAIL [may]"],
  ],
  [
    "null MX (RFC 7505 §3)",
    "pine.example",
    { "pine.example": { MX: [mx(0, "")], A: ["192.0.2.1"] } },
    ["fail 556 5.1.10 The domain pine.example accepts no mail [may]"],
  ],
  ...[10, 65535].map(
    (preference): Row => [
      `the root alone takes no mail at preference ${preference} either (RFC 7505 §3)`,
      "pine.example",
      { "pine.example": { MX: [mx(preference, "")], A: ["192.0.2.1"] } },
      ["fail 556 5.1.10 The domain pine.example accepts no mail [may]"],
    ],
  ),
  [
    "the root beside another host is passed over",
    "pine.example",
    { "pine.example": { MX: [mx(0, ""), mx(10, "a.example")] }, "a.example": A("192.0.2.1") },
    ["a.example:25 starttls mx insecure may 192.0.2.1"],
  ],
  [
    "MX records without a usable host never lead to the domain's own address",
    "pine.example",
    { "pine.example": { MX: [mx(10, "192.0.2.7"), mx(20, "2001:db8::7"), mx(30, "")], A: ["192.0.2.1"] } },
    ["fail 550 5.4.4 No MX record of pine.example names a usable host [may]"],
  ],
  [
    "MX hosts without an address neither",
    "pine.example",
    { "pine.example": { MX: [mx(10, "a.example"), mx(20, "b.example")], A: ["192.0.2.1"] }, "b.example": {} },
    ["fail 550 5.4.4 No mail host of pine.example has an address [may]"],
  ],
  [
    "one host's failing look-up leaves the others",
    "pine.example",
    {
      "pine.example": { MX: [mx(10, "a.example"), mx(20, "b.example"), mx(30, "c.example")] },
      "a.example": { A: FAIL },
      "b.example": A("192.0.2.2"),
    },
    [
      "a.example: unreachable, The address look-up for a.example failed: SERVFAIL",
      "b.example:25 starttls mx insecure may 192.0.2.2",
      "c.example: unreachable, The host c.example has no address",
    ],
  ],
  [
    "a failure is not among answers that all say no",
    "pine.example",
    { "pine.example": { MX: [mx(10, "a.example"), mx(20, "b.example")] }, "a.example": { AAAA: FAIL } },
    [
      "a.example: unreachable, The address look-up for a.example failed: SERVFAIL",
      "b.example: unreachable, The host b.example has no address",
    ],
  ],
  [
    "one family's failure does not hide the other's address",
    "pine.example",
    { "pine.example": { MX: [mx(10, "a.example")] }, "a.example": { AAAA: FAIL, A: ["192.0.2.1"] } },
    ["a.example:25 starttls mx insecure may 192.0.2.1"],
  ],
  [
    "we ourselves by name, with all that is not better",
    "pine.example",
    {
      "pine.example": {
        MX: [mx(10, "a.example"), mx(20, "MX1.rook.example"), mx(20, "b.example"), mx(30, "c.example")],
      },
      "a.example": A("192.0.2.1"),
      "b.example": A("192.0.2.2"),
      "c.example": A("192.0.2.3"),
      "mx1.rook.example": A("192.0.2.99"),
    },
    ["a.example:25 starttls mx insecure may 192.0.2.1"],
  ],
  [
    "we ourselves by address",
    "pine.example",
    {
      "pine.example": { MX: [mx(10, "a.example"), mx(20, "b.example")] },
      "a.example": A("192.0.2.1"),
      "b.example": A("192.0.2.2", "192.0.2.99"),
    },
    ["a.example:25 starttls mx insecure may 192.0.2.1"],
  ],
  [
    "nothing better than we ourselves is a loop",
    "pine.example",
    { "pine.example": { MX: [mx(10, "mx1.rook.example"), mx(10, "a.example")] }, "a.example": A("192.0.2.1") },
    ["fail 554 5.4.6 The best mail host for pine.example is this one [may]"],
  ],
  [
    "so is a domain without MX that leads here",
    "pine.example",
    { "pine.example": A("192.0.2.99") },
    ["fail 554 5.4.6 The best mail host for pine.example is this one [may]"],
  ],
  ["an address literal", "[192.0.2.5]", {}, ["192.0.2.5:25 starttls literal insecure may 192.0.2.5"]],
  ["an IPv6 address literal", "[IPv6:2001:db8::5]", {}, ["2001:db8::5:25 starttls literal insecure may 2001:db8::5"]],
  ["our own address literal", "[192.0.2.99]", {}, ["fail 554 5.4.6 [192.0.2.99] is this host [may]"]],
  [
    "a literal of a kind that nobody knows",
    "[x400:c=de]",
    {},
    ["fail 550 5.4.4 Nothing is known about addresses like [x400:c=de] [may]"],
  ],
];

for (const [name, destination, zone, lines] of TABLE) {
  test(`planDelivery: ${name} (RFC 5321 §5.1)`, async () => {
    assert.deepEqual(shown(await planDelivery(errand(destination), options(zone))), lines);
  });
}

test("planDelivery: hosts of equal preference come in any order, others never (RFC 5321 §5.1)", async () => {
  const names = ["a", "b", "c", "d"].map((one) => `${one}.example`);
  const zone: StaticZone = {
    "pine.example": { MX: [...names.map((name) => mx(20, name)), mx(10, "best.example"), mx(30, "last.example")] },
    ...Object.fromEntries([...names, "best.example", "last.example"].map((name) => [name, A("192.0.2.1")])),
  };
  const orders = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const plan = await planDelivery(errand("pine.example"), options(zone, { random: seededRandom(seed) }));
    assert.ok(plan.kind === "hosts");
    const order = plan.hosts.map((one) => (one.kind === "dial" ? one.host.name : ""));
    assert.deepEqual([order[0], order[5]], ["best.example", "last.example"]);
    orders.add(order.join());
  }
  assert.equal(orders.size, 24);
});

test("planDelivery: a failed look-up never yields a host that may be reached in plaintext (law 2)", async () => {
  const answers = [
    undefined,
    FAIL,
    { kind: "failure", cause: "bogus" },
    { kind: "nodata" },
    { kind: "nxdomain" },
  ] as const;
  let checked = 0;
  for (const MX of [...answers, [mx(10, "a.example")]]) {
    for (const A of [...answers, ["192.0.2.1"]]) {
      for (const AAAA of [...answers, ["2001:db8::1"]]) {
        const types = { ...(A === undefined ? {} : { A }), ...(AAAA === undefined ? {} : { AAAA }) };
        const zone: StaticZone = {
          "pine.example": { ...types, ...(MX === undefined ? {} : { MX }) },
          "a.example": types,
        };
        const plan = await planDelivery(errand("pine.example"), options(zone));
        const dialled = plan.kind === "hosts" && plan.hosts.some((one) => one.kind === "dial");
        const failedMx = MX !== undefined && "kind" in MX && MX.kind !== "nodata";
        const known = Array.isArray(A) || Array.isArray(AAAA);
        assert.equal(dialled, !failedMx && known);
        checked++;
      }
    }
  }
  assert.equal(checked, 6 ** 3);
});

test("planDelivery: bogus answers are failures like any other (design law 2)", async () => {
  const plan = await planDelivery(
    errand("pine.example"),
    options({ "pine.example": { MX: { kind: "failure", cause: "bogus" }, A: ["192.0.2.1"] } }),
  );
  assert.deepEqual([plan.kind, plan.kind === "retry" && plan.status.enhanced], ["retry", "4.4.3"]);
});

test("planDelivery: decisions are made per host, and the security of the MX answer goes into them", async () => {
  const entries: readonly LocalPolicy[] = [
    { destination: "pine.example", level: "secure", mx: [namePattern(domain("a.example"))] },
  ];
  const zone: StaticZone = {
    "pine.example": { MX: [mx(10, "evil.example"), mx(20, "a.example")] },
    "oak.example": { MX: { kind: "data", records: [mx(10, "a.example")], security: "secure" } },
    "a.example": A("192.0.2.1"),
    "evil.example": A("192.0.2.66"),
  };
  assert.deepEqual(shown(await planDelivery(errand("pine.example"), options(zone, { entries }))), [
    "evil.example: decision, evil.example is not among the MX names agreed for pine.example",
    "a.example:25 starttls mx insecure secure 192.0.2.1",
  ]);
  assert.deepEqual(shown(await planDelivery(errand("oak.example"), options(zone, { entries }))), [
    "a.example:25 starttls mx secure may 192.0.2.1",
  ]);
});

test("planDelivery: the level that was wanted is known even when no host is", async () => {
  const entries: readonly LocalPolicy[] = [{ destination: "pine.example", level: "encrypt" }];
  const plan = await planDelivery(errand("pine.example"), options({ "pine.example": { MX: FAIL } }, { entries }));
  assert.ok(plan.kind === "retry");
  assert.equal(plan.wanted, "encrypt");
});

const RELAY = { kind: "smtp", host: "relay.isp.example", port: 587, mode: "starttls" } as const;

/** Route, entry of the next hop and entry of the recipient domain: the strongest counts. */
test("planDelivery: a fixed next hop is asked for by its own name and no MX; floors add up", async () => {
  const zone: StaticZone = { "relay.isp.example": { ...A("192.0.2.4"), MX: [mx(1, "other.example")] } };
  const level = async (
    route: "may" | "encrypt" | "secure" | undefined,
    entries: readonly LocalPolicy[],
  ): Promise<string> => {
    const via = route === undefined ? RELAY : { ...RELAY, tls: route };
    return shown(await planDelivery(errand("pine.example", via), options(zone, { entries })))[0] ?? "";
  };
  const line = (word: string): string => `relay.isp.example:587 starttls configured insecure ${word} 192.0.2.4`;
  const hop: LocalPolicy = { destination: "relay.isp.example", level: "encrypt" };
  const port: LocalPolicy = { destination: "relay.isp.example:587", level: "secure" };
  const own: LocalPolicy = {
    destination: "pine.example",
    level: "secure",
    mx: [namePattern(domain("mx.pine.example"))],
  };
  assert.equal(await level(undefined, []), line("may"));
  assert.equal(await level("encrypt", []), line("encrypt"));
  assert.equal(await level(undefined, [hop]), line("encrypt"));
  assert.equal(await level("may", [hop]), line("encrypt"));
  assert.equal(await level("secure", [hop]), line("secure"));
  assert.equal(await level(undefined, [hop, port]), line("secure"));
  assert.equal(await level(undefined, [own]), line("secure"));
});

test("planDelivery: next hops by address, by the name of this machine, and unknown", async () => {
  const plans = await Promise.all(
    ["192.0.2.4", "2001:db8::4", "localhost", "gone.example"].map((host) =>
      planDelivery(errand("pine.example", { ...RELAY, host }), options({})),
    ),
  );
  assert.deepEqual(plans.flatMap(shown), [
    "192.0.2.4:587 starttls configured insecure may 192.0.2.4",
    "2001:db8::4:587 starttls configured insecure may 2001:db8::4",
    "localhost:587 starttls configured insecure may ::1 127.0.0.1",
    "gone.example: unreachable, The host gone.example has no address",
  ]);
});
