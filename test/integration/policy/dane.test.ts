import assert from "node:assert/strict";
import { test } from "node:test";
import { runRows } from "../../support/policy-run.ts";
import { policyWorld } from "../../support/policy-world.ts";
import { needs } from "../../support/programs.ts";
import { BESIDE_ROWS } from "./_dane_beside.ts";
import { MATCH_ROWS } from "./_dane_match.ts";
import { PLACE_ROWS } from "./_dane_place.ts";
import { TROUBLE_ROWS } from "./_trouble.ts";

const skip = needs("unbound", "nsd", "ldns-signzone");
const ROWS = [...MATCH_ROWS, ...PLACE_ROWS, ...BESIDE_ROWS, ...TROUBLE_ROWS];

test("DANE: decisions, deliveries, TLS reports and questions, row by row (RFC 7672)", { skip }, async () => {
  assert.ok(ROWS.length >= 40);
  await using world = await policyWorld(ROWS);
  assert.deepEqual(
    await runRows(world),
    ROWS.map(({ is, gives }) => [is, gives]),
  );
});
