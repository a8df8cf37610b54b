import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { concat, seededRandom, systemClock, systemRandom } from "../../src/base/mod.ts";
import type { Answer } from "../../src/dns/answer.ts";
import { openDns } from "../../src/dns/io/open.ts";
import { encodeMessage } from "../../src/dns/wire/encode.ts";
import type { Message, RawRecord } from "../../src/dns/wire/message.ts";
import { RCODE } from "../../src/dns/wire/message.ts";
import { nameOf, nameWire } from "../../src/dns/wire/name.ts";
import { TYPE, typeName, typeNumber } from "../../src/dns/wire/types.ts";
import { opinionOf } from "../support/dns-oracle.ts";
import { scenarios } from "../support/dns-plans.ts";
import type { ScriptedServer } from "../support/dns-server.ts";
import type { Tamper } from "../support/dns-tap.ts";
import { askedOf, covers, tapBefore, without } from "../support/dns-tap.ts";
import type { World } from "../support/dns-world.ts";
import { buildWorld } from "../support/dns-world.ts";
import { needs } from "../support/programs.ts";

/** Signed names and what is true of them. */
const TARGETS: readonly (readonly [name: string, type: string, truth: string])[] = [
  ["a13.example", "MX", "secure data"],
  ["mx.a13.example", "A", "secure data"],
  ["_25._tcp.mx.a13.example", "TLSA", "secure data"],
  ["mx.a13.example", "MX", "secure nodata"],
  ["nope.a13.example", "A", "secure nxdomain"],
  ["x.w.a13.example", "A", "secure data"],
  ["alias.a13.example", "A", "secure data"],
  ["out.a13.example", "A", "secure data"],
  ["a.dn.a13.example", "A", "secure data"],
  ["mx.b13.test", "A", "secure data"],
  ["_25._tcp.mx.b13.test", "TLSA", "secure data"],
  ["nope.b13.test", "A", "secure nxdomain"],
  ["x.w.b13.test", "A", "secure data"],
  ["mx.b13.test", "MX", "secure nodata"],
  ["mx.signed.optout", "A", "secure data"],
  ["mx.deep.a13.example", "A", "secure data"],
];

const DNSSEC: ReadonlySet<number> = new Set([TYPE.RRSIG, TYPE.NSEC, TYPE.NSEC3]);
const EVIL = Uint8Array.of(6, 6, 6, 6);
const forgedA = (owner: string): RawRecord => ({ owner: nameOf(owner), type: TYPE.A, class: 1, ttl: 300, rdata: EVIL });
const isDs = (reply: Message): boolean => reply.question[0]?.type === TYPE.DS;
const ownName = (reply: Message): string => askedOf(reply).split(" ")[0] ?? "";
const bare = (reply: Message, parts: Partial<Message> = {}): Message => ({
  ...reply,
  answer: [],
  authority: [],
  ...parts,
});

/** For every reply, or those to `when`; others pass. */
const tamperWith =
  (change: Tamper, when: (reply: Message) => boolean = () => true): Tamper =>
  (reply, help) =>
    when(reply) ? change(reply, help) : [help.octets];

