import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mint } from "../../test/support/mint.ts";
import type { Answer, DnsName, RecordType, RecordTypes, Resolver } from "../dns/mod.ts";
import { domain } from "../mail/mod.ts";
import { namePattern } from "../policy/mod.ts";
import { peerNames } from "../tls/mod.ts";
import { type Checked, checkPublication } from "./check.ts";
import { lookAt } from "./look.ts";
import { stateOf } from "./state.ts";
import { recordsFor } from "./records.ts";
import type { Publication } from "./types.ts";

const HOST = "mx1.rook.example";
const { der, spki } = mint({ names: [HOST, "mta-sts.rook.example"] });
const names = peerNames(der);
assert.ok(names.ok);
const PUBLICATION: Publication = {
  domain: domain("rook.example"),
  hostname: domain(HOST),
  ports: [25],
  sts: { mode: "enforce", maxAge: 86_400_000, mx: [namePattern(domain(HOST))] },
  tlsRpt: ["mailto:tls@rook.example"],
  certificates: [
    {
      file: "mx1.pem",
      names: names.value,
      keyType: "ec",
      chain: [der],
      spki,
      notBefore: Date.UTC(2026, 0, 1),
      notAfter: Date.UTC(2036, 0, 1),
      selfIssued: false,
    },
  ],
};
const NOW = Date.UTC(2026, 2, 3);

/** Answers every question by what `answer` makes of it. */
function answering(answer: (question: string) => object): Resolver {
  return {
    async query<T extends RecordType>(name: DnsName, type: T): Promise<Answer<RecordTypes[T]>> {
      return { name, chain: [], ...answer(`${name} ${type}`) } as unknown as Answer<RecordTypes[T]>;
    },
  };
}

async function check(
  resolver: Resolver,
  { dnssecOff, publication = PUBLICATION }: { dnssecOff?: string; publication?: Publication } = {},
): Promise<Checked> {
  const seen = await lookAt(publication, { resolver });
  for (const record of recordsFor(publication, [HOST])) stateOf(record, seen);
  return checkPublication(publication, seen, { now: NOW, ...(dnssecOff === undefined ? {} : { dnssecOff }) });
}

test("checkPublication: where DNSSEC cannot be judged, nothing is said of it but that", async () => {
  const resolver = answering((question) =>
    question === "rook.example MX"
      ? { kind: "data", security: "insecure", records: [{ preference: 10, exchange: HOST }] }
      : question === `${HOST} A`
        ? { kind: "data", security: "insecure", records: ["192.0.2.1"] }
        : { kind: "nodata", security: "insecure" },
  );
  const codes = (checked: Checked): readonly string[] => checked.findings.map(({ code }) => code);
  const judged = await check(resolver);
  assert.deepEqual(codes(judged), ["sts-missing", "policy-host-missing", "not-signed", "tlsrpt-missing"]);
  assert.deepEqual(judged.unknown, []);
  const unjudged = await check(resolver, { dnssecOff: "signatures are stripped" });
  assert.deepEqual(codes(unjudged), ["sts-missing", "policy-host-missing", "tlsrpt-missing"]);
  assert.deepEqual(unjudged.unknown, [{ record: "DNSSEC and TLSA", detail: "signatures are stripped" }]);
});

test("checkPublication: without a policy of ours, too, a bogus _mta-sts is told", async () => {
  const resolver = answering((question) =>
    question === "_mta-sts.rook.example TXT"
      ? { kind: "failure", cause: "bogus", detail: "a signature is wrong" }
      : { kind: "nodata", security: "secure" },
  );
  const { sts: _sts, ...publication } = PUBLICATION;
  const { findings } = await check(resolver, { publication });
  assert.deepEqual(
    findings.map(({ code, record }) => `${code} ${record}`),
    ["mx-missing rook.example MX", "bogus _mta-sts.rook.example TXT", "tlsrpt-missing _smtp._tls.rook.example TXT"],
  );
});

test("checkPublication: hosts that were not looked at are unknown, never right", async () => {
  const many = Array.from({ length: 30 }, (_, at) => ({
    preference: at,
    exchange: at === 0 ? HOST : `b${at}.example`,
  }));
  const resolver = answering((question) =>
    question === "rook.example MX"
      ? { kind: "data", security: "secure", records: many }
      : { kind: "nodata", security: "secure" },
  );
  assert.deepEqual((await check(resolver)).unknown, [
    { record: "rook.example MX", detail: "10 of its hosts were not looked at" },
  ]);
});

