import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_DEMAND, domain, type TlsDemand } from "../mail/mod.ts";
import { statusOf } from "../status/mod.ts";
import type { Handshake } from "../tls/mod.ts";
import { leafFor } from "../../test/support/leaf.ts";
import { admit } from "./admit.ts";
import { allowPlaintext, confirmPeer } from "./confirm.ts";
import { decide } from "./decide.ts";
import { explain, tlsWord, wantedWord } from "./explain.ts";
import { namePattern } from "./pattern.ts";
import type { PeerProof, PlaintextAllowed, Proceed, TlsFloor, TlsResult } from "./types.ts";

const MX = domain("mx.pine.example");
const leaf = await leafFor("mx.pine.example", "*.hosted.example");
const nameless = await leafFor();
const session = { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" } as const;

function seen(more: Partial<Handshake> = {}): Handshake {
  return { session, chain: [leaf], resumed: false, ...more };
}

function decision(level: TlsDemand["level"], name: string = MX, demand: Partial<TlsDemand> = {}): Proceed {
  const made = decide(
    {
      destination: "pine.example",
      host: { name, literal: false, port: 25, mode: "starttls", learnt: "mx", mxSecurity: "secure" },
      local: { destination: "pine.example", level },
      now: 0,
    },
    { ...NO_DEMAND, ...demand },
  );
  assert.ok(made.kind === "proceed");
  return made;
}

function proof(level: TlsDemand["level"], handshake = seen()): PeerProof {
  const judged = confirmPeer(decision(level), handshake);
  assert.ok(judged.kind === "tls", JSON.stringify(judged));
  return judged;
}

function plaintext(): PlaintextAllowed {
  const allowed = allowPlaintext(decision("may"));
  assert.ok(allowed.kind === "plaintext");
  return allowed;
}

/** Every handshake against every level: what is proved, or why it is rejected. */
const HANDSHAKES = {
  good: seen(),
  untrusted: seen({ chainError: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
  resumed: seen({ resumed: true }),
  empty: seen({ chain: [] }),
  nameless: seen({ chain: [nameless] }),
  garbage: seen({ chain: [Uint8Array.of(0x30, 0)] }),
};
const RESULTS: Record<keyof typeof HANDSHAKES, TlsResult | undefined> = {
  good: undefined,
  untrusted: "certificate-not-trusted",
  resumed: "validation-failure",
  empty: "validation-failure",
  nameless: "certificate-host-mismatch",
  garbage: "validation-failure",
};
const OUTCOMES: Record<keyof typeof HANDSHAKES, string> = {
  good: "webpki",
  untrusted: "the certificate is not trusted: the certificate is self-signed",
  resumed: "the session was resumed and shows no certificate",
  empty: "the host sent no certificate",
  nameless: "the certificate is for no DNS name, not for mx.pine.example",
  garbage: "the certificate cannot be read: the certificate is not one DER sequence",
};

for (const [name, handshake] of Object.entries(HANDSHAKES)) {
  test(`confirmPeer: a ${name} handshake satisfies may and encrypt, and secure only when all is proved (RFC 9525 §6)`, () => {
    for (const level of ["may", "encrypt"] as const) {
      const judged = confirmPeer(decision(level), handshake);
      assert.ok(judged.kind === "tls");
      assert.deepEqual(judged.satisfied, ["encrypted"]);
      assert.equal(tlsWord(decision(level), judged), `${level}:encrypted`);
      assert.ok(judged.findings.every((one) => one.ok && one.enforced));
    }
    const judged = confirmPeer(decision("secure"), handshake);
    const policy = { source: "local", domain: "pine.example" };
    const expected = OUTCOMES[name as keyof typeof OUTCOMES];
    if (judged.kind === "tls") {
      assert.equal(expected, "webpki");
      assert.deepEqual(judged.satisfied, ["encrypted", "webpki"]);
      assert.equal(tlsWord(decision("secure"), judged), "secure:webpki");
      assert.deepEqual(judged.findings, [{ policy, enforced: true, ok: true, detail: "the host proved who it is" }]);
    } else {
      assert.deepEqual(judged, {
        kind: "rejected",
        status: { cause: "tls-verify-failed", code: 451, enhanced: "4.7.5", text: expected },
        findings: [
          { policy, enforced: true, ok: false, detail: expected, result: RESULTS[name as keyof typeof RESULTS] },
        ],
      });
    }
  });
}

test("confirmPeer: another host's certificate is rejected, and the message quotes a bounded part of it (RFC 9525 §6.3)", () => {
  const judged = confirmPeer(decision("secure", "mx.oak.example"), seen());
  assert.ok(judged.kind === "rejected");
  assert.equal(
    judged.status.text,
    'the certificate is for "mx.pine.example", "*.hosted.example", not for mx.oak.example',
  );
  assert.equal(confirmPeer(decision("secure", "a.hosted.example"), seen()).kind, "tls");
  assert.equal(confirmPeer(decision("secure", "a.b.hosted.example"), seen()).kind, "rejected");
});

test("confirmPeer: what is only observed is found and never enforced", () => {
  const floor: TlsFloor = { kind: "authenticated", by: "webpki", names: [namePattern(MX)] };
  const policy = { source: "mta-sts", domain: "pine.example" } as const;
  const watched: Proceed = { ...decision("may"), observe: [{ policy, expectation: floor }] };
  const judged = confirmPeer(watched, HANDSHAKES.untrusted);
  assert.ok(judged.kind === "tls");
  assert.deepEqual(judged.findings[1], {
    policy,
    enforced: false,
    ok: false,
    detail: OUTCOMES.untrusted,
    result: RESULTS.untrusted,
  });
  const clear = allowPlaintext(watched);
  assert.ok(clear.kind === "plaintext");
  assert.deepEqual(clear.findings[1], {
    policy,
    enforced: false,
    ok: false,
    detail: "the connection is not encrypted",
    result: "starttls-not-supported",
  });
});

test("confirmPeer: a pin is matched, and DANE without a verifier fails closed", () => {
  const base = decision("secure");
  const pin = { of: "certificate", sha256: new Uint8Array(32) } as const;
  const pinned: Proceed = { ...base, enforced: [], floor: { kind: "authenticated", by: "pin", pins: [pin] } };
  const dane: Proceed = { ...base, enforced: [], floor: { kind: "authenticated", by: "dane", tlsa: [], names: [] } };
  assert.equal(confirmPeer(pinned, seen()).kind, "rejected");
  assert.equal(confirmPeer(dane, seen()).kind, "rejected");
});

test("allowPlaintext: only a decision with that rung allows it", () => {
  assert.equal(allowPlaintext(decision("may")).kind, "plaintext");
  assert.equal(allowPlaintext(decision("encrypt")).kind, "rejected");
  assert.equal(allowPlaintext(decision("secure")).kind, "rejected");
  const forged: Proceed = { ...decision("encrypt"), ladder: [{ kind: "plaintext" }] };
  assert.equal(allowPlaintext(forged).kind, "rejected");
});

test("admit: every proof against every decision, with and without REQUIRETLS, compared whole", () => {
  const proofs = {
    plaintext: plaintext(),
    "may over TLS, trusted": proof("may"),
    "may over TLS, untrusted": proof("may", HANDSHAKES.untrusted),
    secure: proof("secure"),
  };
  const decisions = {
    may: decision("may"),
    encrypt: decision("encrypt"),
    secure: decision("secure"),
    "secure elsewhere": decision("secure", "mx.oak.example"),
    requiretls: decision("may", MX, { level: "secure", propagate: true }),
  };
  const rows = Object.entries(proofs).map(([from, one]) => [
    from,
    ...Object.values(decisions).map((into) =>
      [false, true].map((requireTls) => (admit(one, into, { requireTls }) as { kind?: string }).kind === undefined),
    ),
  ]);
  const [yes, no, promised] = [
    [true, true],
    [false, false],
    [false, true],
  ];
  assert.deepEqual(rows, [
    ["plaintext", yes, no, no, no, no],
    ["may over TLS, trusted", yes, yes, yes, no, promised],
    ["may over TLS, untrusted", yes, yes, no, no, no],
    ["secure", yes, yes, yes, no, promised],
  ]);
});

test("admit: REQUIRETLS of the message counts even when the decision was made for another (RFC 8689 §4.2.1)", () => {
  const demand: TlsDemand = { level: "secure", propagate: true, because: [] };
  const refused = admit(proof("secure"), decision("secure"), { requireTls: false }, demand);
  assert.ok("kind" in refused);
  assert.equal(refused.status.enhanced, "5.7.30");
  assert.ok(!("kind" in admit(proof("secure"), decision("secure"), { requireTls: true }, demand)));
  assert.ok("kind" in admit(plaintext(), decision("may"), { requireTls: true }, demand));
});

test("admit: a proof that does not show what was seen carries no authentication over", () => {
  const { seen: _seen, ...bare } = proof("secure");
  assert.ok(!("kind" in admit(bare, decision("encrypt"), { requireTls: false })));
  assert.ok("kind" in admit(bare, decision("secure"), { requireTls: false }));
});

test("explain, tlsWord and wantedWord: every floor and every proof in the words of log and command", () => {
  const pin = { of: "spki", sha256: new Uint8Array(32) } as const;
  const tlsa = { usage: 3, selector: 1, matching: 1, data: new Uint8Array(32) };
  const floors: readonly TlsFloor[] = [
    { kind: "any" },
    { kind: "encrypted" },
    { kind: "authenticated", by: "webpki", names: [namePattern(MX)] },
    { kind: "authenticated", by: "dane", tlsa: [tlsa], names: [MX] },
    { kind: "authenticated", by: "pin", pins: [pin] },
  ];
  const { level: _level, wanted: _wanted, ...base } = decision("may");
  const proofs = [plaintext(), proof("may"), proof("secure"), "starttls"] as const;
  assert.deepEqual(
    floors.map((floor) => {
      const made: Proceed = { ...base, floor };
      return [explain(made)[0], wantedWord(made), ...proofs.map((one) => tlsWord(made, one))];
    }),
    [
      [
        "require nothing; TLS when it can be had",
        "may",
        "may:plaintext",
        "may:encrypted",
        "may:encrypted",
        "may:!starttls",
      ],
      [
        "require TLS, the host's identity not verified",
        "encrypt",
        "encrypt:plaintext",
        "encrypt:encrypted",
        "encrypt:encrypted",
        "encrypt:!starttls",
      ],
      [
        "require TLS and a trusted certificate for mx.pine.example",
        "secure",
        "secure:plaintext",
        "secure:encrypted",
        "secure:webpki",
        "secure:!starttls",
      ],
      [
        "require TLS and a certificate that matches one of 1 TLSA records",
        "secure",
        "secure:plaintext",
        "secure:encrypted",
        "secure:encrypted",
        "secure:!starttls",
      ],
      [
        "require TLS and one of 1 pinned keys",
        "secure",
        "secure:plaintext",
        "secure:encrypted",
        "secure:encrypted",
        "secure:!starttls",
      ],
    ],
  );
  const refuse = { kind: "defer", status: statusOf("tls-verify-failed"), because: [] } as const;
  assert.equal(wantedWord(refuse), "secure");
  assert.equal(tlsWord({ ...refuse, level: "encrypt" }, proof("may")), "encrypt:encrypted");
});
