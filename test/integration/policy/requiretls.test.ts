import assert from "node:assert/strict";
import { test } from "node:test";
import { runRows } from "../../support/policy-run.ts";
import { policyWorld } from "../../support/policy-world.ts";
import { needs } from "../../support/programs.ts";
import { REQUIRETLS_ROWS } from "./_requiretls.ts";
import { LEVEL_ROWS } from "./_tls_required_no.ts";

const skip = needs("unbound", "nsd", "ldns-signzone");
const ROWS = [...REQUIRETLS_ROWS, ...LEVEL_ROWS];

test("REQUIRETLS and TLS-Required: decisions, deliveries and TLS reports, row by row (RFC 8689)", {
  skip,
}, async () => {
  assert.ok(ROWS.length >= 30);
  await using world = await policyWorld(ROWS);
  assert.deepEqual(
    await runRows(world),
    ROWS.map(({ is, gives }) => [is, gives]),
  );
});
