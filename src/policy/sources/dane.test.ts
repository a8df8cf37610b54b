import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer, Security, Tlsa } from "../../dns/mod.ts";
import { leafFor } from "../../../test/support/leaf.ts";
import type { DaneFacts, DaneQuestion, NextHost } from "../types.ts";
import type { DaneAnswer } from "./dane-ask.ts";
import { type DaneOptions, daneQuestions } from "./dane.ts";

const NOW = Date.UTC(2026, 2, 3);
const TEN_MINUTES = 600_000;
const HOST: NextHost = {
  name: "mx.pine.example",
  literal: false,
  port: 25,
  mode: "starttls",
  learnt: "mx",
  mxSecurity: "secure",
};
const EE: Tlsa = { usage: 3, selector: 1, matching: 1, data: new Uint8Array(32) };
const EE512: Tlsa = { usage: 3, selector: 1, matching: 2, data: new Uint8Array(64) };
const PKIX: Tlsa = { usage: 1, selector: 1, matching: 1, data: new Uint8Array(32) };

type Zone = Readonly<Record<string, DaneAnswer>>;

function addresses(security: Security, chain: readonly (readonly [string, string, Security])[] = []): Answer<string> {
  return {
    name: chain[0]?.[0] ?? HOST.name,
    chain: chain.map(([owner, target, link]) => ({ owner, target, security: link })),
    kind: "data",
    security,
    records: ["192.0.2.1"],
    expires: NOW + 1000,
  };
}
function tlsa(
  records: readonly Tlsa[],
  security: Security = "secure",
  chain: Answer<Tlsa>["chain"] = [],
): Answer<Tlsa> {
  return { name: "x", chain, kind: "data", security, records, expires: NOW + TEN_MINUTES * 2 };
}
const failure = (cause: "bogus" | "unavailable", detail = "broken"): Answer<never> => {
  return { name: "x", chain: [], kind: "failure", cause, detail };
};
const absent = (security: Security): Answer<never> => {
  return { name: "x", chain: [], kind: "nodata", security, expires: NOW + TEN_MINUTES * 3 };
};

/** Runs the walk against a zone; what is not in it does not exist, provably. */
function run(question: Partial<DaneQuestion>, zone: Zone, options: Partial<DaneOptions> = {}) {
  const asked: string[] = [];
  const walk = daneQuestions(
    { destination: "pine.example", host: HOST, addresses: [addresses("secure")], ...question },
    { now: NOW, ...options },
  );
  let step = walk.next();
  while (step.done !== true) {
    const name = `${step.value.name} ${step.value.type}`;
    asked.push(name);
    step = walk.next(zone[name] ?? absent("secure"));
  }
  return { asked, facts: step.value };
}

const AT = "_25._tcp.mx.pine.example TLSA";
const ALIAS = [["mx.pine.example", "host.oak.example", "secure"]] as const;
const AT_OAK = "_25._tcp.host.oak.example TLSA";
const usable = (facts: DaneFacts): readonly unknown[] =>
  facts.kind === "usable" ? [facts.kind, facts.base, facts.names, facts.mx] : [facts.kind];

