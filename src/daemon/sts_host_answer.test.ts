import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { answerPolicyRequest, type PolicyAsked } from "./sts_host_answer.ts";

const PATH = "/.well-known/mta-sts.txt";
const HOST = "mta-sts.rook.example";
const POLICY = "version: STSv1\r\n";
const policyOf = (domain: string): string | undefined => (domain === "rook.example" ? POLICY : undefined);

function status(method: string, target: string, hosts: readonly string[], servername?: string | null): number {
  const asked: PolicyAsked = {
    method,
    target,
    hosts,
    ...(servername === undefined ? {} : { secured: { servername: servername ?? undefined } }),
  };
  return answerPolicyRequest(asked, policyOf).status;
}

test("answerPolicyRequest: one document, for the host of the handshake alone (RFC 8461 §3.3, §7.1)", () => {
  const table: readonly (readonly [string, string, readonly string[], string | null | undefined, number])[] = [
    ["GET", PATH, [HOST], HOST, 200],
    ["HEAD", PATH, [HOST], HOST, 200],
    ["GET", PATH, ["MTA-STS.Rook.Example"], "mta-sts.rook.EXAMPLE", 200],
    ["GET", PATH, [`${HOST}:443`], HOST, 200],
    ["GET", PATH, [`${HOST}.`], HOST, 200],
    ["GET", PATH, [HOST], undefined, 200],
    ["GET", `https://${HOST}${PATH}`, ["mta-sts.pine.example"], HOST, 200],
    ["GET", `HTTP://${HOST}:8080${PATH}`, ["x"], undefined, 200],
    ["GET", PATH, [HOST], null, 421],
    ["GET", PATH, [HOST], "mta-sts.pine.example", 421],
    ["GET", PATH, ["mta-sts.pine.example"], HOST, 421],
    ["GET", `https://mta-sts.pine.example${PATH}`, [HOST], HOST, 421],
    ["GET", PATH, ["mta-sts.pine.example"], "mta-sts.pine.example", 404],
    ["GET", PATH, ["rook.example"], "rook.example", 404],
    ["GET", PATH, ["mta-sts.mta-sts.rook.example"], undefined, 404],
    ["GET", PATH, ["mta-sts.a.rook.example"], undefined, 404],
    ["GET", "/", [HOST], HOST, 404],
    ["GET", `${PATH}?x`, [HOST], HOST, 404],
    ["GET", `${PATH}/`, [HOST], HOST, 404],
    ["GET", `/x/..${PATH}`, [HOST], HOST, 404],
    ["GET", "/.well-known/%6dta-sts.txt", [HOST], HOST, 404],
    ["GET", "https://mta-sts.rook.example", [HOST], HOST, 404],
    ["GET", "*", [HOST], HOST, 404],
    ["POST", PATH, [HOST], HOST, 405],
    ["OPTIONS", PATH, [HOST], HOST, 405],
    ["DELETE", "/", [HOST], HOST, 404],
    ["GET", PATH, [], HOST, 400],
    ["GET", PATH, [HOST, HOST], HOST, 400],
    ["GET", PATH, [""], HOST, 400],
    ["GET", PATH, [`${HOST}:x`], HOST, 400],
    ["GET", PATH, [`user@${HOST}`], HOST, 400],
    ["GET", PATH, ["[::1]"], undefined, 400],
  ];
  assert.deepEqual(
    table.map(([method, target, hosts, servername]) => status(method, target, hosts, servername)),
    table.map((row) => row[4]),
  );
});

test("answerPolicyRequest: whatever is asked, only the one document comes out, and only for its host", () => {
  const word = fc.oneof(fc.string(), fc.constantFrom(PATH, HOST, "GET", "HEAD", `https://${HOST}${PATH}`));
  fc.assert(
    fc.property(word, word, fc.array(word, { maxLength: 2 }), fc.option(word), (method, target, hosts, servername) => {
      const found = answerPolicyRequest(
        { method, target, hosts, secured: { servername: servername ?? undefined } },
        policyOf,
      );
      if (found.status !== 200) return found.body !== POLICY;
      return (method === "GET" || method === "HEAD") && servername?.toLowerCase() === HOST && target.endsWith(PATH);
    }),
    { numRuns: 2000 },
  );
});
