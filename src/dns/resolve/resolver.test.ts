import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/clock.ts";
import type { SigningKey, ZoneOptions } from "../../../test/dnssec-rpl/zone-maker.ts";
import { makeKey, makeZone } from "../../../test/dnssec-rpl/zone-maker.ts";
import type { Tamper } from "../../../test/dnssec-rpl/zone-recursor.ts";
import { zoneRecursor } from "../../../test/dnssec-rpl/zone-recursor.ts";
import type { TrustAnchors } from "../dnssec/anchors.ts";
import { trustAnchors } from "../dnssec/anchors.ts";
import type { RawRecord } from "../wire/message.ts";
import { RCODE } from "../wire/message.ts";
import { nameOf, nameText, ROOT } from "../wire/name.ts";
import { TYPE, typeNumber } from "../wire/types.ts";
import { validatingResolver } from "./resolver.ts";
import type { KnownZone } from "./walk.ts";
import type { ProofNode } from "./types.ts";

/** One key for each algorithm and zone: making RSA keys takes long. */
const keys = new Map<string, SigningKey>();
function keyOf(zone: string, algorithm: number): SigningKey {
  const key = keys.get(`${zone} ${algorithm}`) ?? makeKey(algorithm);
  keys.set(`${zone} ${algorithm}`, key);
  return key;
}

const rootKey = makeKey(13);
const anchors: TrustAnchors = trustAnchors([{ zone: ROOT, key: rootKey.rdata }]);
const CHILD_RECORDS = [
  "child.rook. MX 10 mx.child.rook.",
  'child.rook. TXT "a" "b"',
  "mx.child.rook. A 192.0.2.25",
  "mx.child.rook. AAAA 2001:db8::25",
  "_25._tcp.mx.child.rook. TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
  "*.wild.child.rook. A 192.0.2.7",
  "alias.child.rook. CNAME mx.child.rook.",
  "away.child.rook. CNAME host.plain.rook.",
  "lost.child.rook. CNAME gone.child.rook.",
  "moved.child.rook. DNAME child.rook.",
  "loop.child.rook. CNAME loop2.child.rook.",
  "loop2.child.rook. CNAME loop.child.rook.",
];

interface World {
  readonly algorithm?: number;
  readonly denial?: "nsec" | "nsec3" | "nsec3-opt-out";
  readonly child?: Partial<ZoneOptions>;
  readonly childKeys?: readonly SigningKey[];
  readonly tamper?: Tamper;
}

/** The root, `rook` below it, and there a signed `child` and an unsigned `plain`. */
function world({ algorithm = 13, denial = "nsec", child = {}, childKeys, tamper }: World = {}) {
  const own = childKeys ?? [keyOf("child", algorithm)];
  const signed = makeZone({ name: "child.rook", records: CHILD_RECORDS, keys: own, denial, ...child });
  const rook = makeZone({
    name: "rook",
    records: ["a.rook. A 192.0.2.1"],
    keys: [keyOf("rook", algorithm)],
    denial,
    children: [{ name: "child.rook", ds: signed.ds }, { name: "plain.rook" }],
  });
  const root = makeZone({ name: ".", records: [], keys: [rootKey], children: [{ name: "rook", ds: rook.ds }] });
  const plain = makeZone({
    name: "plain.rook",
    records: [
      "plain.rook. MX 5 host.plain.rook.",
      "host.plain.rook. A 192.0.2.9",
      "back.plain.rook. CNAME mx.child.rook.",
    ],
  });
  const exchange = zoneRecursor([root, rook, signed, plain], tamper);
  const clock = new ManualClock();
  return { exchange, clock, resolver: validatingResolver({ exchange, clock, anchors }) };
}

async function outcome({ resolver }: Pick<ReturnType<typeof world>, "resolver">, question: string): Promise<string> {
  const [name = "", type = ""] = question.split(" ");
  const { answer } = await resolver.lookup(name, typeNumber(type) ?? 0);
  const chain = answer.chain.map((alias) => `${alias.security} alias to ${alias.target}, `).join("");
  return chain + (answer.kind === "failure" ? answer.cause : `${answer.security} ${answer.kind}`);
}

