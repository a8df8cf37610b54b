import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/clock.ts";
import { type FakeFailure, type FakeHost, fakeNetwork, replied } from "../../../test/support/sessions.ts";
import { NO_DEMAND } from "../../mail/mod.ts";
import { decide } from "../../policy/mod.ts";
import type { DialTarget } from "../walk.ts";
import { restingLogins } from "./logins.ts";

const MINUTE = 60_000;
const HOST = {
  name: "a.example",
  literal: false,
  port: 587,
  mode: "starttls",
  learnt: "mx",
  mxSecurity: "secure",
} as const;
const DECISION = decide({ destination: "a.example", host: HOST, now: 0 }, NO_DEMAND);
const REFUSED: FakeFailure = { stage: "auth", status: replied(535, "bad password") };

function target(address = "192.0.2.1", user = "ann"): DialTarget {
  const credentials = { user, password: () => Promise.resolve("secret") };
  return { host: "a.example", address, port: 587, mode: "starttls", credentials };
}

interface Tries {
  readonly clock: ManualClock;
  readonly host: { fails?: NonNullable<FakeHost["fails"]> };
  dialled(): number;
  endRests(): void;
  go(at?: DialTarget): Promise<string>;
}

function tries(first: FakeFailure | undefined): Tries {
  const clock = new ManualClock();
  const host: Tries["host"] = first === undefined ? {} : { fails: { full: first } };
  const network = fakeNetwork({ "192.0.2.1": host, "192.0.2.2": host });
  const { openSession, endRests } = restingLogins(network.openSession, clock);
  return {
    clock,
    host,
    endRests,
    dialled: () => network.log.length,
    async go(at = target()) {
      assert.ok(DECISION.kind === "proceed");
      const session = await openSession(at, DECISION, { kind: "tls", hello: "full" });
      return "kind" in session ? `${session.stage} ${session.status.code}` : "ready";
    },
  };
}

test("restingLogins: a login refused for good is not tried again for 5 minutes, then 10, up to an hour, at no address", async () => {
  const it = tries(REFUSED);
  const dialled: number[] = [];
  for (let minute = 0; minute < 200; minute++) {
    assert.deepEqual([await it.go(), await it.go(target("192.0.2.2"))], ["auth 535", "auth 535"]);
    if (it.dialled() > dialled.length) dialled.push(minute);
    it.clock.advance(MINUTE);
  }
  assert.deepEqual(dialled, [0, 5, 15, 35, 75, 135, 195]);
});

test("restingLogins: another user, another stage, 4yz and no login at all are not held back", async () => {
  const it = tries(REFUSED);
  await it.go();
  assert.equal(await it.go(target("192.0.2.1", "bo")), "auth 535");
  assert.equal(it.dialled(), 2);
  it.host.fails = { full: "greeting" };
  await it.go({ host: "a.example", address: "192.0.2.1", port: 587, mode: "starttls" });
  assert.equal(it.dialled(), 3);
  for (const fails of ["greeting", { stage: "auth", status: replied(454, "later") }] as const) {
    const other = tries(fails);
    await other.go();
    await other.go();
    assert.equal(other.dialled(), 2);
  }
});

test("restingLogins: after its rest a login that is accepted is as good as new", async () => {
  const it = tries(REFUSED);
  await it.go();
  delete it.host.fails;
  assert.equal(await it.go(), "auth 535");
  it.clock.advance(5 * MINUTE);
  assert.deepEqual([await it.go(), await it.go()], ["ready", "ready"]);
  it.host.fails = { full: REFUSED };
  await it.go();
  it.clock.advance(5 * MINUTE);
  await it.go();
  assert.equal(it.dialled(), 5);
});

test("restingLogins: of many at once one tries a login that was never accepted, and all go when it was", async () => {
  const bad = tries(REFUSED);
  const many = await Promise.all(Array.from({ length: 20 }, () => bad.go()));
  assert.deepEqual([new Set(many), bad.dialled()], [new Set(["auth 535"]), 1]);
  const good = tries(undefined);
  assert.deepEqual(new Set(await Promise.all(Array.from({ length: 20 }, () => good.go()))), new Set(["ready"]));
  assert.equal(good.dialled(), 20);
});

test("restingLogins: endRests lets a login be tried at once; when it is refused again, it rests as after the first time", async () => {
  const it = tries(REFUSED);
  await it.go();
  it.clock.advance(5 * MINUTE);
  await it.go();
  it.endRests();
  assert.equal(await it.go(), "auth 535");
  assert.equal(it.dialled(), 3);
  it.clock.advance(5 * MINUTE - 1);
  await it.go();
  assert.equal(it.dialled(), 3);
  it.endRests();
  delete it.host.fails;
  assert.deepEqual([await it.go(), await it.go()], ["ready", "ready"]);
});
