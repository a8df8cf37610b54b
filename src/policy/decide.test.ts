import assert from "node:assert/strict";
import { test } from "node:test";
import { domain, NO_DEMAND, type TlsDemand } from "../mail/mod.ts";
import { decide } from "./decide.ts";
import { explain, tlsWord, wantedWord } from "./explain.ts";
import { namePattern, parseNamePattern } from "./pattern.ts";
import type { LocalPolicy, NextHost, TlsFacts } from "./types.ts";

const NOW = Date.UTC(2026, 2, 3);
const MX: NextHost = {
  name: "mx.pine.example",
  literal: false,
  port: 25,
  mode: "starttls",
  learnt: "mx",
  mxSecurity: "insecure",
};
const wild = parseNamePattern("*.pine.example");
assert.ok(wild.ok);
const REQUIRETLS: TlsDemand = { level: "secure", mxAuthentic: "dnssec-or-sts", propagate: true, because: [] };

function facts(host: Partial<NextHost>, local?: Partial<LocalPolicy>, also?: readonly LocalPolicy[]): TlsFacts {
  return {
    destination: "pine.example",
    host: { ...MX, ...host },
    now: NOW,
    ...(local === undefined ? {} : { local: { destination: "pine.example", level: "may", ...local } }),
    ...(also === undefined ? {} : { also }),
  };
}