const QUESTIONS: readonly (readonly [string, string])[] = [
  ["child.rook MX", "secure data"],
  ["CHILD.rook. MX", "secure data"],
  ["_25._tcp.mx.child.rook TLSA", "secure data"],
  ["mx.child.rook TLSA", "secure nodata"],
  ["_tcp.mx.child.rook A", "secure nodata"],
  ["_26._tcp.mx.child.rook TLSA", "secure nxdomain"],
  ["x.y.child.rook A", "secure nxdomain"],
  ["x.wild.child.rook A", "secure data"],
  ["x.y.wild.child.rook A", "secure data"],
  ["x.wild.child.rook TXT", "secure nodata"],
  ["alias.child.rook A", "secure alias to mx.child.rook, secure data"],
  ["alias.child.rook TXT", "secure alias to mx.child.rook, secure nodata"],
  ["lost.child.rook A", "secure alias to gone.child.rook, secure nxdomain"],
  ["mx.moved.child.rook A", "secure alias to mx.child.rook, secure data"],
  ["away.child.rook A", "secure alias to host.plain.rook, insecure data"],
  ["back.plain.rook A", "insecure alias to mx.child.rook, insecure data"],
  ["plain.rook MX", "insecure data"],
  ["plain.rook TXT", "insecure nodata"],
  ["none.plain.rook A", "insecure nxdomain"],
  ["child.rook DS", "secure data"],
  ["child.rook DNSKEY", "secure data"],
  ["rook DS", "secure data"],
  [". DNSKEY", "secure data"],
  ["loop.child.rook A", "secure alias to loop2.child.rook, secure alias to loop.child.rook, unavailable"],
];

for (const algorithm of [8, 10, 13, 14, 15, 16]) {
  for (const denial of ["nsec", "nsec3"] as const) {
    test(`validatingResolver judges every kind of answer: algorithm ${algorithm}, ${denial} (RFC 4035 §5)`, async () => {
      const made = world({ algorithm, denial });
      const found: [string, string][] = [];
      for (const [question] of QUESTIONS) found.push([question, await outcome(made, question)]);
      assert.deepEqual(found, QUESTIONS);
    });
  }
}

test("with opt-out an absent name is only insecurely absent, and what is signed stays secure (RFC 5155 §9.2)", async () => {
  const made = world({ denial: "nsec3-opt-out" });
  const cases: readonly (readonly [string, string])[] = [
    ["child.rook MX", "secure data"],
    ["plain.rook MX", "insecure data"],
    ["none.rook A", "insecure nxdomain"],
    ["plain.rook DS", "insecure nodata"],
    ["a.rook TXT", "secure nodata"],
    ["x.wild.child.rook A", "insecure data"],
  ];
  const found: [string, string][] = [];
  for (const [question] of cases) found.push([question, await outcome(made, question)]);
  assert.deepEqual(found, cases);
});

const isType =
  (...types: readonly number[]) =>
  ({ type }: RawRecord): boolean =>
    types.includes(type);

const without =
  (...types: readonly number[]): Tamper =>
  (message) => ({
    ...message,
    answer: message.answer.filter((record) => !isType(...types)(record)),
    authority: message.authority.filter((record) => !isType(...types)(record)),
  });

/** Only messages about `type` are changed. */
const onlyFor =
  (type: number, tamper: Tamper): Tamper =>
  (message, question) =>
    question.type === type ? tamper(message, question) : message;

const flip: Tamper = (message) => ({
  ...message,
  answer: message.answer.map((record) => {
    const rdata = record.rdata.slice();
    rdata[rdata.length - 1] = (rdata.at(-1) ?? 0) ^ 1;
    return { ...record, rdata };
  }),
});

const forgedNxdomain: Tamper = (message) => ({ ...message, rcode: RCODE.NXDOMAIN, answer: [], authority: [] });

const TAMPERED: readonly (readonly [string, Tamper, string, string])[] = [
  ["signatures dropped", without(TYPE.RRSIG), "child.rook MX", "bogus"],
  ["signatures of the MX set dropped", onlyFor(TYPE.MX, without(TYPE.RRSIG)), "child.rook MX", "bogus"],
  ["DS dropped", onlyFor(TYPE.DS, without(TYPE.DS)), "child.rook MX", "bogus"],
  ["DS dropped with its signatures", onlyFor(TYPE.DS, without(TYPE.DS, TYPE.RRSIG)), "child.rook MX", "bogus"],
  ["DNSKEY dropped", onlyFor(TYPE.DNSKEY, without(TYPE.DNSKEY)), "child.rook MX", "bogus"],
  ["a bit of each MX flipped", onlyFor(TYPE.MX, flip), "child.rook MX", "bogus"],
  ["a bit of each DNSKEY flipped", onlyFor(TYPE.DNSKEY, flip), "child.rook MX", "bogus"],
  ["NXDOMAIN with nothing to prove it", onlyFor(TYPE.TLSA, forgedNxdomain), "_25._tcp.mx.child.rook TLSA", "bogus"],
  ["denial of a name dropped", without(TYPE.NSEC), "gone.child.rook A", "bogus"],
  ["denial for a wildcard dropped", without(TYPE.NSEC), "x.wild.child.rook A", "bogus"],
  ["denial of DS dropped for an unsigned child", onlyFor(TYPE.DS, without(TYPE.NSEC)), "plain.rook MX", "bogus"],
  ["no answer for DS", (message, { type }) => (type === TYPE.DS ? undefined : message), "child.rook MX", "unavailable"],
  [
    "no answer for DNSKEY",
    (message, { type }) => (type === TYPE.DNSKEY ? undefined : message),
    "child.rook MX",
    "unavailable",
  ],
  ["SERVFAIL", (message) => ({ ...message, rcode: RCODE.SERVFAIL, answer: [] }), "child.rook MX", "unavailable"],
  [
    "AD set on a stripped answer",
    (message, question) => ({
      ...(without(TYPE.RRSIG)(message, question) ?? message),
      flags: { ...message.flags, ad: true },
    }),
    "child.rook MX",
    "bogus",
  ],
];

