import assert from "node:assert/strict";
import { test } from "node:test";
import "reflect-metadata";
import { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";
import { leafFor } from "../../test/support/leaf.ts";
import { domain, NO_DEMAND, type TlsDemand } from "../mail/mod.ts";
import { certificateSha256, type Handshake, spkiSha256 } from "../tls/mod.ts";
import { admit } from "./admit.ts";
import { allowPlaintext, confirmPeer } from "./confirm.ts";
import { decide } from "./decide.ts";
import { tlsWord } from "./explain.ts";
import { AS_PUBLISHED } from "./precedence.ts";
import type { Finding, NamePattern, PeerProof, Proceed, Rejected, TlsFacts } from "./types.ts";

const NOW = Date.UTC(2026, 2, 3);
const MX = domain("mx.pine.example");
const leaf = await leafFor(MX);
const { chain: issued, anchor } = await issuedChain();
const session = { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" } as const;
const seen = (more: Partial<Handshake> = {}): Handshake => ({ session, chain: [leaf], resumed: false, ...more });
const SELF_SIGNED = { chainError: "DEPTH_ZERO_SELF_SIGNED_CERT" };

const tlsa = (data: Uint8Array, usage = 3) => ({ usage, selector: 0, matching: 1, data });
const dane = (data: Uint8Array, usage = 3): NonNullable<TlsFacts["dane"]> => {
  return { kind: "usable", base: MX, records: [tlsa(data, usage)], names: [MX], mx: "secure" };
};
const STS: NonNullable<TlsFacts["sts"]> = {
  kind: "policy",
  mode: "enforce",
  mx: [MX as string as NamePattern],
  id: "1",
  lines: [],
  expires: NOW + 1,
};
function decided(more: Partial<TlsFacts>, demand: TlsDemand = NO_DEMAND): Proceed {
  const decision = decide(
    {
      destination: "pine.example",
      host: { name: MX, literal: false, port: 25, mode: "starttls", learnt: "mx", mxSecurity: "secure" },
      now: NOW,
      ...more,
    },
    demand,
  );
  assert.ok(decision.kind === "proceed", JSON.stringify(decision));
  return decision;
}
const brief = ({ policy, enforced, ok, result }: Finding): string =>
  `${policy.source} ${enforced ? "enforced" : "watched"} ${ok ? "ok" : result}`;
const told = (judged: PeerProof | Rejected): readonly string[] => [judged.kind, ...judged.findings.map(brief)];

const GOOD = certificateSha256(leaf);
const BAD = new Uint8Array(32);

test("confirmPeer: DANE decides for the host, MTA-STS is watched beside it, over all four outcomes (RFC 8461 §2)", () => {
  const outcome = (data: Uint8Array, more: Partial<Handshake>): readonly string[] =>
    told(confirmPeer(decided({ dane: dane(data), sts: STS }), seen(more)));
  assert.deepEqual(outcome(GOOD, {}), ["tls", "dane enforced ok", "mta-sts watched ok"]);
  assert.deepEqual(outcome(GOOD, SELF_SIGNED), ["tls", "dane enforced ok", "mta-sts watched certificate-not-trusted"]);
  assert.deepEqual(outcome(BAD, {}), ["rejected", "dane enforced validation-failure", "mta-sts watched ok"]);
  assert.deepEqual(outcome(BAD, SELF_SIGNED), [
    "rejected",
    "dane enforced validation-failure",
    "mta-sts watched certificate-not-trusted",
  ]);
});

test("confirmPeer: all that is enforced must hold, and is named as proved", () => {
  const local = { destination: "pine.example", level: "secure", by: ["webpki"] } as const;
  const both = decided({ dane: dane(GOOD), local });
  const judged = confirmPeer(both, seen());
  assert.ok(judged.kind === "tls");
  assert.deepEqual(judged.satisfied, ["encrypted", "webpki", "dane"]);
  assert.equal(tlsWord(both, judged), "secure:webpki");
  assert.equal(confirmPeer(both, seen(SELF_SIGNED)).kind, "rejected");
  assert.equal(confirmPeer(decided({ dane: dane(BAD), local }), seen()).kind, "rejected");
  const { enforced: _enforced, ...bare } = both;
  assert.equal(confirmPeer(bare, seen()).kind, "tls");
  assert.equal(confirmPeer(bare, seen(SELF_SIGNED)).kind, "rejected");
});

test("confirmPeer: a resumed session proves nothing, DANE included", () => {
  const judged = confirmPeer(decided({ dane: dane(GOOD) }), seen({ resumed: true }));
  assert.deepEqual(told(judged), ["rejected", "dane enforced validation-failure"]);
});

test("confirmPeer: an expired certificate is called so, a pin needs no trust", () => {
  const expired = seen({ chainError: "CERT_HAS_EXPIRED" });
  assert.deepEqual(told(confirmPeer(decided({ sts: STS }), expired)), [
    "rejected",
    "mta-sts enforced certificate-expired",
  ]);
  const key = spkiSha256(leaf);
  assert.ok(key !== undefined);
  const pins = [{ of: "spki", sha256: key }] as const;
  const pinned = decided({ local: { destination: "pine.example", level: "secure", pins } });
  const judged = confirmPeer(pinned, expired);
  assert.ok(judged.kind === "tls");
  assert.deepEqual(judged.satisfied, ["encrypted", "pin"]);
});

test("confirmPeer: what was known before dialling is among the findings, in plaintext too", () => {
  const facts: Partial<TlsFacts> = { sts: { kind: "failed", trouble: { at: "fetch", detail: "no answer" } } };
  const watched = decided({ ...facts, dane: dane(BAD), taking: { ...AS_PUBLISHED, dane: "audit" } });
  assert.deepEqual(told(confirmPeer(watched, seen())), [
    "tls",
    "default enforced ok",
    "dane watched validation-failure",
    "mta-sts watched sts-policy-fetch-error",
  ]);
  const clear = allowPlaintext(watched);
  assert.deepEqual(clear.findings.map(brief), [
    "default enforced ok",
    "dane watched starttls-not-supported",
    "mta-sts watched sts-policy-fetch-error",
  ]);
  const { enforced: _enforced, known: _known, ...bare } = watched;
  assert.equal(allowPlaintext(bare).kind, "plaintext");
  assert.equal(confirmPeer(bare, seen()).kind, "tls");
});

test("allowPlaintext: nothing that is enforced goes without TLS, whatever the floor claims", () => {
  const open = decided({});
  const forged: Proceed = { ...open, enforced: decided({ sts: STS }).enforced ?? [] };
  assert.equal(allowPlaintext(forged).kind, "rejected");
});

test("confirmPeer and admit: certificates under a trust anchor are judged as of the time that is given", () => {
  const decision = decided({ dane: dane(anchor, 2) });
  const handshake = seen({ chain: issued, ...SELF_SIGNED });
  const later = Date.UTC(2027, 0, 1);
  const proof = confirmPeer(decision, handshake);
  assert.ok(proof.kind === "tls", JSON.stringify(proof));
  assert.deepEqual(told(confirmPeer(decision, handshake, later)), ["rejected", "dane enforced certificate-expired"]);
  assert.ok(!("kind" in admit(proof, decision, { requireTls: false })));
  assert.ok("kind" in admit(proof, decision, { requireTls: false }, NO_DEMAND, later));
  const { at: _at, ...timeless } = decision;
  assert.equal(confirmPeer(timeless, handshake).kind, "rejected");
});

test("admit: a connection proved for one domain is judged anew for another that shares the host", () => {
  const proof = confirmPeer(decided({}), seen(SELF_SIGNED));
  assert.ok(proof.kind === "tls");
  const ask = (decision: Proceed): boolean => !("kind" in admit(proof, decision, { requireTls: false }));
  assert.equal(ask(decided({})), true);
  assert.equal(ask(decided({ sts: STS })), false);
  assert.equal(ask(decided({ dane: dane(GOOD) })), true);
  assert.equal(ask(decided({ dane: dane(BAD) })), false);
  const { seen: _seen, ...unseen } = proof;
  const { enforced: _enforced, ...bare } = decided({});
  assert.ok(!("kind" in admit(unseen, bare, { requireTls: false })));
  assert.ok("kind" in admit(unseen, decided({ dane: dane(GOOD) }), { requireTls: false }));
});

test("admit: REQUIRETLS that is taken as less does not hold a message back (RFC 8689 §4.2.1)", () => {
  const demand: TlsDemand = { level: "secure", mxAuthentic: "dnssec-or-sts", propagate: true, because: [] };
  const admitted = (requireTls: "enforce" | "encrypt", offered: boolean): boolean => {
    const decision = decided({ taking: { ...AS_PUBLISHED, requireTls } }, demand);
    const proof = confirmPeer(decision, seen());
    assert.ok(proof.kind === "tls");
    return !("kind" in admit(proof, decision, { requireTls: offered }, demand));
  };
  assert.deepEqual(
    [admitted("enforce", true), admitted("enforce", false), admitted("encrypt", true), admitted("encrypt", false)],
    [true, false, true, true],
  );
});

/** A leaf under a root of its own, both valid in the first half of 2026; `anchor` is the root's SHA-256. */
async function issuedChain(): Promise<{ chain: readonly Uint8Array[]; anchor: Uint8Array }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
  const [rootKeys, leafKeys] = await Promise.all([
    crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]),
    crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]),
  ]);
  const times = { notBefore: new Date(Date.UTC(2026, 0, 1)), notAfter: new Date(Date.UTC(2026, 6, 1)) };
  const root = await X509CertificateGenerator.createSelfSigned({
    keys: rootKeys,
    name: "CN=root",
    signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
    ...times,
  });
  const leafCertificate = await X509CertificateGenerator.create({
    publicKey: leafKeys.publicKey,
    signingKey: rootKeys.privateKey,
    subject: "CN=leaf",
    issuer: root.subject,
    signingAlgorithm: algorithm,
    extensions: [new SubjectAlternativeNameExtension([{ type: "dns", value: MX }])],
    ...times,
  });
  const chain = [leafCertificate, root].map((one) => new Uint8Array(one.rawData));
  return { chain, anchor: certificateSha256(chain[1] as Uint8Array) };
}