/** What `explain` says, the log word and the server name: the whole decision as people see it. */
const TABLE: readonly (readonly [string, TlsFacts, TlsDemand, string, readonly string[]])[] = [
  [
    "nothing is known",
    facts({}),
    NO_DEMAND,
    "may",
    [
      "require nothing; TLS when it can be had",
      "try TLS, then TLS with a small ClientHello, then plaintext; server name mx.pine.example",
      "default: nothing asks for more than opportunistic TLS (RFC 3207 §4)",
    ],
  ],
  [
    "an address has no server name",
    facts({ name: "192.0.2.1", literal: true, learnt: "literal" }),
    NO_DEMAND,
    "may",
    [
      "require nothing; TLS when it can be had",
      "try TLS, then TLS with a small ClientHello, then plaintext; no server name",
      "default: nothing asks for more than opportunistic TLS (RFC 3207 §4)",
    ],
  ],
  [
    "a local entry says encrypt",
    facts({}, { level: "encrypt" }),
    NO_DEMAND,
    "encrypt",
    [
      "require TLS, the host's identity not verified",
      "try TLS, then TLS with a small ClientHello; server name mx.pine.example",
      'local: the local entry for pine.example says "encrypt"',
    ],
  ],
  [
    "secure with the MX name agreed",
    facts({}, { level: "secure", mx: [namePattern(domain("mx.pine.example"))] }),
    NO_DEMAND,
    "secure",
    [
      "require TLS and a trusted certificate for mx.pine.example",
      "try TLS, then TLS with a small ClientHello; server name mx.pine.example",
      'local: the local entry for pine.example says "secure"',
    ],
  ],
  [
    "secure with a pattern: the certificate is still for the host",
    facts({}, { level: "secure", mx: [wild.value] }),
    NO_DEMAND,
    "secure",
    [
      "require TLS and a trusted certificate for mx.pine.example",
      "try TLS, then TLS with a small ClientHello; server name mx.pine.example",
      'local: the local entry for pine.example says "secure"',
    ],
  ],
  [
    "secure, and DNS names another host",
    facts({ name: "mx.evil.example" }, { level: "secure", mx: [wild.value] }),
    NO_DEMAND,
    "secure",
    [
      "leave this host out: mx.evil.example is not among the MX names agreed for pine.example",
      'local: the local entry for pine.example says "secure"',
      "local: mx.evil.example is not among the MX names agreed for pine.example",
    ],
  ],
  [
    "secure over an insecure MX answer with nothing agreed",
    facts({}, { level: "secure" }),
    NO_DEMAND,
    "secure",
    [
      'deliver to none of the hosts now: the MX answer for pine.example is insecure and no MX names are agreed; add "mx" to its tls_policy',
      'local: the local entry for pine.example says "secure"',
      'local: the MX answer for pine.example is insecure and no MX names are agreed; add "mx" to its tls_policy',
    ],
  ],
  [
    "secure over a secure MX answer",
    facts({ mxSecurity: "secure" }, { level: "secure" }),
    NO_DEMAND,
    "secure",
    [
      "require TLS and a trusted certificate for mx.pine.example",
      "try TLS, then TLS with a small ClientHello; server name mx.pine.example",
      'local: the local entry for pine.example says "secure"',
    ],
  ],
  [
    "secure and a fixed next hop: its name",
    facts({ name: "relay.isp.example", learnt: "configured", port: 465, mode: "implicit" }, undefined, [
      { destination: "relay.isp.example", level: "secure" },
    ]),
    NO_DEMAND,
    "secure",
    [
      "require TLS and a trusted certificate for relay.isp.example",
      "try TLS, then TLS with a small ClientHello; server name relay.isp.example",
      'local: the local entry for relay.isp.example says "secure"',
      "local: relay.isp.example port 465 takes TLS from the first octet (RFC 8314 §3)",
    ],
  ],
  [
    "implicit TLS never falls back",
    facts({ name: "relay.isp.example", learnt: "configured", port: 465, mode: "implicit" }),
    NO_DEMAND,
    "encrypt",
    [
      "require TLS, the host's identity not verified",
      "try TLS, then TLS with a small ClientHello; server name relay.isp.example",
      "local: relay.isp.example port 465 takes TLS from the first octet (RFC 8314 §3)",
    ],
  ],
  [
    "secure to an address literal",
    facts({ name: "192.0.2.1", literal: true, learnt: "literal" }, { level: "secure" }),
    NO_DEMAND,
    "secure",
    [
      "leave this host out: 192.0.2.1 is an address and has no name to verify",
      'local: the local entry for pine.example says "secure"',
      "local: 192.0.2.1 is an address and has no name to verify",
    ],
  ],
  [
    "secure without MX records: the domain's own name",
    facts({ name: "pine.example", learnt: "implicit-mx" }, { level: "secure" }),
    NO_DEMAND,
    "secure",
    [
      "require TLS and a trusted certificate for pine.example",
      "try TLS, then TLS with a small ClientHello; server name pine.example",
      'local: the local entry for pine.example says "secure"',
    ],
  ],
  [
    "secure, MX names agreed, and DNS claims there is no MX",
    facts({ name: "pine.example", learnt: "implicit-mx" }, { level: "secure", mx: [wild.value] }),
    NO_DEMAND,
    "secure",
    [
      "leave this host out: pine.example is not among the MX names agreed for pine.example",
      'local: the local entry for pine.example says "secure"',
      "local: pine.example is not among the MX names agreed for pine.example",
    ],
  ],
  [
    "an override in force says so",
    facts({}, { level: "may", override: { until: NOW + 1000 } }),
    NO_DEMAND,
    "may",
    [
      "require nothing; TLS when it can be had",
      "try TLS, then TLS with a small ClientHello, then plaintext; server name mx.pine.example",
      'local: the local entry for pine.example says "may", overriding what is published until 2026-03-03T00:00:01.000Z',
      "default: nothing asks for more than opportunistic TLS (RFC 3207 §4)",
    ],
  ],
  [
    "an override that has ended says so",
    facts({}, { level: "encrypt", override: { until: NOW } }),
    NO_DEMAND,
    "encrypt",
    [
      "require TLS, the host's identity not verified",
      "try TLS, then TLS with a small ClientHello; server name mx.pine.example",
      'local: the local entry for pine.example says "encrypt"; its override ended at 2026-03-03T00:00:00.000Z',
    ],
  ],
  [
    "REQUIRETLS over a secure MX answer (RFC 8689 §4.2.1)",
    facts({ mxSecurity: "secure" }),
    REQUIRETLS,
    "secure",
    [
      "require TLS and a trusted certificate for mx.pine.example",
      "try TLS, then TLS with a small ClientHello; server name mx.pine.example",
      "the host must advertise REQUIRETLS",
      "requiretls: the message requires TLS on every hop (RFC 8689 §4.2.1)",
    ],
  ],
  [
    "REQUIRETLS over an insecure MX answer, names agreed locally (RFC 8689 §4.2.1)",
    facts({}, { level: "secure", mx: [wild.value] }),
    REQUIRETLS,
    "secure",
    [
      "leave this host out: the MX answer that names mx.pine.example is not authenticated, which the message asks for",
      'local: the local entry for pine.example says "secure"',
      "requiretls: the message requires TLS on every hop (RFC 8689 §4.2.1)",
      "requiretls: the MX answer that names mx.pine.example is not authenticated, which the message asks for",
    ],
  ],
  [
    "the submitter asks for encryption",
    facts({}),
    { level: "encrypt", propagate: false, because: [{ source: "submitter", says: "hopseal send --tls encrypt" }] },
    "encrypt",
    [
      "require TLS, the host's identity not verified",
      "try TLS, then TLS with a small ClientHello; server name mx.pine.example",
      "submitter: hopseal send --tls encrypt",
    ],
  ],
  [
    "the submitter asks for DANE, which the host has not",
    facts({ mxSecurity: "secure" }),
    { level: "secure", by: ["dane"], propagate: false, because: [] },
    "secure",
    [
      "leave this host out: mx.pine.example has nothing that dane could verify, which the message asks for",
      "submitter: the submitter asked for it",
      "submitter: mx.pine.example has nothing that dane could verify, which the message asks for",
    ],
  ],
  [
    "TLS-Required: No lowers no local floor (RFC 8689 §4.1)",
    facts({}, { level: "encrypt" }),
    {
      level: "may",
      propagate: false,
      tlsOptional: true,
      because: [{ source: "tls-required-no", says: "the message says TLS-Required: No", rule: "RFC 8689 §4.2.2" }],
    },
    "encrypt",
    [
      "require TLS, the host's identity not verified",
      "try TLS, then TLS with a small ClientHello; server name mx.pine.example",
      'local: the local entry for pine.example says "encrypt"',
      "tls-required-no: the message says TLS-Required: No (RFC 8689 §4.2.2)",
    ],
  ],
  [
    "secure to a host whose name no certificate can carry",
    facts({ name: "mx_1.pine.example", mxSecurity: "secure" }, { level: "secure" }),
    NO_DEMAND,
    "secure",
    [
      'leave this host out: "mx_1.pine.example" is no name that a certificate can carry',
      'local: the local entry for pine.example says "secure"',
      'dns: "mx_1.pine.example" is no name that a certificate can carry',
    ],
  ],
];