test("no change on the way turns an answer of a signed zone into an insecure one (RFC 4035 §5.5)", async () => {
  const found: string[] = [];
  for (const [title, tamper, question] of TAMPERED)
    found.push(`${title}: ${await outcome(world({ tamper }), question)}`);
  assert.deepEqual(
    found,
    TAMPERED.map(([title, , , expected]) => `${title}: ${expected}`),
  );
});

test("a replayed denial of another name, and one from above a cut, prove nothing (RFC 6840 §4.1)", async () => {
  const other = world().exchange;
  const replay = await other.ask({ name: nameOf("aaa.rook"), type: TYPE.A });
  const parent = await other.ask({ name: nameOf("child.rook"), type: TYPE.DS });
  assert.ok(replay.ok && parent.ok);
  for (const authority of [replay.value.authority, parent.value.authority]) {
    const tamper: Tamper = (message, { type }) =>
      type === TYPE.TLSA ? { ...message, rcode: 3, answer: [], authority } : message;
    assert.equal(await outcome(world({ tamper }), "_25._tcp.mx.child.rook TLSA"), "bogus");
  }
});

const SECONDS = Date.UTC(2026, 2, 3, 8, 14, 7) / 1000;
const VALIDITY: readonly (readonly [string, number, number, string])[] = [
  ["now is the last second", SECONDS - 10, SECONDS, "secure data"],
  ["now is the first second", SECONDS, SECONDS + 10, "secure data"],
  ["expired a second ago", SECONDS - 10, SECONDS - 1, "bogus"],
  ["not yet valid", SECONDS + 1, SECONDS + 10, "bogus"],
  ["ends before it begins", SECONDS + 10, SECONDS - 10, "bogus"],
];

test("a signature counts from inception to expiration, both included (RFC 4035 §5.3.1)", async () => {
  const found: string[] = [];
  for (const [title, inception, expiration] of VALIDITY) {
    found.push(`${title}: ${await outcome(world({ child: { inception, expiration } }), "child.rook MX")}`);
  }
  assert.deepEqual(
    found,
    VALIDITY.map(([title, , , expected]) => `${title}: ${expected}`),
  );
});

test("a zone whose algorithms are all retired is insecure, one that has a good one beside it is not (RFC 4035 §5.2)", async () => {
  assert.equal(await outcome(world({ childKeys: [makeKey(5)] }), "child.rook MX"), "insecure data");
  assert.equal(await outcome(world({ childKeys: [makeKey(5), makeKey(13)] }), "child.rook MX"), "secure data");
});

test("NSEC3 above 50 iterations is insecure, above 150 refused (RFC 9276 §3.2)", async () => {
  const at = (iterations: number): Promise<string> =>
    outcome(world({ denial: "nsec3", child: { iterations } }), "gone.child.rook A");
  assert.deepEqual(await Promise.all([at(50), at(51), at(150), at(151)]), [
    "secure nxdomain",
    "insecure nxdomain",
    "insecure nxdomain",
    "bogus",
  ]);
});

test("query decodes what it knows, with names in lower case", async () => {
  const { resolver } = world();
  const mx = await resolver.query("child.rook", "MX");
  assert.deepEqual(mx.kind === "data" && mx.records, [{ preference: 10, exchange: "mx.child.rook" }]);
  const txt = await resolver.query("child.rook", "TXT");
  assert.deepEqual(txt.kind === "data" && txt.records, ["ab"]);
  const aaaa = await resolver.query("alias.child.rook", "AAAA");
  assert.deepEqual(aaaa.kind === "data" && [aaaa.records, aaaa.chain], [
    ["2001:db8::25"],
    [{ owner: "alias.child.rook", target: "mx.child.rook", security: "secure" }],
  ]);
});

