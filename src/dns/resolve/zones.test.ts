import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ManualClock } from "../../../test/support/clock.ts";
import { makeKey, makeZone } from "../../../test/dnssec-rpl/zone-maker.ts";
import { resolve, zoneRecursor } from "../../../test/dnssec-rpl/zone-recursor.ts";
import { trustAnchors } from "../dnssec/anchors.ts";
import { isWithin } from "../wire/hierarchy.ts";
import { RCODE } from "../wire/message.ts";
import { nameOf, ROOT } from "../wire/name.ts";
import { TYPE, typeNumber } from "../wire/types.ts";
import { validatingResolver } from "./resolver.ts";

const rootKey = makeKey(13);
const rookKey = makeKey(13);
const childKey = makeKey(15);
const anchors = trustAnchors([{ zone: ROOT, key: rootKey.rdata }]);

/** Names below `rook`; wildcards and empty nodes come by themselves. */
const below = fc
  .array(fc.constantFrom("a", "b", "c", "d", "*"), { minLength: 1, maxLength: 3 })
  .map((labels) => `${labels.join(".")}.rook`);
const plain = fc
  .array(fc.constantFrom("a", "b", "c", "d", "e"), { minLength: 1, maxLength: 4 })
  .map((labels) => `${labels.join(".")}.rook`);

const zone = fc.record({
  denial: fc.constantFrom("nsec" as const, "nsec3" as const, "nsec3-opt-out" as const),
  records: fc.array(fc.tuple(below, fc.constantFrom("A 192.0.2.1", "TXT x")), { maxLength: 6 }),
  signed: fc.option(fc.constantFrom("a.rook", "b.c.rook")),
  unsigned: fc.option(fc.constantFrom("b.rook", "c.d.rook")),
});

test("an honest answer of any zone is judged as it is: data, absence, wildcards, empty nodes, children (RFC 4035 §5, RFC 5155 §8)", async () => {
  await fc.assert(
    fc.asyncProperty(zone, plain, fc.constantFrom("A", "TXT", "DS"), async (made, name, type) => {
      const cuts = [made.signed, made.unsigned].filter((cut) => cut !== null).map(nameOf);
      const outside = made.records.filter(([owner]) => !cuts.some((cut) => isWithin(nameOf(owner), cut)));
      const child =
        made.signed === null
          ? []
          : [
              makeZone({
                name: made.signed,
                records: [`x.${made.signed}. A 192.0.2.2`],
                keys: [childKey],
                denial: made.denial,
              }),
            ];
      const open =
        made.unsigned === null ? [] : [makeZone({ name: made.unsigned, records: [`x.${made.unsigned}. A 192.0.2.2`] })];
      const rook = makeZone({
        name: "rook",
        records: outside.map(([owner, data]) => `${owner}. ${data}`),
        keys: [rookKey],
        denial: made.denial,
        children: [
          ...child.map((one) => ({ name: made.signed ?? "", ds: one.ds })),
          ...open.map(() => ({ name: made.unsigned ?? "" })),
        ],
      });
      const root = makeZone({ name: ".", records: [], keys: [rootKey], children: [{ name: "rook", ds: rook.ds }] });
      const zones = [root, rook, ...child, ...open];
      const truth = resolve({ name: nameOf(name), type: typeNumber(type) ?? 0 }, zones);
      const kind = truth.answer.length > 0 ? "data" : truth.rcode === RCODE.NXDOMAIN ? "nxdomain" : "nodata";
      const inOpen = open.some(
        (one) => isWithin(nameOf(name), one.name) && !(type === "DS" && nameOf(name).key === one.name.key),
      );
      const resolver = validatingResolver({ exchange: zoneRecursor(zones), clock: new ManualClock(), anchors });
      const { answer } = await resolver.lookup(name, typeNumber(type) ?? TYPE.A);
      const seen = answer.kind === "failure" ? answer.detail : `${answer.security} ${answer.kind}`;
      if (inOpen) assert.equal(seen, `insecure ${kind}`);
      else if (made.denial === "nsec3-opt-out") assert.ok(seen.endsWith(` ${kind}`), `${seen}, not ${kind}`);
      else assert.equal(seen, `secure ${kind}`);
    }),
    { numRuns: 250 },
  );
});
