import assert from "node:assert/strict";
import { test } from "node:test";
import { domain, NO_DEMAND, type TlsDemand } from "../mail/mod.ts";
import { attackerCould } from "./attacker.ts";
import { confirmPeer } from "./confirm.ts";
import { decide } from "./decide.ts";
import { explain, tlsWord } from "./explain.ts";
import { faultOf } from "./fault.ts";
import { AS_PUBLISHED } from "./precedence.ts";
import { daneWishes } from "./sources/dane-wish.ts";
import type { NamePattern, NextHost, PeerProof, Proceed, Refuse, TlsDecision, TlsFacts, TlsFloor } from "./types.ts";

const NOW = Date.UTC(2026, 2, 3);
const MX = domain("mx.pine.example");
const TLSA = { usage: 3, selector: 1, matching: 1, data: new Uint8Array(32) };
const REQUIRETLS: TlsDemand = { level: "secure", mxAuthentic: "dnssec-or-sts", propagate: true, because: [] };
const facts = (more: Partial<TlsFacts>, host: Partial<NextHost> = {}): TlsFacts => ({
  destination: "pine.example",
  host: { name: MX, literal: false, port: 25, mode: "starttls", learnt: "mx", mxSecurity: "secure", ...host },
  now: NOW,
  ...more,
});
const usable = { kind: "usable", base: MX, records: [TLSA, TLSA], names: [MX], mx: "secure" } as const;
const sts = (mode: "enforce" | "testing", ended = false): NonNullable<TlsFacts["sts"]> => ({
  kind: "policy",
  mode,
  mx: [MX as string as NamePattern],
  id: "1",
  lines: [],
  expires: ended ? NOW : NOW + 86_400_000,
});

