import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/clock.ts";
import type { QueryOptions } from "../answer.ts";
import type { Lookup, ProvingResolver } from "../resolve/types.ts";
import { TYPE } from "../wire/types.ts";
import { secondLook } from "./second-look.ts";

function found(kind: "bogus" | "unavailable" | "nodata"): Lookup {
  const about = { name: "pine.example", chain: [] };
  const proof = { kind: "answer" as const, subject: "", verdict: "secure" as const, detail: "", children: [] };
  if (kind === "nodata") return { answer: { ...about, kind, security: "secure" }, proof };
  return { answer: { ...about, kind: "failure", cause: kind, detail: kind }, proof };
}

function scripted(...results: readonly Lookup[]): { resolver: ProvingResolver; asked: (QueryOptions | undefined)[] } {
  const asked: (QueryOptions | undefined)[] = [];
  const lookup = async (_name: string, _type: number, options?: QueryOptions): Promise<Lookup> => {
    asked.push(options);
    return results[asked.length - 1] ?? found("unavailable");
  };
  return { resolver: { lookup, query: () => Promise.reject(new Error("not used")) }, asked };
}

test("secondLook asks anew for what proves bogus, and takes the second answer", async () => {
  const { resolver, asked } = scripted(found("bogus"), found("nodata"), found("nodata"));
  const looking = secondLook(resolver, new ManualClock());
  assert.equal((await looking.lookup("pine.example", TYPE.MX)).answer.kind, "nodata");
  assert.deepEqual(asked, [{}, { noCache: true }]);
  await looking.lookup("pine.example", TYPE.MX);
  assert.equal(asked.length, 3);
});

test("secondLook remembers what stays bogus for a while, says so, and lets noCache pass", async () => {
  const clock = new ManualClock();
  const { resolver, asked } = scripted(found("bogus"), found("bogus"), found("nodata"), found("nodata"));
  const looking = secondLook(resolver, clock);
  await looking.lookup("pine.example", TYPE.MX);
  clock.advance(4_000);
  const { answer } = await looking.lookup("PINE.example", TYPE.MX);
  assert.deepEqual(answer, {
    name: "pine.example",
    chain: [],
    kind: "failure",
    cause: "bogus",
    detail: "bogus (remembered from 4 s ago)",
  });
  assert.equal(asked.length, 2);
  assert.equal((await looking.lookup("pine.example", TYPE.MX, { noCache: true })).answer.kind, "nodata");
  clock.advance(10_000);
  assert.equal((await looking.lookup("pine.example", TYPE.MX)).answer.kind, "nodata");
});

test("secondLook asks once for what cannot be had", async () => {
  const { resolver, asked } = scripted(found("unavailable"));
  const { answer } = await secondLook(resolver, new ManualClock()).lookup("pine.example", TYPE.MX);
  assert.equal(answer.kind === "failure" && answer.cause, "unavailable");
  assert.equal(asked.length, 1);
});
