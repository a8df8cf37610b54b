import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { systemClock, systemRandom } from "../../src/base/mod.ts";
import type { Dns } from "../../src/dns/io/open.ts";
import { openDns } from "../../src/dns/io/open.ts";
import { typeNumber } from "../../src/dns/wire/types.ts";
import type { Judge, Opinion } from "../support/dns-oracle.ts";
import { delvJudge, opinionOf, unboundJudge } from "../support/dns-oracle.ts";
import { scenarios } from "../support/dns-plans.ts";
import type { World } from "../support/dns-world.ts";
import { buildWorld } from "../support/dns-world.ts";
import { needs } from "../support/programs.ts";

const PROGRAMS = ["nsd", "knotd", "named", "unbound", "ldns-signzone", "dnssec-signzone", "delv"] as const;

interface Case {
  readonly zone: string;
  readonly name: string;
  readonly type: string;
}

const cases: readonly Case[] = scenarios().flatMap(({ plan: { name: zone }, asks }) =>
  asks.map(([label, type]) => ({ zone, type, name: label === "@" ? zone : zone === "" ? label : `${label}.${zone}` })),
);

suite("a private signed Internet of real servers, through Unbound", { skip: needs(...PROGRAMS) }, () => {
  const stack = new AsyncDisposableStack();
  let world: World;
  let unbound: Judge;
  let delv: Judge;
  let recursor = 0;

  before(async () => {
    world = stack.use(await buildWorld(scenarios().map(({ plan }) => plan)));
    const judge = stack.use(await world.recursor());
    recursor = stack.use(await world.recursor()).port;
    unbound = unboundJudge(judge.port);
    delv = await delvJudge(world, judge.port);
    stack.defer(() => unbound.close());
  });
  after(() => stack.disposeAsync());

  const open = (mode: Dns["mode"]): Promise<Dns> =>
    openDns({
      selfTestNames: { secure: "a13.example", bogus: "mx.flip-a.example" },
      servers: [`127.0.0.1:${recursor}`],
      mode,
      anchors: { text: world.anchors },
      clock: systemClock,
      random: systemRandom,
    });

  /** Names every case in which a judge differs from what we say. */
  async function differences(dns: Dns, judge: Judge, asked: readonly Case[]): Promise<readonly string[]> {
    const found: string[] = [];
    const left = [...asked];
    const worker = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const { answer } = await dns.resolver.lookup(next.name, typeNumber(next.type) ?? 0);
        const ours = opinionOf(answer);
        const theirs = await judge.ask(next.name, next.type);
        if (ours !== theirs && !isExplained(judge.name, next, { ours, theirs })) {
          const why = answer.kind === "failure" ? ` (${answer.detail})` : "";
          found.push(`${next.name} ${next.type}: we say ${ours}${why}, ${judge.name} says ${theirs}`);
        }
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    return found.sort();
  }

  test("agrees with a validating Unbound on every name, type and fault", async () => {
    const dns = await open("validate");
    assert.ok(cases.length >= 1_000, `${cases.length} cases`);
    assert.deepEqual(await differences(dns, unbound, cases), []);
    dns.close();
  });

  test("agrees with delv on names, types and faults", async () => {
    const dns = await open("validate");
    // Each question to delv is a process of its own: of each zone every fourth will do, unless `HOPSEAL_DELV` is set.
    const every = process.env["HOPSEAL_DELV"] === undefined ? 4 : 1;
    const seen = new Map<string, number>();
    const some = cases.filter(({ zone }) => {
      const at = seen.get(zone) ?? 0;
      seen.set(zone, at + 1);
      return at % every === 0;
    });
    assert.ok(some.length >= 270, `${some.length} cases`);
    assert.deepEqual(await differences(dns, delv, some), []);
    dns.close();
  });

  test("trust-ad agrees with the validating Unbound that it trusts", async () => {
    const dns = await open("trust-ad");
    assert.deepEqual(await differences(dns, unbound, cases), []);
    dns.close();
  });

  test("tells bogus from unavailable in both modes", async () => {
    for (const mode of ["validate", "trust-ad"] as const) {
      const dns = await open(mode);
      const bogus = await dns.resolver.query("flip-mx.example", "MX");
      assert.equal(bogus.kind === "failure" && bogus.cause, "bogus", mode);
      const circle = await dns.resolver.query("loop.a13.example", "A");
      assert.equal(circle.kind === "failure" && circle.cause, "unavailable", mode);
      dns.close();
    }
  });

  test("proves itself in both modes: signatures, a secure name and a broken one", async () => {
    for (const mode of ["validate", "trust-ad"] as const) {
      const dns = await open(mode);
      const report = await dns.selfTest();
      dns.close();
      assert.deepEqual(
        [report.sound, report.checks.map(({ outcome }) => outcome)],
        [true, ["pass", "pass", "pass"]],
        `${mode}: ${report.summary}`,
      );
    }
  });

  test("says of each alias how secure it is (RFC 7672 §2.1.3)", async () => {
    for (const mode of ["validate", "trust-ad"] as const) {
      const dns = await open(mode);
      const answer = await dns.resolver.query("out.to-plain.example", "A");
      assert.deepEqual(answer.chain, [{ owner: "out.to-plain.example", target: "mx.plain.test", security: "secure" }]);
      assert.equal(answer.kind === "data" && answer.security, "insecure", mode);
      const back = await dns.resolver.query("out.plain.test", "A");
      assert.deepEqual(back.chain, [{ owner: "out.plain.test", target: "mx.a13.example", security: "insecure" }]);
      assert.equal(back.kind === "data" && back.security, "insecure", mode);
      dns.close();
    }
  });
});

/** Where validators differ on purpose, and why we stand where we stand. */
function isExplained(judge: string, asked: Case, said: { readonly ours: Opinion; readonly theirs: Opinion }): boolean {
  const softer = said.ours.replace("insecure", "secure") === said.theirs && said.ours !== said.theirs;
  // RFC 5155 §9.2 forbids AD where an opt-out span covers the name; delv calls the proof valid all the same.
  if (judge === "delv" && asked.zone.endsWith("optout") && softer) return true;
  // RFC 9276 §3.2 lets a validator choose its limit of iterations: BIND's is 150, ours 50.
  if (judge === "delv" && asked.zone === "iterations.example" && softer) return true;
  // A valid NSEC proves the denial; the SOA beside it, whose signature is broken, only bounds how long it is kept.
  return asked.zone === "flip-soa.example" && said.ours.startsWith("secure n") && said.theirs === "failure";
}