/** What each source said, what came of it, and what is left to an attacker. */
const ROWS: readonly (readonly [string, TlsFacts, TlsDemand, readonly string[], readonly string[]])[] = [
  [
    "nothing published",
    facts(
      {
        dane: { kind: "absent", why: "the MX answer for pine.example is not signed" },
        sts: { kind: "none", why: "no MTA-STS record is published" },
      },
      { mxSecurity: "insecure" },
    ),
    NO_DEMAND,
    [
      "require nothing; TLS when it can be had",
      "try TLS, then TLS with a small ClientHello, then plaintext; server name mx.pine.example",
      "dane: the MX answer for pine.example is not signed",
      "mta-sts: no MTA-STS record is published",
      "default: nothing asks for more than opportunistic TLS (RFC 3207 §4)",
    ],
    [
      "name a host of its own in the unsigned MX answer for pine.example, and read and change the mail there",
      "hide STARTTLS or break the handshake, and read and change the mail in plaintext",
      "keep an MTA-STS policy away from us, for none is stored",
      "see which host is contacted, when, and how much is sent",
    ],
  ],
  [
    "DANE and MTA-STS",
    facts({ dane: usable, sts: sts("enforce") }),
    NO_DEMAND,
    [
      "require TLS and a certificate that matches one of 2 TLSA records",
      "try TLS, then TLS with a small ClientHello; server name mx.pine.example",
      "only watch, for mta-sts of pine.example: TLS and a trusted certificate for mx.pine.example",
      "dane: 2 TLSA records for mx.pine.example (RFC 7672 §2.2)",
      'mta-sts: the MTA-STS policy of pine.example says "enforce"; TLSA records come before it (RFC 8461 §5)',
    ],
    [
      "pass for the host only with a key that its TLSA records name, or the keys of its zone or of one above",
      "see which host is contacted, when, and how much is sent",
      "keep the mail back by breaking the connection",
    ],
  ],
  [
    "MTA-STS alone, and a list that it replaces",
    facts(
      { sts: sts("enforce"), list: { kind: "policy", mode: "enforce", mx: [], list: "the list", expires: NOW } },
      { mxSecurity: "insecure" },
    ),
    NO_DEMAND,
    [
      "require TLS and a trusted certificate for mx.pine.example",
      "try TLS, then TLS with a small ClientHello; server name mx.pine.example",
      'mta-sts: the MTA-STS policy of pine.example says "enforce" (RFC 8461 §5)',
      "list: MTA-STS comes before the list",
    ],
    [
      "choose among the hosts that the MTA-STS policy of pine.example names",
      "pass for the host only with a certificate for mx.pine.example that a trusted authority should not have given",
      "end the protection by MTA-STS by keeping its policy host away from us until 2026-03-04T00:00:00.000Z",
      "see which host is contacted, when, and how much is sent",
      "keep the mail back by breaking the connection",
    ],
  ],
  [
    "a list that has ended, before an MTA-STS policy that has ended",
    facts({
      sts: sts("enforce", true),
      list: { kind: "policy", mode: "enforce", mx: [MX as string as NamePattern], list: "the list", expires: NOW },
    }),
    NO_DEMAND,
    [
      "require TLS and a trusted certificate for mx.pine.example",
      "try TLS, then TLS with a small ClientHello; server name mx.pine.example",
      'list: the list about pine.example says "enforce"; it ended at 2026-03-03T00:00:00.000Z and still holds',
      "mta-sts: the MTA-STS policy of pine.example ended at 2026-03-03T00:00:00.000Z",
    ],
    [
      "pass for the host only with a certificate for mx.pine.example that a trusted authority should not have given",
      "keep an MTA-STS policy away from us, for none is stored",
      "see which host is contacted, when, and how much is sent",
      "keep the mail back by breaking the connection",
    ],
  ],
  [
    "a list, while nothing vouches for the MX answer",
    facts(
      { list: { kind: "policy", mode: "enforce", mx: [MX as string as NamePattern], list: "ours", expires: NOW + 1 } },
      { mxSecurity: "insecure" },
    ),
    NO_DEMAND,
    [
      "require TLS and a trusted certificate for mx.pine.example",
      "try TLS, then TLS with a small ClientHello; server name mx.pine.example",
      'list: ours about pine.example says "enforce"',
    ],
    [
      "choose among the hosts that ours names for pine.example",
      "pass for the host only with a certificate for mx.pine.example that a trusted authority should not have given",
      "see which host is contacted, when, and how much is sent",
      "keep the mail back by breaking the connection",
    ],
  ],
  [
    "DANE for a host that an unsigned MX answer names",
    facts(
      { dane: { ...usable, records: [TLSA], mx: "insecure" }, taking: { ...AS_PUBLISHED, daneInsecureMx: true } },
      { mxSecurity: "insecure" },
    ),
    NO_DEMAND,
    [
      "require TLS and a certificate that matches one of 1 TLSA records",
      "try TLS, then TLS with a small ClientHello; server name mx.pine.example",
      "dane: 1 TLSA record for mx.pine.example, which an unsigned MX answer names (RFC 7672 §2.2.1)",
    ],
    [
      "name a host of its own that proves its own name in the unsigned MX answer for pine.example, and read and change the mail there",
      "pass for the host only with a key that its TLSA records name, or the keys of its zone or of one above",
      "see which host is contacted, when, and how much is sent",
      "keep the mail back by breaking the connection",
    ],
  ],
  [
    "TLSA records that cannot be used, and a policy in testing",
    facts({ dane: { kind: "unusable", base: MX, records: [TLSA], mx: "secure" }, sts: sts("testing") }),
    NO_DEMAND,
    [
      "require TLS, the host's identity not verified",
      "try TLS, then TLS with a small ClientHello; server name mx.pine.example",
      "only watch, for mta-sts of pine.example: TLS and a trusted certificate for mx.pine.example",
      "dane: no TLSA record for mx.pine.example can be used, which leaves TLS without authentication (RFC 7672 §2.2)",
      'mta-sts: the MTA-STS policy of pine.example says "testing" (RFC 8461 §5)',
    ],
    [
      "answer in the host's place with any certificate, and read and change the mail",
      "see which host is contacted, when, and how much is sent",
      "keep the mail back by breaking the connection",
    ],
  ],
  [
    "DANE that could not be found out",
    facts({ dane: { kind: "failed", cause: "bogus", detail: "a signature is wrong" } }),
    NO_DEMAND,
    [
      "leave this host out: it could not be found out whether mx.pine.example has TLSA records: a signature is wrong",
      "dane: it could not be found out whether mx.pine.example has TLSA records: a signature is wrong (RFC 7672 §2.1.2)",
    ],
    ["keep the mail back for as long as this lasts, and nothing else"],
  ],
  [
    "a local entry by webpki beside DANE, a policy that could not be had, and REQUIRETLS",
    facts({
      dane: usable,
      sts: { kind: "failed", trouble: { at: "fetch", detail: "no answer" } },
      local: { destination: "pine.example", level: "secure", by: ["webpki"] },
    }),
    REQUIRETLS,
    [
      "require TLS and a trusted certificate for mx.pine.example",
      "try TLS, then TLS with a small ClientHello; server name mx.pine.example",
      "the host must advertise REQUIRETLS",
      "require also, for requiretls of pine.example: TLS and a certificate that matches one of 2 TLSA records",
      "require also, for dane of pine.example: TLS and a certificate that matches one of 2 TLSA records",
      "note, for mta-sts of pine.example: no answer",
      'local: the local entry for pine.example says "secure" by webpki',
      "requiretls: the message requires TLS on every hop (RFC 8689 §4.2.1)",
      "dane: 2 TLSA records for mx.pine.example (RFC 7672 §2.2)",
      "mta-sts: the MTA-STS policy of pine.example could not be had: no answer (RFC 8461 §3.3)",
    ],
    [
      "pass for the host only with a certificate for mx.pine.example that a trusted authority should not have given",
      "keep an MTA-STS policy away from us, for none is stored",
      "see which host is contacted, when, and how much is sent",
      "send the message back to its sender by breaking TLS with every host",
    ],
  ],
  [
    "a pin, and REQUIRETLS taken for what can be had",
    facts({
      local: { destination: "pine.example", level: "secure", pins: [{ of: "spki", sha256: new Uint8Array(32) }] },
      taking: { ...AS_PUBLISHED, requireTls: "opportunistic" },
    }),
    REQUIRETLS,
    [
      "require TLS and one of 1 pinned keys",
      "try TLS, then TLS with a small ClientHello; server name mx.pine.example",
      'local: the local entry for pine.example says "secure" by a pin',
      "local: REQUIRETLS is taken here for what can be had",
    ],
    [
      "pass for the host only with a key that is pinned",
      "see which host is contacted, when, and how much is sent",
      "keep the mail back by breaking the connection",
    ],
  ],
];

