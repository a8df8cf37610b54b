import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, suite, test } from "node:test";
import { lookAtPublication, publicationOf } from "../../../src/daemon/publication.ts";
import { MAIN } from "../../support/hopseal.ts";
import { needs } from "../../support/programs.ts";
import { type Ran, runProgram } from "./_house.ts";
import { HOSTED, type Mistake, OLD_POLICY, type PlacedMistake, type PublishedWorld, publishedWorld } from "./_world.ts";

const A32 = "ab".repeat(32);
const TLSA = "_25._tcp.mx1.% TLSA";
const POLICY = "version: STSv1 / mode: enforce / mx: mx1.% / max_age: 1209600";
const FILE = "https://mta-sts.%/.well-known/mta-sts.txt";
const WANTED = "3 1 1 KEY, 3 1 1 NEXT";

/** What a postmaster gets wrong, and everything that `hopseal config dns` then says. */
const TABLE: readonly (readonly [Mistake, readonly string[]])[] = [
  [{ name: "everything is right" }, []],
  [{ name: "no MX record", dns: { mx: null } }, ["error mx-missing % MX: nothing -> 10 mx1.%."]],
  [{ name: "a null MX (RFC 7505 §3)", dns: { mx: "%. MX 0 ." } }, ["error mx-null % MX: 0 . -> 10 mx1.%."]],
  [
    { name: "the MX record names another host", dns: { mx: ["%. MX 10 other.%.", "other.%. A 192.0.2.9"] } },
    ["error mx-not-us % MX: 10 other.%. -> 10 mx1.%.", "error mx-not-in-policy other.% MX: mx: mx1.% -> mx: other.%"],
  ],
  [
    {
      name: "the MX record names an alias (RFC 5321 §5.1)",
      certificates: [{ names: ["mx1.%", "mail.%", "mta-sts.%"] }],
      dns: {
        mx: [
          "%. MX 10 mail.%.",
          "mail.%. CNAME mx1.%.",
          "_25._tcp.mail.%. TLSA 3 1 1 KEY",
          "_25._tcp.mail.%. TLSA 3 1 1 NEXT",
        ],
      },
    },
    [
      "error mx-alias % MX: mail.%., an alias of mx1.%. -> mx1.%.",
      "error mx-not-in-policy mail.% MX: mx: mx1.% -> mx: mail.%",
    ],
  ],
  [
    { name: "the MX record names an address", dns: { mx: ["%. MX 10 mx1.%.", "%. MX 20 192.0.2.1."] } },
    [
      "error mx-address % MX: 192.0.2.1 -> the name of a host",
      "error mx-not-in-policy 192.0.2.1 MX: mx: mx1.% -> mx: 192.0.2.1",
    ],
  ],
  [
    { name: "the final dot was forgotten", dns: { mx: "%. MX 10 mx1.%.%." } },
    [
      "error mx-not-us % MX: 10 mx1.%.%. -> 10 mx1.%.",
      "error host-missing mx1.%.% A/AAAA: nothing -> the addresses of the host",
      "error mx-not-in-policy mx1.%.% MX: mx: mx1.% -> mx: mx1.%.%",
    ],
  ],
  [
    { name: "the host has no address", dns: { host: null } },
    ["error host-missing mx1.% A/AAAA: nothing -> the addresses of the host"],
  ],
  [
    { name: "an unsigned zone without TLSA", plain: true, dns: { tlsa: null, next: null } },
    ["warning not-signed % MX: not signed -> a zone signed with DNSSEC"],
  ],
  [
    { name: "TLSA records in an unsigned zone", plain: true },
    [
      `error tlsa-not-signed ${TLSA}: 3 1 1 KEY, 3 1 1 NEXT -> the same in a signed zone`,
      "warning not-signed % MX: not signed -> a zone signed with DNSSEC",
    ],
  ],
  [
    {
      name: "the host is in a signed zone, the domain is not",
      plain: true,
      hostname: "mx.example",
      dns: { mx: "%. MX 10 mx.example.", host: null, tlsa: null, next: null },
      certificates: [{ names: ["mx.example", "mta-sts.%"] }],
    },
    ["warning not-signed % MX: not signed -> a zone signed with DNSSEC"],
  ],
  [
    {
      name: "the host is in an unsigned zone",
      hostname: "mx.plain",
      dns: { mx: "%. MX 10 mx.plain.", host: null, tlsa: null, next: null },
      certificates: [{ names: ["mx.plain", "mta-sts.%"] }],
    },
    ["warning host-not-signed mx.plain A/AAAA: not signed -> a zone signed with DNSSEC"],
  ],
  [{ name: "no TLSA", dns: { tlsa: null, next: null } }, [`error tlsa-missing ${TLSA}: nothing -> ${WANTED}`]],
  [
    { name: "TLSA at the wrong port", dns: { tlsa: "_465._tcp.mx1.%. TLSA 3 1 1 KEY", next: null } },
    [`error tlsa-misplaced ${TLSA}: records at _465._tcp.mx1.% -> ${WANTED}`],
  ],
  [
    { name: "TLSA at the mail domain, not at the host", dns: { tlsa: "_25._tcp.%. TLSA 3 1 1 KEY", next: null } },
    [`error tlsa-misplaced ${TLSA}: records at _25._tcp.% -> ${WANTED}`],
  ],
  [
    { name: "TLSA of no key of ours", dns: { tlsa: `_25._tcp.mx1.%. TLSA 3 1 1 ${A32}` } },
    [`error tlsa-mismatch ${TLSA}: 3 1 1 NEXT, 3 1 1 ${A32} -> 3 1 1 KEY`],
  ],
  [
    {
      name: "the digest of the certificate under the selector of the key",
      dns: { tlsa: "_25._tcp.mx1.%. TLSA 3 1 1 CERT" },
    },
    [`error tlsa-mismatch ${TLSA}: 3 1 1 CERT, 3 1 1 NEXT -> 3 1 1 KEY`],
  ],
  [
    { name: "TLSA of a key that is gone stays beside the new one", dns: { old: `_25._tcp.mx1.%. TLSA 3 1 1 ${A32}` } },
    [`warning tlsa-stale ${TLSA}: 3 1 1 ${A32} -> no such record`],
  ],
  [
    {
      name: "a stronger digest of another key beside the right one (RFC 7671 §9)",
      dns: { old: `_25._tcp.mx1.%. TLSA 3 1 2 ${A32}${A32}` },
    },
    [`error tlsa-mismatch ${TLSA}: 3 1 1 KEY, 3 1 1 NEXT, 3 1 2 ${A32}${A32} -> 3 1 1 KEY`],
  ],
  [
    { name: "DANE-TA alone, and the CA is sent", dns: { tlsa: "_25._tcp.mx1.%. TLSA 2 1 1 ANCHOR" }, nextKey: "none" },
    [
      `warning tlsa-stale ${TLSA}: 3 1 1 NEXT -> no such record`,
      `advice tlsa-fragile ${TLSA}: 2 1 1 ANCHOR, 3 1 1 NEXT -> 3 1 1 KEY`,
    ],
  ],
  [
    {
      name: "DANE-TA alone, and the CA is not sent",
      dns: { tlsa: `_25._tcp.mx1.%. TLSA 2 1 1 ${A32}`, next: null },
      nextKey: "none",
    },
    [`error tlsa-ta-not-sent ${TLSA}: 2 1 1 ${A32} -> 3 1 1 KEY`],
  ],
  [
    { name: "the record names the certificate", dns: { tlsa: "_25._tcp.mx1.%. TLSA 3 0 1 CERT" } },
    [`advice tlsa-fragile ${TLSA}: 3 0 1 CERT, 3 1 1 NEXT -> 3 1 1 KEY`],
  ],
  [
    {
      name: "a usage that is not for SMTP",
      dns: { tlsa: "_25._tcp.mx1.%. TLSA 1 1 1 KEY", next: null },
      nextKey: "none",
    },
    [`error tlsa-pkix ${TLSA}: 1 1 1 KEY -> 3 1 1 KEY`],
  ],
  [
    {
      name: "a digest that is cut short",
      dns: { tlsa: `_25._tcp.mx1.%. TLSA 3 1 1 ${A32.slice(2)}`, next: null },
      nextKey: "none",
    },
    [`error tlsa-unusable ${TLSA}: 3 1 1 ${A32.slice(2)} -> 3 1 1 KEY`],
  ],
  [
    { name: "the next key is not published", dns: { next: null } },
    [`warning tlsa-next-missing ${TLSA}: no record for it -> 3 1 1 NEXT`],
  ],
  [
    { name: "the next key is in use already", dns: { next: null }, nextKey: "same" },
    [`advice next-key-in-use ${TLSA}: %-0.key -> a key that is not in use`],
  ],
  [
    {
      name: "a TTL of a day",
      dns: { tlsa: "_25._tcp.mx1.%. 86400 TLSA 3 1 1 KEY", next: "_25._tcp.mx1.%. 86400 TLSA 3 1 1 NEXT" },
    },
    [`advice tlsa-ttl ${TLSA}: a TTL of 24 h or more -> a TTL of 3600`],
  ],
  [
    {
      name: "who asks for no name sees a certificate without a record (RFC 7672 §8.1)",
      certificates: [{ names: ["www.%"] }, { names: ["mx1.%", "mta-sts.%"] }],
      dns: { tlsa: "_25._tcp.mx1.%. TLSA 3 1 1 SECOND", next: null },
      nextKey: "none",
    },
    [`error tlsa-mismatch ${TLSA}: 3 1 1 SECOND -> 3 1 1 KEY`],
  ],
  [
    { name: "no _mta-sts record", dns: { sts: null } },
    ["error sts-missing _mta-sts.% TXT: nothing -> v=STSv1; id=ID;"],
  ],
  [
    { name: "two _mta-sts records", dns: { old: '_mta-sts.%. TXT "v=STSv1; id=20250101;"' } },
    ["error sts-several _mta-sts.% TXT: v=STSv1; id=20250101;, v=STSv1; id=ID; -> v=STSv1; id=ID;"],
  ],
  [
    { name: "an id with a hyphen", dns: { sts: '_mta-sts.%. TXT "v=STSv1; id=2025-01-01;"' } },
    ["error sts-invalid _mta-sts.% TXT: v=STSv1; id=2025-01-01; -> v=STSv1; id=ID;"],
  ],
  [
    { name: "the policy has changed, the id has not", dns: { sts: '_mta-sts.%. TXT "v=STSv1; id=OLDID;"' } },
    ["error sts-id _mta-sts.% TXT: v=STSv1; id=OLDID; -> v=STSv1; id=ID;"],
  ],
  [
    { name: "the id has changed, the policy is the old one", served: OLD_POLICY },
    [`error policy-differs ${FILE}: version: STSv1 / mode: testing / mx: old.example / max_age: 86400 -> ${POLICY}`],
  ],
  [
    {
      name: "record and policy are the old ones",
      dns: { sts: '_mta-sts.%. TXT "v=STSv1; id=OLDID;"' },
      served: OLD_POLICY,
    },
    [
      "error sts-id _mta-sts.% TXT: v=STSv1; id=OLDID; -> v=STSv1; id=ID;",
      `error policy-differs ${FILE}: version: STSv1 / mode: testing / mx: old.example / max_age: 86400 -> ${POLICY}`,
    ],
  ],
  [
    { name: "the policy host has no address", dns: { policyHost: null } },
    ["error policy-host-missing mta-sts.% A/AAAA: nothing -> the addresses of the policy host"],
  ],
  [
    { name: "the policy host has no certificate for its name", certificates: [{ names: ["mx1.%"] }] },
    [`error policy-certificate ${FILE}: the certificate is not for mta-sts.% -> ${POLICY}`],
  ],
  [
    { name: "the policy host does not know the policy", served: null },
    [`error policy-unreachable ${FILE}: the policy host answered 404 -> ${POLICY}`],
  ],
  [
    { name: "what is served is no policy", served: "version: STSv1\r\nmode: Enforce\r\n" },
    [`error policy-invalid ${FILE}: version: STSv1 / mode: Enforce -> ${POLICY}`],
  ],
  [
    {
      name: "a backup MX that the policy does not name",
      dns: { backup: ["%. MX 20 backup.%.", "backup.%. A 192.0.2.2"] },
    },
    ["error mx-not-in-policy backup.% MX: mx: mx1.% -> mx: backup.%"],
  ],
  [
    {
      name: "the same while the policy is tested",
      domain: HOSTED.replace("enforce", "testing"),
      dns: { backup: ["%. MX 20 backup.%.", "backup.%. A 192.0.2.2"] },
    },
    ["warning mx-not-in-policy backup.% MX: mx: mx1.% -> mx: backup.%"],
  ],
  [
    {
      name: "a policy of mode none keeps nobody away (RFC 8461 §8.3)",
      domain: HOSTED.replace("enforce", "none"),
      certificates: [{ names: ["mail.%", "mta-sts.%"] }],
      dns: { backup: ["%. MX 20 backup.%.", "backup.%. A 192.0.2.2"] },
    },
    [],
  ],
  [
    {
      name: "what is served has another max_age",
      served: "version: STSv1\nmode: enforce\nmx: mx1.%\nmax_age: 1209601\n",
    },
    [`error policy-differs ${FILE}: version: STSv1 / mode: enforce / mx: mx1.% / max_age: 1209601 -> ${POLICY}`],
  ],
  [
    {
      name: "the certificate is not for the host, while the policy is tested",
      domain: HOSTED.replace("enforce", "testing"),
      certificates: [{ names: ["mail.%", "mta-sts.%"] }],
    },
    ["warning certificate-name mx1.% certificate: mail.%, mta-sts.% -> mx1.%"],
  ],
  [
    { name: "the certificate is not for the host", certificates: [{ names: ["mail.%", "mta-sts.%"] }] },
    ["error certificate-name mx1.% certificate: mail.%, mta-sts.% -> mx1.%"],
  ],
  [
    {
      name: "a self-issued certificate with an enforced policy",
      certificates: [{ names: ["mx1.%"], kind: "self-issued" }, { names: ["mta-sts.%"] }],
    },
    ["error certificate-self-issued mx1.% certificate: %-0.pem -> a certificate of a public CA"],
  ],
  [
    { name: "an expired certificate", certificates: [{ names: ["mx1.%"], kind: "expired" }, { names: ["mta-sts.%"] }] },
    [
      "error certificate-expired %-0.pem certificate: END -> a renewed certificate, with the same key where TLSA records name it",
    ],
  ],
  [
    {
      name: "a certificate in its last days",
      certificates: [{ names: ["mx1.%"], kind: "expiring" }, { names: ["mta-sts.%"] }],
    },
    [
      "warning certificate-expiring %-0.pem certificate: END -> a renewed certificate, with the same key where TLSA records name it",
    ],
  ],
  [
    { name: "no TLSRPT record", dns: { rpt: null } },
    ["warning tlsrpt-missing _smtp._tls.% TXT: nothing -> v=TLSRPTv1; rua=mailto:tls@%"],
  ],
  [
    { name: "two TLSRPT records", dns: { old: '_smtp._tls.%. TXT "v=TLSRPTv1; rua=mailto:old@%"' } },
    [
      "error tlsrpt-several _smtp._tls.% TXT: v=TLSRPTv1; rua=mailto:old@%, v=TLSRPTv1; rua=mailto:tls@% -> v=TLSRPTv1; rua=mailto:tls@%",
    ],
  ],
  [
    { name: "a TLSRPT record without a scheme", dns: { rpt: '_smtp._tls.%. TXT "v=TLSRPTv1; rua=tls@%"' } },
    ["error tlsrpt-invalid _smtp._tls.% TXT: v=TLSRPTv1; rua=tls@% -> v=TLSRPTv1; rua=mailto:tls@%"],
  ],
  [
    {
      name: "a TLSRPT record that steers the terminal",
      dns: { rpt: '_smtp._tls.%. TXT "v=TLSRPTv1; rua=\\027[31mx"' },
    },
    ["error tlsrpt-invalid _smtp._tls.% TXT: v=TLSRPTv1; rua=\u001b[31mx -> v=TLSRPTv1; rua=mailto:tls@%"],
  ],
  [
    { name: "reports go elsewhere", dns: { rpt: '_smtp._tls.%. TXT "v=TLSRPTv1;rua=https://r.example/v1"' } },
    ["warning tlsrpt-differs _smtp._tls.% TXT: v=TLSRPTv1;rua=https://r.example/v1 -> v=TLSRPTv1; rua=mailto:tls@%"],
  ],
  [
    { name: "neither MTA-STS nor TLS reports are wanted", domain: "", dns: { sts: null, rpt: null } },
    [
      "advice sts-none _mta-sts.% TXT: nothing -> a policy",
      "advice tlsrpt-none _smtp._tls.% TXT: nothing -> v=TLSRPTv1; rua=mailto:…",
    ],
  ],
  [
    { name: "an _mta-sts record that nobody meant", domain: 'tls_rpt = "mailto:tls@%"\n' },
    ["warning sts-unwanted _mta-sts.% TXT: v=STSv1; id=ID; -> [domain.mta_sts], or no record"],
  ],
  [{ name: "a bogus MX answer", bogus: "% MX" }, ["error bogus % MX: WHY -> signatures that hold"]],
  [{ name: "bogus TLSA records", bogus: "_25._tcp.mx1.% TLSA" }, [`error bogus ${TLSA}: WHY -> signatures that hold`]],
  [
    { name: "bogus addresses of the policy host", bogus: "mta-sts.% A" },
    ["error bogus mta-sts.% A/AAAA: WHY -> signatures that hold"],
  ],
  [
    { name: "a bogus _mta-sts record", bogus: "_mta-sts.% TXT" },
    ["error bogus _mta-sts.% TXT: WHY -> signatures that hold"],
  ],
  [
    { name: "DNS does not answer", silent: true },
    ["unknown % MX", "unknown _mta-sts.% TXT", "unknown mta-sts.% A/AAAA", "unknown _smtp._tls.% TXT"],
  ],
];