const ALTERATIONS: Readonly<Record<string, Tamper>> = {
  "every RRSIG dropped": tamperWith((reply) => [without(reply, (r) => r.type === TYPE.RRSIG)]),
  "RRSIG of the last question dropped": tamperWith(
    (reply) => [without(reply, (r) => r.type === TYPE.RRSIG)],
    (reply) => ![TYPE.DS, TYPE.DNSKEY].some((type) => type === reply.question[0]?.type),
  ),
  "RRSIG of DNSKEY dropped": tamperWith((reply) => [without(reply, (r) => covers(r, TYPE.DNSKEY))]),
  "RRSIG of DS dropped": tamperWith((reply) => [without(reply, (r) => covers(r, TYPE.DS))]),
  "every trace of DNSSEC and EDNS dropped, as an old middlebox does": tamperWith((reply) => {
    const { edns: _edns, ...plain } = without(reply, (r) => DNSSEC.has(r.type));
    return [plain];
  }),
  "DS answered with nothing at all": tamperWith((reply) => [bare(reply)], isDs),
  "DS answered with a bare SOA": tamperWith(
    async (reply, { ask }) => [
      bare(reply, { authority: without(await ask("nope.plain.test", TYPE.A), (r) => r.type !== TYPE.SOA).authority }),
    ],
    isDs,
  ),
  "DS denied by the proof for an unsigned neighbour": tamperWith(async (reply, { ask }) => {
    const tld = ownName(reply).split(".").at(-2) ?? "example";
    return [bare(reply, { authority: (await ask(`plain.${tld}`, TYPE.DS)).authority })];
  }, isDs),
  "DS denied by the zone's own apex": tamperWith(
    async (reply, { ask }) => [bare(reply, { authority: (await ask(ownName(reply), TYPE.PTR)).authority })],
    isDs,
  ),
  "DS denied by an opt-out span of the zone above": tamperWith(
    async (reply, { ask }) => [bare(reply, { authority: (await ask("nope.optout", TYPE.DS)).authority })],
    isDs,
  ),
  "DS answered NXDOMAIN, unsigned": tamperWith((reply) => [bare(reply, { rcode: RCODE.NXDOMAIN })], isDs),
  "DS answered SERVFAIL": tamperWith((reply) => [bare(reply, { rcode: RCODE.SERVFAIL })], isDs),
  "DS answered REFUSED": tamperWith((reply) => [bare(reply, { rcode: RCODE.REFUSED })], isDs),
  "DS of another zone": tamperWith(
    async (reply, { ask }) => [
      bare(reply, {
        answer: (await ask("a15.example", TYPE.DS)).answer.map((r) => ({ ...r, owner: nameOf(ownName(reply)) })),
      }),
    ],
    isDs,
  ),
  "DNSKEY answered with nothing at all": tamperWith(
    (reply) => [bare(reply)],
    (reply) => reply.question[0]?.type === TYPE.DNSKEY,
  ),
  "DNSKEY of another zone": tamperWith(
    async (reply, { ask }) => [
      bare(reply, {
        answer: (await ask("a15.example", TYPE.DNSKEY)).answer.map((r) => ({ ...r, owner: nameOf(ownName(reply)) })),
      }),
    ],
    (reply) => reply.question[0]?.type === TYPE.DNSKEY,
  ),
  "one bit flipped in every signature": tamperWith((reply) => [
    eachRecord(reply, (r) => (r.type === TYPE.RRSIG ? flipped(r) : r)),
  ]),
  "one bit flipped in every record but signatures": tamperWith((reply) => [
    eachRecord(reply, (r) => (r.type === TYPE.RRSIG ? r : flipped(r))),
  ]),
  "one bit flipped in every key": tamperWith((reply) => [
    eachRecord(reply, (r) => (r.type === TYPE.DNSKEY ? flipped(r) : r)),
  ]),
  "NXDOMAIN forged, bare": tamperWith((reply) => [bare(reply, { rcode: RCODE.NXDOMAIN })]),
  "no data forged, bare": tamperWith((reply) => [bare(reply)]),
  "response code turned to NXDOMAIN": tamperWith((reply) => [{ ...reply, rcode: RCODE.NXDOMAIN, answer: [] }]),
  "NXDOMAIN with the proof for another name": tamperWith(async (reply, { ask }) => {
    const zone = ownName(reply).split(".").slice(-3).join(".");
    return [bare(reply, { rcode: RCODE.NXDOMAIN, authority: (await ask(`zzz.${zone}`, TYPE.A)).authority })];
  }),
  "no data with the proof for another name": tamperWith(async (reply, { ask }) => {
    const zone = ownName(reply).split(".").slice(-3).join(".");
    return [bare(reply, { authority: (await ask(`ns.${zone}`, TYPE.PTR)).authority })];
  }),
  "NXDOMAIN with the parent's NSEC at the delegation": tamperWith(
    async (reply, { ask }) => {
      const tld = ownName(reply).split(".").at(-2) ?? "example";
      return [bare(reply, { rcode: RCODE.NXDOMAIN, authority: (await ask(`plain.${tld}`, TYPE.DS)).authority })];
    },
    (reply) => !isDs(reply),
  ),
  "AD forged over other data": tamperWith(
    (reply) => [bare(reply, { flags: { ...reply.flags, ad: true }, answer: [forgedA(ownName(reply))] })],
    (reply) => reply.question[0]?.type === TYPE.A,
  ),
  "data replaced and its signature kept": tamperWith((reply) => [
    eachRecord(reply, (r) => (r.type === TYPE.A ? { ...r, rdata: EVIL } : r)),
  ]),
  "a record added to the set": tamperWith(
    (reply) => [{ ...reply, answer: [...reply.answer, forgedA(ownName(reply))] }],
    (reply) => reply.question[0]?.type === TYPE.A && reply.answer.length > 0,
  ),
  "foreign records added to every section": tamperWith((reply) => {
    const foreign = [
      forgedA("mx.evil.test"),
      { ...forgedA("a13.example"), type: TYPE.NS, rdata: nameWire(nameOf("ns.evil.test")) },
    ];
    return [
      {
        ...reply,
        answer: [...reply.answer, ...foreign],
        authority: [...reply.authority, ...foreign],
        additional: foreign,
      },
    ];
  }),
  "an alias out of the zone": tamperWith(
    (reply) => {
      const alias = { ...forgedA(ownName(reply)), type: TYPE.CNAME, rdata: nameWire(nameOf("mx.plain.test")) };
      return [bare(reply, { answer: [alias, forgedA("mx.plain.test")] })];
    },
    (reply) => [TYPE.A, TYPE.MX, TYPE.TLSA].some((type) => type === reply.question[0]?.type),
  ),
  "a DNAME over the zone": tamperWith((reply) => {
    const dname = { ...forgedA("example"), type: TYPE.DNAME, rdata: nameWire(nameOf("plain.test")) };
    return [bare(reply, { answer: [dname] })];
  }),
  "records of a wildcard under an existing name": tamperWith(
    async (reply, { ask }) => {
      const zone = ownName(reply).split(".").slice(-3).join(".");
      const wild = await ask(`q.w.${zone}`, TYPE.A);
      const moved = (records: readonly RawRecord[]): readonly RawRecord[] =>
        records.map((r) => (askedOf(wild).startsWith(nameText(r)) ? { ...r, owner: nameOf(ownName(reply)) } : r));
      return [{ ...reply, answer: moved(wild.answer), authority: wild.authority }];
    },
    (reply) => reply.question[0]?.type === TYPE.A,
  ),
  "signatures by a key of the parent's name": tamperWith((reply) => [
    eachRecord(reply, (r) =>
      r.type === TYPE.RRSIG
        ? { ...r, rdata: concat([r.rdata.subarray(0, 18), nameWire(nameOf("example")), r.rdata.subarray(-64)]) }
        : r,
    ),
  ]),
  "TTLs of a year": tamperWith((reply) => [eachRecord(reply, (r) => ({ ...r, ttl: 31_536_000 }))]),
  "an answer to another question before the true one": tamperWith((reply, { octets }) => [
    bare(reply, {
      question: [{ name: nameOf("mx.evil.test"), type: TYPE.A, class: 1 }],
      answer: [forgedA("mx.evil.test")],
    }),
    bare(reply, { id: reply.id ^ 1, rcode: RCODE.NXDOMAIN }),
    octets.subarray(0, 20),
    octets,
  ]),
  "cut over UDP": (reply, { via, octets }) =>
    via === "udp" ? [bare(reply, { flags: { ...reply.flags, tc: true } })] : [octets],
};

