import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";
import { openTrust } from "../../../src/tls/io/mod.ts";
import { testCa } from "../../support/certificates.ts";
import { ANSWERS } from "./_answers_peer.ts";
import { allCells, type Cell, tableOf, WORLDS } from "./_answers.ts";

/** Every answer at every point; made once, looked at by each test. */
let cells: readonly Cell[] = [];

before(async () => {
  const ca = await testCa();
  const opened = await openTrust({ kind: "pem", certificates: [ca.pem] });
  assert.ok(opened.ok);
  cells = await allCells({ trust: opened.value, certificate: await ca.issue(["peer.example"]) });
});

test("client: every answer at every point of SMTP and LMTP, as the table has it (RFC 5321 §4.2.1, RFC 2033 §4.2)", async () => {
  const expected = await readFile(new URL("answers.txt", import.meta.url), "utf8");
  assert.equal(tableOf(cells), expected);
});

test("client: nobody counts as delivered whose content the server did not take, whatever it answers where", () => {
  for (const cell of cells) {
    for (const [at, delivered] of cell.delivered.entries()) {
      const taken = cell.acknowledged[at] ?? [];
      const invented = delivered.filter((recipient) => !taken.includes(recipient));
      assert.deepEqual(invented, [], `${cell.world}, ${cell.point}, ${cell.answer}: ${cell.result}`);
    }
  }
});

test("client: whom the server took without the client knowing, the client says may be taken (RFC 5321 §4.5.3.2.6)", () => {
  const unknown = cells.filter(({ acknowledged, delivered }) =>
    acknowledged.some((taken = [], at) => taken.some((recipient) => delivered[at]?.includes(recipient) !== true)),
  );
  assert.deepEqual(
    unknown.filter((cell) => !cell.afterDot).map(({ world, point, answer }) => [world, point, answer]),
    [],
  );
  assert.ok(unknown.length > 0);
  const sent = cells.filter((cell) => cell.afterDot).map((cell) => cell.point.split(" ", 1)[0]);
  assert.deepEqual(new Set(sent), new Set(["dot", "BDAT", "LAST"]));
});

test("client: every session ends, and leaves neither a timer nor a connection nor a secret", () => {
  assert.equal(cells.length, WORLDS.reduce((sum, { points }) => sum + points.length, 0) * ANSWERS.length);
  for (const { result } of cells) assert.doesNotMatch(result, /STILL OPEN|TIMERS LEFT|s3cret/);
});