suite("hopseal config dns over a signed private Internet", { skip: needs("nsd", "unbound", "ldns-signzone") }, () => {
  const stack = new AsyncDisposableStack();
  let world: PublishedWorld;

  before(async () => {
    world = stack.use(await publishedWorld(TABLE.map(([mistake]) => mistake)));
  });
  after(async () => await stack.disposeAsync());

  test("every mistake is found, and nothing else is said", async () => {
    const told = await Promise.all(
      world.places.map(async ({ mistake, config, short }) => {
        const publication = await publicationOf(config, config.domain[0] ?? assert.fail(), [25]);
        const { findings, unknown } = await lookAtPublication(config, publication, { fetch: true });
        return [
          mistake.name,
          [
            ...findings.map(
              ({ severity, code, record, there, should }) =>
                `${severity} ${code} ${short(record)}: ${wording(code, short(there))} -> ${short(should)}`,
            ),
            ...unknown.map(({ record }) => short(`unknown ${record}`)),
          ],
        ];
      }),
    );
    assert.deepEqual(
      told,
      TABLE.map(([{ name }, expected]) => [name, expected]),
    );
  });

  function place(name: string): PlacedMistake {
    return world.places.find(({ mistake }) => mistake.name === name) ?? assert.fail(name);
  }

  async function hopseal(at: PlacedMistake, ...more: readonly string[]): Promise<Ran> {
    return await runProgram(process.execPath, [MAIN, "config", "dns", at.domain, "-c", at.configFile, ...more]);
  }

  test("the command ends with 0, 1, 75 or 2, and says what is there and what should be", async () => {
    const right = place("everything is right");
    const good = await hopseal(right);
    assert.deepEqual([good.status, good.complaints], [0, ""]);
    assert.deepEqual(right.short(good.out).split("\n"), [
      "Records for %",
      "  published  %. MX 10 mx1.%.",
      "                 this mail host",
      '  published  _mta-sts.%. TXT "v=STSv1; id=ID;"',
      "                 there is a policy",
      "  published  mta-sts.%. A/AAAA the addresses of the host that serves the policy",
      "                 where the policy is fetched",
      "  published  _25._tcp.mx1.%. TLSA 3 1 1 KEY",
      "                 the key of %-0.pem",
      "  published  _25._tcp.mx1.%. TLSA 3 1 1 NEXT",
      "                 the next key, %-next.pub",
      '  published  _smtp._tls.%. TXT "v=TLSRPTv1; rua=mailto:tls@%"',
      "                 where TLS reports go",
      "",
      "Everything is published as it should be",
      "",
    ]);
    const missing = place("no TLSA");
    const bad = await hopseal(missing);
    assert.equal(bad.status, 1);
    assert.deepEqual(missing.short(bad.out).split("\n").slice(7), [
      "  MISSING    _25._tcp.mx1.%. TLSA 3 1 1 KEY",
      "                 the key of %-0.pem",
      "  MISSING    _25._tcp.mx1.%. TLSA 3 1 1 NEXT",
      "                 the next key, %-next.pub",
      '  published  _smtp._tls.%. TXT "v=TLSRPTv1; rua=mailto:tls@%"',
      "                 where TLS reports go",
      "",
      "error: _25._tcp.mx1.% TLSA (tlsa-missing)",
      "  Senders that use DANE do not authenticate this host",
      "  there is   nothing",
      "  should be  3 1 1 KEY, 3 1 1 NEXT",
      "",
      "1 error(s)",
      "",
    ]);
    const odd = await hopseal(place("a TLSRPT record that steers the terminal"));
    assert.match(odd.out, /\n {2}there is {3}v=TLSRPTv1; rua=\?\[31mx\n/);
    assert.equal((await hopseal(place("a TTL of a day"))).status, 0);
    assert.equal((await hopseal(place("the next key is not published"))).status, 1);
    const silent = await hopseal(place("DNS does not answer"));
    assert.equal(silent.status, 75);
    assert.match(silent.out, /\n4 unknown\n$/);
    const foreign = await runProgram(process.execPath, [MAIN, "config", "dns", "pine.example", "-c", right.configFile]);
    assert.deepEqual(
      [foreign.status, foreign.complaints],
      [2, `hopseal: There is no [[domain]] "pine.example"; there is ${right.domain}\n`],
    );
    assert.equal((await hopseal(right, "--port", "0")).status, 2);
  });

  test("--port asks for another port; --no-fetch leaves the policy host alone", async () => {
    const right = place("everything is right");
    const other = await hopseal(right, "--port", "2525", "--json");
    assert.equal(other.status, 1);
    const told = (JSON.parse(other.out) as { findings: { code: string; there: string }[] }).findings;
    assert.deepEqual(
      told.map(({ code, there }) => [code, right.short(there)]),
      [["tlsa-misplaced", "records at _25._tcp.mx1.%"]],
    );
    assert.equal((await hopseal(place("the policy host does not know the policy"), "--no-fetch")).status, 0);
  });

  test("--json has every record with its state, and every finding; --zone has the records alone", async () => {
    const at = place("record and policy are the old ones");
    const { out, status } = await hopseal(at, "--json");
    assert.equal(status, 1);
    const found = JSON.parse(at.short(out)) as Record<string, unknown> & { records: { type: string; state: string }[] };
    assert.deepEqual(Object.keys(found), ["version", "domain", "records", "findings", "unknown"]);
    assert.deepEqual(
      found.records.map(({ type, state }) => `${type} ${state}`),
      ["MX published", "TXT differs", "A/AAAA published", "TLSA published", "TLSA published", "TXT published"],
    );
    assert.deepEqual((found["findings"] as object[])[0], {
      code: "sts-id",
      severity: "error",
      record: "_mta-sts.% TXT",
      there: "v=STSv1; id=OLDID;",
      should: "v=STSv1; id=ID;",
      means:
        "The id is not that of the policy; who has stored an older policy does not learn of the new one: it is that of the older policy which is still served; serve the new one first",
    });
    const zone = await hopseal(at, "--zone");
    assert.equal(zone.status, 0);
    assert.deepEqual(at.short(zone.out).split("\n"), [
      "%. IN MX 10 mx1.%. ; this mail host",
      '_mta-sts.%. IN TXT "v=STSv1; id=ID;" ; there is a policy',
      "; mta-sts.%. A and AAAA: the addresses of the host that serves the policy",
      "_25._tcp.mx1.%. 3600 IN TLSA 3 1 1 KEY ; the key of %-0.pem",
      "_25._tcp.mx1.%. 3600 IN TLSA 3 1 1 NEXT ; the next key, %-next.pub",
      '_smtp._tls.%. IN TXT "v=TLSRPTv1; rua=mailto:tls@%" ; where TLS reports go',
      "",
    ]);
  });

  test("no form of the output holds a private key", async () => {
    const at = place("the next key is in use already");
    const key = await readFile(at.config.certificate[0]?.key ?? assert.fail(), "utf8");
    const [secret = assert.fail()] = key.split("\n").filter((line) => line.length > 40);
    const forms = [[], ["--json"], ["--zone"]];
    const runs = await Promise.all(forms.map(async (more) => ({ more, ...(await hopseal(at, ...more)) })));
    for (const { more, out, complaints } of runs) {
      assert.equal(complaints, "");
      assert.ok(out.length > 300, out);
      assert.ok(!out.includes(secret) && !out.includes("PRIVATE"), more.join(" "));
    }
  });
});

/** What differs with the day, or is the validator's to word. */
function wording(code: string, there: string): string {
  if (code === "bogus") return "WHY";
  if (code.startsWith("certificate-exp")) return "END";
  // Digests stand in their own order, their names in ours.
  return code.startsWith("tlsa-") || code.endsWith("-several") ? there.split(", ").sort().join(", ") : there;
}