suite("an attacker between us and the resolver", {
  skip: needs("nsd", "knotd", "named", "unbound", "ldns-signzone", "dnssec-signzone"),
}, () => {
  const stack = new AsyncDisposableStack();
  let world: World;
  let tap: ScriptedServer;
  let tamper: Tamper = (_reply, { octets }) => [octets];

  before(async () => {
    const wanted =
      /^(|example|test|optout|[ab]1[35]\.\w+|deep\.a13\.example|(plain|signed)\.\w+|b14\.test|a14\.example)$/;
    const plans = scenarios()
      .map(({ plan }) => plan)
      .filter(({ name }) => wanted.test(name));
    world = stack.use(await buildWorld(plans));
    const recursor = stack.use(await world.recursor());
    tap = stack.use(await tapBefore(recursor.port, () => tamper));
  });
  after(() => stack.disposeAsync());

  async function lookup(name: string, type: string, deadline = 5_000): Promise<Answer<RawRecord>> {
    const dns = await openDns({
      servers: [tap.server],
      mode: "validate",
      anchors: { text: world.anchors },
      clock: systemClock,
      random: systemRandom,
      deadline,
    });
    const { answer } = await dns.resolver.lookup(name, typeNumber(type) ?? 0);
    dns.close();
    return answer;
  }

  /** The records as text, to see that nothing forged came through. */
  const contents = (answer: Answer<RawRecord>): readonly string[] =>
    answer.kind === "data"
      ? answer.records.map((r) => `${typeName(r.type)} ${Buffer.from(r.rdata).toString("hex")}`).sort()
      : [];

  test("leaves the truth as it is when nothing is altered", async () => {
    tamper = (_reply, { octets }) => [octets];
    for (const [name, type, truth] of TARGETS)
      assert.equal(opinionOf(await lookup(name, type)), truth, `${name} ${type}`);
  });

  for (const [what, alteration] of Object.entries(ALTERATIONS)) {
    test(`${what}: bogus or ignored, never insecure, never another answer`, async () => {
      let refused = 0;
      for (const [name, type, truth] of TARGETS) {
        tamper = (_reply, { octets }) => [octets];
        const honest = await lookup(name, type);
        tamper = alteration;
        const answer = await lookup(name, type);
        const opinion = opinionOf(answer);
        assert.ok(opinion === "failure" || opinion === truth, `${name} ${type}: ${opinion}`);
        if (opinion === "failure") refused++;
        else assert.deepEqual([contents(answer), answer.chain], [contents(honest), honest.chain], `${name} ${type}`);
      }
      assert.equal(refused > 0, !HARMLESS.has(what), `${refused} of ${TARGETS.length} refused`);
    });
  }

  test("octets flipped at random: bogus or ignored, never insecure, never another answer", async () => {
    const random = seededRandom(7_672);
    let refused = 0;
    for (let round = 0; round < 100; round++) {
      const [name, type, truth] = TARGETS[random.below(TARGETS.length)] ?? TARGETS[0] ?? ["", "", ""];
      tamper = (_reply, { octets }) => [octets];
      const honest = await lookup(name, type);
      tamper = (reply, { octets }) => {
        const at = random.below(octets.length * 8);
        const spoiled = Uint8Array.from(octets);
        spoiled[at >> 3] = (spoiled[at >> 3] ?? 0) ^ (1 << (at & 7));
        return reply.question[0]?.type === TYPE.DNSKEY && random.below(2) === 0 ? [octets] : [spoiled];
      };
      const answer = await lookup(name, type, 60);
      const opinion = opinionOf(answer);
      assert.ok(opinion === "failure" || opinion === truth, `round ${round}: ${name} ${type}: ${opinion}`);
      if (opinion === "failure") refused++;
      else assert.deepEqual(contents(answer), contents(honest), `round ${round}: ${name} ${type}`);
    }
    assert.ok(refused > 30, `${refused} refused`);
  });

  test("answers that flap between good, SERVFAIL and empty: secure or a failure each time, and secure in the end", async () => {
    const dns = await openDns({
      servers: [tap.server],
      mode: "validate",
      anchors: { text: world.anchors },
      clock: systemClock,
      random: systemRandom,
    });
    let count = 0;
    tamper = (reply, { octets }) => {
      const turn = count++ % 3;
      return [turn === 0 ? octets : bare(reply, { rcode: turn === 1 ? RCODE.SERVFAIL : RCODE.NOERROR })];
    };
    const seen = new Set<string>();
    for (let round = 0; round < 40; round++) {
      const [name, type, truth] = TARGETS[round % 3] ?? ["", "", ""];
      const opinion = opinionOf((await dns.resolver.lookup(name, typeNumber(type) ?? 0, { noCache: true })).answer);
      assert.ok(opinion === "failure" || opinion === truth, `${name} ${type}: ${opinion}`);
      seen.add(opinion);
    }
    tamper = (_reply, { octets }) => [octets];
    for (const [name, type, truth] of TARGETS.slice(0, 3)) {
      const found = await dns.resolver.lookup(name, typeNumber(type) ?? 0, { noCache: true });
      assert.equal(opinionOf(found.answer), truth);
    }
    dns.close();
    assert.ok(seen.has("failure"));
  });

  test("only answers to another question: no answer, in time", async () => {
    tamper = (reply) => [bare(reply, { question: [{ name: nameOf("evil.test"), type: TYPE.A, class: 1 }] })];
    // Without a deadline of its own it would never come back: these answers do not end.
    const answer = await lookup("mx.a13.example", "A", 300);
    assert.equal(answer.kind === "failure" && answer.cause, "unavailable");
  });

  test("a message that came altered once is asked for anew, and the store heals", async () => {
    const dns = await openDns({
      servers: [tap.server],
      mode: "validate",
      anchors: { text: world.anchors },
      clock: systemClock,
      random: systemRandom,
    });
    let altered = 0;
    tamper = (reply, { octets }) => {
      if (askedOf(reply) !== "mx.a13.example. A" || altered++ > 0) return [octets];
      return [encodeMessage(eachRecord(reply, (r) => (r.type === TYPE.A ? { ...r, rdata: EVIL } : r)))];
    };
    const answer = await dns.resolver.query("mx.a13.example", "A");
    assert.deepEqual(answer.kind === "data" && [answer.security, answer.records], ["secure", ["192.0.2.25"]]);
    dns.close();
  });

  test("a TTL that was raised on the way lasts no longer than the signed one (RFC 4035 §5.3.3)", async () => {
    tamper = ALTERATIONS["TTLs of a year"] ?? tamper;
    const answer = await lookup("mx.a13.example", "A");
    assert.ok(answer.kind === "data" && answer.expires !== undefined && answer.expires <= Date.now() + 300_000);
  });

  test("the self-test says that the path strips DNSSEC", async () => {
    tamper = ALTERATIONS["every RRSIG dropped"] ?? tamper;
    const dns = await openDns({
      servers: [tap.server],
      mode: "validate",
      anchors: { text: world.anchors },
      clock: systemClock,
      random: systemRandom,
    });
    const report = await dns.selfTest();
    dns.close();
    assert.equal(report.sound, false);
    assert.match(report.summary, /strips DNSSEC records: there is no RRSIG in its answer$/);
  });
});

function eachRecord(message: Message, change: (record: RawRecord) => RawRecord): Message {
  return { ...message, answer: message.answer.map(change), authority: message.authority.map(change) };
}

function flipped(record: RawRecord): RawRecord {
  const rdata = Uint8Array.from(record.rdata);
  // Not the last octet: that ends a name, and a message that cannot be read is passed over instead of judged.
  const place = Math.max(0, rdata.length - 2);
  rdata[place] = (rdata[place] ?? 0) ^ 1;
  return { ...record, rdata };
}

function nameText(record: RawRecord): string {
  return `${record.owner.labels.map((label) => String.fromCharCode(...label)).join(".")}.`;
}

/** What changes nothing that counts. */
const HARMLESS: ReadonlySet<string> = new Set([
  "foreign records added to every section",
  "TTLs of a year",
  "an answer to another question before the true one",
  "cut over UDP",
]);