for (const [name, known, demand, wanted, lines] of TABLE) {
  test(`decide: ${name}`, () => {
    const decision = decide(known, demand);
    assert.deepEqual(explain(decision), lines);
    assert.equal(wantedWord(decision), wanted);
    assert.equal(tlsWord(decision, "verify"), `${wanted}:!verify`);
  });
}

test("decide: the decision as a value, compared whole", () => {
  const floor = { kind: "authenticated", by: "webpki", names: ["mx.pine.example"] };
  assert.deepEqual(
    decide(
      facts({}, { level: "secure", mx: [wild.value] }, [{ destination: "x.example", level: "encrypt" }]),
      NO_DEMAND,
    ),
    {
      kind: "proceed",
      level: "secure",
      wanted: "secure",
      floor,
      mx: "local",
      at: NOW,
      sni: "mx.pine.example",
      keys: "ephemeral",
      ladder: [
        { kind: "tls", hello: "full" },
        { kind: "tls", hello: "small" },
      ],
      enforced: [
        { policy: { source: "local", domain: "pine.example" }, expectation: floor },
        { policy: { source: "local", domain: "x.example" }, expectation: { kind: "encrypted" } },
      ],
      observe: [],
      policies: [
        { source: "local", domain: "pine.example" },
        { source: "local", domain: "x.example" },
      ],
      because: [
        { source: "local", says: 'the local entry for pine.example says "secure"' },
        { source: "local", says: 'the local entry for x.example says "encrypt"' },
      ],
    },
  );
});

test("decide: a destination reached through an alias is verified by its own name, by the alias only when DNS proved it", () => {
  const alias = { name: "web.host.example", learnt: "implicit-mx" } as const;
  const names = (security: "secure" | "insecure"): unknown => {
    const decision = decide(facts({ ...alias, mxSecurity: security }, { level: "secure" }), NO_DEMAND);
    return decision.kind === "proceed" ? decision.floor : decision;
  };
  assert.deepEqual(names("insecure"), { kind: "authenticated", by: "webpki", names: ["pine.example"] });
  assert.deepEqual(names("secure"), {
    kind: "authenticated",
    by: "webpki",
    names: ["pine.example", "web.host.example"],
  });
});