test("explain: what a fixed next hop publishes is told as its own (RFC 8461 §3.4)", () => {
  const hop: Partial<NextHost> = { name: "relay.oak.example", learnt: "configured", mxSecurity: "insecure" };
  const decision = decide(
    facts({ sts: sts("enforce", true), dane: { ...usable, names: [domain("relay.oak.example")] } }, hop),
    NO_DEMAND,
  );
  assert.ok(decision.kind === "proceed");
  assert.deepEqual(decision.policies, [{ source: "dane", domain: "relay.oak.example", id: MX }]);
  assert.deepEqual(explain(decision).slice(2), [
    "dane: 2 TLSA records for mx.pine.example (RFC 7672 §2.2)",
    "mta-sts: the MTA-STS policy of relay.oak.example ended at 2026-03-03T00:00:00.000Z",
  ]);
});

for (const [name, known, demand, lines, left] of ROWS) {
  test(`explain and attackerCould: ${name}`, () => {
    const decision = decide(known, demand);
    assert.deepEqual(explain(decision), lines);
    assert.deepEqual(attackerCould(decision, known), left);
  });
}

test("attackerCould: only names that are enforced keep an unsigned MX answer from naming a stranger's host", () => {
  const half = { ...usable, mx: "insecure" } as const;
  const list = {
    kind: "policy",
    mode: "enforce",
    mx: [MX as string as NamePattern],
    list: "the list",
    expires: NOW,
  } as const;
  const audited = { ...AS_PUBLISHED, sts: "audit", daneInsecureMx: true } as const;
  const local = { destination: "pine.example", level: "may", mx: [MX as string as NamePattern] } as const;
  const pins = { destination: "pine.example", level: "secure", pins: [{ of: "spki", sha256: TLSA.data }] } as const;
  const own = "name a host of its own in the unsigned MX answer for pine.example, and read and change the mail there";
  const proving = own.replace("of its own", "of its own that proves its own name");
  const rows: readonly (readonly [string, Partial<TlsFacts>, string | undefined])[] = [
    ["a list", { list }, "choose among the hosts that the list names for pine.example"],
    [
      "a list, and a policy that is only watched",
      { list, sts: sts("enforce"), taking: audited },
      "choose among the hosts that the list names for pine.example",
    ],
    ["a policy that is only watched", { sts: sts("enforce"), taking: audited }, own],
    ["the same, and TLSA records", { sts: sts("enforce"), dane: half, taking: audited }, proving],
    ["TLSA records, and names that are agreed and not required", { local, dane: half, taking: audited }, proving],
    [
      "a policy that is enforced, and TLSA records",
      { sts: sts("enforce"), dane: half, taking: { ...audited, sts: "enforce" } },
      "choose among the hosts that the MTA-STS policy of pine.example names",
    ],
    ["a pin", { local: pins }, undefined],
  ];
  for (const [name, more, could] of rows) {
    const known = facts(more, { mxSecurity: "insecure" });
    const [first] = attackerCould(decide(known, NO_DEMAND), known);
    assert.equal(first?.startsWith("pass for the host") === true ? undefined : first, could, name);
  }
});

