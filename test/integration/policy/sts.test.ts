import assert from "node:assert/strict";
import { test } from "node:test";
import { runRows } from "../../support/policy-run.ts";
import { policyWorld } from "../../support/policy-world.ts";
import { needs } from "../../support/programs.ts";
import { FIND_ROWS } from "./_sts_find.ts";
import { HOST_ROWS } from "./_sts_hosts.ts";

const skip = needs("unbound", "nsd", "ldns-signzone");
const ROWS = [...HOST_ROWS, ...FIND_ROWS];

test("MTA-STS: discovery, decisions, deliveries and TLS reports, row by row (RFC 8461)", { skip }, async () => {
  assert.ok(ROWS.length >= 60);
  await using world = await policyWorld(ROWS);
  assert.deepEqual(
    await runRows(world),
    ROWS.map(({ is, gives }) => [is, gives]),
  );
});
