import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { playAttacks, tellAttacks } from "./attacks.ts";

test("demo: five situations under ten policies, each told in words that fit the screen", async () => {
  const attacks = await playAttacks();
  assert.deepEqual(
    attacks.filter(({ asExpected }) => !asExpected),
    [],
  );
  const verdicts = (policy: string): string =>
    attacks.flatMap((one) => (one.policy === policy ? [one.verdict] : [])).join(" ");
  assert.equal(verdicts("P0"), "C C C C C");
  assert.equal(verdicts("P1"), "U C I I I");
  assert.equal(verdicts("P5c"), "S D D D I");
  assert.equal(verdicts("P6"), "S D D D D");
  assert.equal(attacks.length, 50);
  const text = stripVTControlCharacters(tellAttacks(attacks, 100));
  assert.deepEqual(
    text.split("\n").filter((line) => line.length > 100),
    [],
  );
  assert.match(text, /^ {2}✓ TLS is hidden {8}kept back and tried again later: the host offers no STARTTLS$/m);
  const words = text.replaceAll(/\s+/g, " ");
  assert.ok(words.includes("mx.evil.example is not among the MX names of the MTA-STS policy of pine.example"));
  assert.match(text, /DANE: 0/);
});
