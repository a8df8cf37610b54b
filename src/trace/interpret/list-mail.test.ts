import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { interpretTrace } from "./interpret.ts";
import type { Path } from "./types.ts";

const read = (name: string): Uint8Array =>
  readFileSync(new URL(`../../../test/corpus/received/${name}`, import.meta.url));

/** One line a hop, oldest first: from, to, channel, authentication, seconds after the hop before. */
function lines({ hops }: Path): string[] {
  return hops.toReversed().map((hop) => {
    const from = hop.from?.rdns ?? hop.from?.helo ?? "-";
    const cipher = hop.tls.cipherIana === undefined ? "" : ` ${hop.tls.cipherIana}`;
    return `${from} > ${hop.by?.name}: ${hop.tls.state}${cipher}, ${hop.auth.state}, ${hop.delay.seconds ?? "-"} s, ${hop.trust}`;
  });
}

test("interpretTrace reads the four hops of the list message of 2019, with our hosts known", () => {
  const path = interpretTrace(read("ietf-list-2019.eml"), { ours: ["ietfa.amsl.com", "4.31.198.44"] });
  assert.deepEqual(lines(path), [
    "- > smtp.spodhuis.org: tls TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, authenticated, - s, claimed",
    "smtp.spodhuis.org > ietfa.amsl.com: tls TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, none, 3 s, neighbour",
    "mail.ietf.org > localhost: unknown, unknown, 6 s, ours",
    "localhost > ietfa.amsl.com: local, none, 4 s, ours",
  ]);
  assert.deepEqual(path.submission, { index: 3, how: "authenticated" });
  assert.equal(path.trustBoundaryIndex, 2);
  assert.deepEqual(path.weakestTls, {
    facts: { index: 1, strength: "unknown" },
    claims: { index: 3, strength: "tls" },
  });
  assert.deepEqual(path.allTls, { facts: "unknown", claims: "yes" });
  assert.equal(path.totalDelay.seconds, 13);
  assert.deepEqual(
    path.marks.map(({ field, addedBy, trust, domain }) => [field, addedBy, trust, domain]),
    [
      ["authentication-results", 1, "ours", "ietfa.amsl.com"],
      ["dkim-signature", 3, "claimed", "spodhuis.org"],
      ["dkim-signature", 3, "claimed", "spodhuis.org"],
    ],
  );
});

test("interpretTrace reads the six hops of the list message of 2020 and flags the anonymous cipher", () => {
  const path = interpretTrace(read("ietf-list-2020.eml"));
  assert.deepEqual(lines(path), [
    "108-221-180-15.lightspeed.knvltn.sbcglobal.net > mail.messagingengine.com: cleartext, authenticated, - s, claimed",
    "mailfrontend1 > compute4.internal: unknown, unknown, 1 s, claimed",
    "compute4.nyi.internal > mailout.nyi.internal: unknown, none, 0 s, claimed",
    "out2-smtp.messagingengine.com > ietfa.amsl.com: tls TLS_ECDH_anon_WITH_AES_256_CBC_SHA, none, 0 s, claimed",
    "mail.ietf.org > localhost: unknown, unknown, 1 s, claimed",
    "localhost > ietfa.amsl.com: local, none, 2 s, ours",
  ]);
  assert.deepEqual(
    path.hops.filter((hop) => hop.contradictions.includes("TLS_WEAK")).map((hop) => [hop.index, hop.tls.weaknesses]),
    [[2, ["anonymous"]]],
  );
  assert.deepEqual(path.submission, { index: 5, how: "authenticated" });
  assert.deepEqual(path.weakestTls, { facts: null, claims: { index: 5, strength: "cleartext" } });
  assert.deepEqual(path.hops[5]?.basis.tls, { source: "convention", confidence: "inferred" });
});