test("daneQuestions: the outcome table for one host (RFC 7672 §2.2)", () => {
  const good = { [AT]: tlsa([EE]) };
  const host = (more: Partial<NextHost>): Partial<DaneQuestion> => ({ host: { ...HOST, ...more } });
  const rows: readonly (readonly [string, Partial<DaneQuestion>, Zone, readonly unknown[], readonly string[]])[] = [
    ["secure everywhere", {}, good, ["usable", "mx.pine.example", ["mx.pine.example", "pine.example"], "secure"], [AT]],
    ["secure, without records", {}, {}, ["absent"], [AT]],
    ["records that nobody signed", {}, { [AT]: tlsa([EE], "insecure") }, ["absent"], [AT]],
    ["an empty answer", {}, { [AT]: tlsa([]) }, ["absent"], [AT]],
    ["a bogus answer", {}, { [AT]: failure("bogus") }, ["failed"], [AT]],
    ["no answer", {}, { [AT]: failure("unavailable") }, ["failed"], [AT]],
    ["nothing that can be used", {}, { [AT]: tlsa([PKIX]) }, ["unusable"], [AT]],
    [
      "addresses that nobody signed: not asked (RFC 7672 §2.2.2)",
      { addresses: [addresses("insecure")] },
      good,
      ["absent"],
      [],
    ],
    ["an MX answer that nobody signed: not asked", host({ mxSecurity: "insecure" }), good, ["absent"], []],
    ["an address", host({ name: "192.0.2.1", literal: true, learnt: "literal" }), good, ["off"], []],
    ["a hop that is an address", host({ name: "192.0.2.1", literal: true, learnt: "configured" }), good, ["off"], []],
    [
      "the domain itself",
      host({ name: "pine.example", learnt: "implicit-mx", mxSecurity: "insecure" }),
      { "_25._tcp.pine.example TLSA": tlsa([EE]) },
      ["usable", "pine.example", ["pine.example"], "secure"],
      ["_25._tcp.pine.example TLSA"],
    ],
    [
      "a fixed hop on its port",
      host({ name: "relay.oak.example", learnt: "configured", port: 465, mxSecurity: "insecure" }),
      { "_465._tcp.relay.oak.example TLSA": tlsa([EE]) },
      ["usable", "relay.oak.example", ["relay.oak.example"], "secure"],
      ["_465._tcp.relay.oak.example TLSA"],
    ],
    [
      "the destination is an alias itself (RFC 7672 §3.2.2)",
      { expanded: "real.pine.example" },
      good,
      ["usable", "mx.pine.example", ["mx.pine.example", "pine.example", "real.pine.example"], "secure"],
      [AT],
    ],
    [
      "a record set behind a signed alias keeps its base",
      {},
      { [AT]: tlsa([EE], "secure", [link("secure")]) },
      ["usable", "mx.pine.example", ["mx.pine.example", "pine.example"], "secure"],
      [AT],
    ],
    ["a record set behind an unsigned alias", {}, { [AT]: tlsa([EE], "secure", [link("insecure")]) }, ["absent"], [AT]],
    [
      "one address family that fails beside one that does not",
      { addresses: [failure("bogus"), addresses("secure")] },
      {},
      ["absent"],
      [AT],
    ],
    ["one family unsigned", { addresses: [addresses("insecure"), addresses("secure")] }, {}, ["absent"], []],
    [
      "addresses that cannot be found out",
      { addresses: [failure("unavailable"), failure("bogus", "forged")] },
      good,
      ["failed"],
      [],
    ],
    ["addresses that time out", { addresses: [failure("unavailable"), absent("secure")] }, good, ["failed"], []],
    ["no address", { addresses: [absent("secure"), absent("secure")] }, good, ["absent"], []],
    [
      "a name that no certificate and no SNI can carry",
      host({ name: "mx_1.pine.example" }),
      { "_25._tcp.mx_1.pine.example TLSA": tlsa([EE]) },
      ["failed"],
      ["_25._tcp.mx_1.pine.example TLSA"],
    ],
  ];
  for (const [name, question, zone, facts, asked] of rows) {
    const found = run(question, zone);
    assert.deepEqual([usable(found.facts), found.asked], [facts, asked], name);
  }
});

test("daneQuestions: a destination that no certificate can carry is no reference identifier", () => {
  const { facts } = run({ destination: "pine_1.example" }, { [AT]: tlsa([EE]) });
  assert.deepEqual(usable(facts), ["usable", "mx.pine.example", ["mx.pine.example"], "secure"]);
});

test("daneQuestions: aliases of the host, final name first, then the first link's own state (RFC 7672 §2.1.3, §2.2.2)", () => {
  const CNAME = "mx.pine.example CNAME";
  const cname = (security: Security): Answer<string> => {
    return { name: "mx.pine.example", chain: [], kind: "data", security, records: ["host.oak.example"] };
  };
  const at = (security: Security, first: Security = "secure"): Partial<DaneQuestion> => ({
    addresses: [
      addresses(security, [
        ["mx.pine.example", "middle.example", first],
        ["middle.example", "host.oak.example", security],
      ]),
    ],
  });
  const names = ["pine.example"];
  const rows: readonly (readonly [string, Partial<DaneQuestion>, Zone, readonly unknown[], readonly string[]])[] = [
    [
      "records at the final name",
      at("secure"),
      { [AT_OAK]: tlsa([EE]), [AT]: tlsa([PKIX]) },
      ["usable", "host.oak.example", ["host.oak.example", ...names], "secure"],
      [AT_OAK],
    ],
    [
      "records at the host's own name",
      at("secure"),
      { [AT]: tlsa([EE]) },
      ["usable", "mx.pine.example", ["mx.pine.example", ...names], "secure"],
      [AT_OAK, AT],
    ],
    [
      "the final name fails: not passed over",
      at("secure"),
      { [AT_OAK]: failure("unavailable"), [AT]: tlsa([EE]) },
      ["failed"],
      [AT_OAK],
    ],
    ["neither", at("secure"), {}, ["absent"], [AT_OAK, AT]],
    [
      "unsigned end, first link signed",
      at("insecure"),
      { [AT]: tlsa([EE]), [AT_OAK]: tlsa([EE]) },
      ["usable", "mx.pine.example", ["mx.pine.example", ...names], "secure"],
      [AT],
    ],
    [
      "unsigned end, first link asked and signed",
      at("insecure", "insecure"),
      { [CNAME]: cname("secure"), [AT]: tlsa([EE]) },
      ["usable", "mx.pine.example", ["mx.pine.example", ...names], "secure"],
      [CNAME, AT],
    ],
    [
      "unsigned end, first link unsigned",
      at("insecure", "insecure"),
      { [CNAME]: cname("insecure"), [AT]: tlsa([EE]) },
      ["absent"],
      [CNAME],
    ],
    [
      "unsigned end, first link fails",
      at("insecure", "insecure"),
      { [CNAME]: failure("bogus"), [AT]: tlsa([EE]) },
      ["failed"],
      [CNAME],
    ],
    [
      "an alias of itself is asked once",
      { addresses: [addresses("secure", [["mx.pine.example", "MX.pine.example", "secure"]])] },
      {},
      ["absent"],
      [AT],
    ],
  ];
  for (const [name, question, zone, facts, asked] of rows) {
    const found = run(question, zone);
    assert.deepEqual([usable(found.facts), found.asked], [facts, asked], name);
  }
});