test("the proof leads from the record to the anchor, and to the step that failed", async () => {
  const paths = (node: ProofNode): string =>
    [`${node.subject} ${node.kind} ${node.verdict}`, ...node.children.map(paths)].join(" < ");
  const { resolver } = world();
  const { proof } = await resolver.lookup("child.rook", TYPE.MX);
  assert.equal(
    paths(proof),
    [
      "child.rook. MX answer secure",
      "child.rook. MX records secure",
      "child.rook. DNSKEY keys secure",
      "child.rook. DS delegation secure",
      "rook. DNSKEY keys secure",
      "rook. DS delegation secure",
      ". DNSKEY keys secure",
      ". anchor secure",
    ].join(" < "),
  );
  const broken = await world({ tamper: onlyFor(TYPE.DS, without(TYPE.RRSIG)) }).resolver.lookup("child.rook", TYPE.MX);
  assert.equal(broken.answer.kind === "failure" && broken.answer.detail, "rook. DS has no signature");
  assert.match(paths(broken.proof), /rook\. DS delegation bogus < \. DNSKEY keys secure < \. anchor secure$/);
});

test("a look-up spends at most its questions, and ends at its deadline", async () => {
  const deep = Array.from({ length: 70 }, (_, at) => `l${at}`).join(".");
  const made = world({
    tamper: (message, { type }) => (type === TYPE.A ? { ...message, rcode: 0, answer: [], authority: [] } : message),
  });
  const { answer } = await made.resolver.lookup(`${deep}.child.rook`, TYPE.A);
  assert.ok(answer.kind === "failure" && answer.cause === "unavailable", JSON.stringify(answer));
  assert.ok(made.exchange.asked.length <= 60, `${made.exchange.asked.length} questions`);

  const clock = new ManualClock();
  const silent = {
    ask: (_question: unknown, { signal }: { signal?: AbortSignal } = {}) =>
      new Promise<never>((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
  };
  const waiting = validatingResolver({ exchange: silent, clock, anchors }).query("child.rook", "MX");
  clock.advance(20_000);
  const late = await waiting;
  assert.deepEqual(late.kind === "failure" && [late.cause, late.detail], ["unavailable", "no answer within 20000 ms"]);
  assert.equal(clock.pending, 0);

  const given = new AbortController();
  const aborted = validatingResolver({ exchange: silent, clock, anchors }).query("child.rook", "MX", {
    signal: given.signal,
  });
  given.abort(new Error("the caller stopped"));
  await assert.rejects(aborted, /the caller stopped/);
});

test("with noCache nothing known from before counts, so a rolled key is found (RFC 4035 §4.7)", async () => {
  const before = world();
  const zones = new Map<string, KnownZone>();
  const store = {
    get: (key: string) => zones.get(key),
    set: (key: string, zone: KnownZone) => void zones.set(key, zone),
  };
  const at = (exchange: typeof before.exchange) => ({
    resolver: validatingResolver({ exchange, clock: before.clock, anchors, zones: store }),
  });
  assert.equal(await outcome(at(before.exchange), "child.rook MX"), "secure data");
  const rolled = world({ childKeys: [makeKey(13)] });
  assert.equal(await outcome(at(rolled.exchange), "child.rook MX"), "bogus");
  const fresh = await at(rolled.exchange).resolver.lookup("child.rook", TYPE.MX, { noCache: true });
  assert.equal(fresh.answer.kind === "data" && fresh.answer.security, "secure");
  assert.equal(await outcome(at(rolled.exchange), "child.rook MX"), "secure data");
});

test("an anchor deeper down is believed for what lies below it, and nothing above may call that unsigned (RFC 6840 §5.10)", async () => {
  const key = makeKey(15);
  const island = makeZone({ name: "island.plain.rook", records: ["island.plain.rook. A 192.0.2.3"], keys: [key] });
  const clock = new ManualClock();
  const both = trustAnchors([
    { zone: ROOT, key: rootKey.rdata },
    { zone: nameOf("island.plain.rook"), key: key.rdata },
  ]);
  const { exchange } = world();
  const onIsland = (tamper?: Tamper) => {
    const local = zoneRecursor([island], tamper);
    const joined = {
      ask: (question: Parameters<typeof local.ask>[0]) =>
        (nameText(question.name).startsWith("island") ? local : exchange).ask(question),
    };
    return { resolver: validatingResolver({ exchange: joined, clock, anchors: both }) };
  };
  assert.equal(await outcome(onIsland(), "island.plain.rook A"), "secure data");
  assert.equal(await outcome(onIsland(without(TYPE.RRSIG)), "island.plain.rook A"), "bogus");
});