test("checkPublication: a certificate is judged by both of its dates", async () => {
  const resolver = answering((question) =>
    question === "rook.example MX"
      ? { kind: "data", security: "secure", records: [{ preference: 10, exchange: HOST }] }
      : { kind: "nodata", security: "secure" },
  );
  const day = 86_400_000;
  const codes = async (notBefore: number, notAfter: number): Promise<readonly string[]> => {
    const certificates = PUBLICATION.certificates.map((one) => ({ ...one, notBefore, notAfter }));
    const { findings } = await check(resolver, { publication: { ...PUBLICATION, certificates } });
    return findings.flatMap(({ code }) => (code.startsWith("certificate-") ? [code] : []));
  };
  assert.deepEqual(
    [
      await codes(NOW - 10 * day, NOW + 10 * day),
      await codes(NOW - 10 * day, NOW + day),
      await codes(NOW - 10 * day, NOW - 1),
      await codes(NOW + 1, NOW + 10 * day),
    ],
    [[], ["certificate-expiring"], ["certificate-expired"], ["certificate-early"]],
  );
});

const text = fc.oneof(fc.string(), fc.constantFrom("v=STSv1; id=1;", "v=TLSRPTv1; rua=mailto:a@b", "v=STSv1;"));
const records: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  MX: fc.record({
    preference: fc.nat(9),
    exchange: fc.oneof(fc.constantFrom(HOST, "", "192.0.2.1", "b.example"), fc.string()),
  }),
  TXT: text,
  TLSA: fc.record({
    usage: fc.nat(4),
    selector: fc.nat(2),
    matching: fc.nat(3),
    data: fc.oneof(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ maxLength: 70 }),
      fc.constant(spki),
    ),
  }),
  A: fc.constant("192.0.2.1"),
  AAAA: fc.constant("2001:db8::1"),
};
const security = fc.constantFrom("secure", "insecure");
const failure = fc.record({
  kind: fc.constant("failure"),
  cause: fc.constantFrom("bogus", "unavailable"),
  detail: fc.constant("it failed"),
});
function answerTo(type: string): fc.Arbitrary<{ kind: string; cause?: string }> {
  return fc.oneof(
    fc.record({
      kind: fc.constant("data"),
      security,
      records: fc.array(records[type] ?? fc.constant(""), { minLength: 1, maxLength: 3 }),
      expires: fc.constantFrom(NOW + 1000, NOW + 90_000_000),
    }),
    fc.record({ kind: fc.constantFrom("nodata", "nxdomain"), security }),
    failure,
  );
}

const QUESTIONS = [
  "rook.example MX",
  `${HOST} A`,
  `${HOST} AAAA`,
  `_25._tcp.${HOST} TLSA`,
  "_mta-sts.rook.example TXT",
  "mta-sts.rook.example A",
  "mta-sts.rook.example AAAA",
  "_smtp._tls.rook.example TXT",
];
const worlds = fc.tuple(...QUESTIONS.map((question) => answerTo(question.split(" ")[1] ?? "")));

test("checkPublication: a failure is never read as an absence, and is never passed over", async () => {
  const absences = new Set([
    "mx-missing",
    "host-missing",
    "tlsa-missing",
    "sts-missing",
    "policy-host-missing",
    "tlsrpt-missing",
  ]);
  await fc.assert(
    fc.asyncProperty(worlds, async (answers) => {
      const world = new Map<string, { readonly kind: string; readonly cause?: string }>(
        QUESTIONS.map((question, at) => [question, answers[at] ?? assert.fail()]),
      );
      const resolver = answering((question) => world.get(question) ?? { kind: "nodata", security: "secure" });
      const { findings, unknown } = await check(resolver);
      for (const [question, answer] of world) {
        if (answer.kind !== "failure") continue;
        const [owner = ""] = question.split(" ");
        const about = (record: string): boolean => record.startsWith(`${owner} `);
        const told = findings.filter(({ record }) => about(record));
        assert.ok(!told.some(({ code }) => absences.has(code)), question);
        // What the MX answer does not name is not looked into.
        if (owner.includes(HOST)) continue;
        const heard =
          answer.cause === "bogus"
            ? told.some(({ code }) => code === "bogus")
            : unknown.some(({ record }) => about(record));
        assert.ok(heard, `${question} ${String(answer.cause)}`);
      }
    }),
    { numRuns: 1500 },
  );
});