test("daneQuestions: an unsigned MX answer by choice leaves the host's name alone to be verified (RFC 7672 §2.2.1, §3.2.2)", () => {
  const question = { host: { ...HOST, mxSecurity: "insecure" as const } };
  const { facts } = run(question, { [AT]: tlsa([EE]) }, { insecureMx: true });
  assert.deepEqual(usable(facts), ["usable", "mx.pine.example", ["mx.pine.example"], "insecure"]);
  const unusable = run(question, { [AT]: tlsa([PKIX]) }, { insecureMx: true }).facts;
  assert.equal(unusable.kind === "unusable" && unusable.mx, "insecure");
});

test("daneQuestions: what can be used, and the strongest digest of each kind (RFC 7671 §9)", async () => {
  const leaf = await leafFor("mx.pine.example");
  const full: Tlsa = { usage: 3, selector: 0, matching: 0, data: leaf };
  const broken: Tlsa = { usage: 3, selector: 0, matching: 0, data: leaf.subarray(1) };
  const recordsOf = (records: readonly Tlsa[], options: Partial<DaneOptions> = {}): readonly Tlsa[] | string => {
    const { facts } = run({}, { [AT]: tlsa(records) }, options);
    return "records" in facts ? facts.records : facts.kind;
  };
  assert.deepEqual(recordsOf([EE, EE512, full, broken, PKIX]), [EE512, full]);
  assert.deepEqual(recordsOf([EE, EE512], { digests: [1, 2] }), [EE]);
  assert.deepEqual(recordsOf([broken, PKIX]), [broken, PKIX]);
});

test("daneQuestions: facts last as long as DNS says, and at least for the delivery that asked", () => {
  const expires = (facts: DaneFacts): number | undefined => ("expires" in facts ? facts.expires : undefined);
  assert.equal(expires(run({}, { [AT]: tlsa([EE]) }).facts), NOW + TEN_MINUTES * 2);
  assert.equal(expires(run({}, { [AT]: { ...tlsa([EE]), expires: NOW } as Answer<Tlsa> }).facts), NOW + TEN_MINUTES);
  const { expires: _expires, ...endless } = tlsa([EE]) as Answer<Tlsa> & { kind: "data" };
  assert.equal(expires(run({}, { [AT]: endless }).facts), undefined);
  const both = run({ addresses: [addresses("secure", ALIAS)] }, { [AT]: tlsa([EE]) }).facts;
  assert.equal(expires(both), NOW + TEN_MINUTES * 2);
});

test("daneQuestions: the reasons are words for people", () => {
  const why = (question: Partial<DaneQuestion>, zone: Zone = {}): string => {
    const { facts } = run(question, zone);
    return "why" in facts ? facts.why : "detail" in facts ? facts.detail : facts.kind;
  };
  assert.deepEqual(
    [
      why({}),
      why({ addresses: [addresses("insecure")] }),
      why({ host: { ...HOST, mxSecurity: "insecure" } }),
      why(
        { addresses: [addresses("insecure", [["mx.pine.example", "host.oak.example", "insecure"]])] },
        { "mx.pine.example CNAME": absent("insecure") },
      ),
      why({}, { [AT]: failure("bogus") }),
      why({ addresses: [] }),
    ],
    [
      "no signed TLSA records for mx.pine.example, port 25",
      "the addresses of mx.pine.example are not signed",
      "the MX answer for pine.example is not signed",
      "neither mx.pine.example nor its addresses are signed",
      "_25._tcp.mx.pine.example: broken",
      "mx.pine.example has no address",
    ],
  );
});

function link(security: Security): Answer<Tlsa>["chain"][number] {
  return { owner: "_25._tcp.mx.pine.example", target: "_dane.oak.example", security };
}