test("attackerCould: a decision without what each policy expects is told all the same", () => {
  const { enforced: _enforced, known: _known, ...bare } = decide(facts({ sts: sts("enforce") }), NO_DEMAND) as Proceed;
  assert.equal(attackerCould(bare, facts({ sts: sts("enforce") })).length, 3);
  assert.equal(explain(bare).length, 3);
});

test("tlsWord: who asked for more than was set, and what was reached (RFC 7672 §2.2.1)", () => {
  const word = (known: TlsFacts, actual: readonly string[] | "decision"): string => {
    const decision: TlsDecision = decide(known, NO_DEMAND);
    return tlsWord(
      decision,
      actual === "decision" ? actual : ({ kind: "tls", satisfied: actual } as unknown as PeerProof),
    );
  };
  const half = facts(
    { dane: { ...usable, mx: "insecure" }, taking: { ...AS_PUBLISHED, daneInsecureMx: true } },
    { mxSecurity: "insecure" },
  );
  assert.deepEqual(
    [
      word(facts({ dane: usable }), ["encrypted", "dane"]),
      word(facts({ dane: usable }), ["encrypted"]),
      word(half, ["encrypted", "dane"]),
      word(facts({ dane: { kind: "unusable", base: MX, records: [], mx: "secure" } }), ["encrypted"]),
      word(facts({ sts: sts("enforce") }), ["encrypted", "webpki"]),
      word(facts({ dane: { kind: "failed", cause: "bogus", detail: "" } }), "decision"),
      word(facts({ dane: usable, local: { destination: "pine.example", level: "secure" } }), ["encrypted", "dane"]),
    ],
    ["dane:dane", "dane:encrypted", "dane:halfdane", "dane:encrypted", "sts:webpki", "dane:!decision", "secure:dane"],
  );
});

test("tlsWord: a decision that names no level is told by its floor, a refused one by the strongest", () => {
  const { level: _level, wanted: _wanted, ...bare } = decide(facts({ dane: usable }), NO_DEMAND) as Proceed;
  assert.equal(tlsWord(bare, "verify"), "secure:!verify");
  const { wanted: _word, ...levelled } = decide(facts({ dane: usable }), NO_DEMAND) as Proceed;
  assert.equal(tlsWord(levelled, "verify"), "secure:!verify");
  const refused = decide(facts({ dane: { kind: "failed", cause: "bogus", detail: "" } }), NO_DEMAND) as Refuse;
  assert.equal(tlsWord({ kind: refused.kind, status: refused.status, because: [] }, "dns"), "secure:!dns");
});

test("policy: a kind that nobody knows is a fault of the program, never a pass", () => {
  const odd = { kind: "odd" } as unknown as TlsFloor;
  const oddProof = { kind: "authenticated", by: "odd" } as unknown as TlsFloor;
  const decision = decide(facts({}), NO_DEMAND) as Proceed;
  const seen = { session: { version: "TLSv1.3", cipher: "x" }, chain: [Uint8Array.of(1)], resumed: false } as const;
  assert.throws(() => explain({ ...decision, floor: odd }));
  assert.throws(() => explain({ ...decision, floor: oddProof }));
  assert.throws(() => explain({ ...decision, ladder: [odd as never] }));
  assert.throws(() => attackerCould({ ...decision, floor: odd }, facts({})));
  assert.throws(() => attackerCould({ ...decision, floor: oddProof }, facts({})));
  assert.throws(() => faultOf(oddProof, seen, NOW));
  assert.throws(() => confirmPeer({ ...decision, floor: oddProof }, seen));
  assert.throws(() => daneWishes(facts({ dane: { ...odd, mx: "secure" } as never })));
});
