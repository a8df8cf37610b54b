import { edit } from "./apply.ts";
import type { Mutant } from "./types.ts";

/** Bugs about the ladder to TLS, the handshake and the certificate. */
export const TLS_MUTANTS: readonly Mutant[] = [
  {
    id: "plaintext-rung-stays",
    bug: "Plaintext stays a rung of the ladder whatever is demanded, and nobody asks again",
    edits: [
      edit("policy/decide.ts", 'ladder: floor.kind === "any" ? WITH_PLAINTEXT : TLS_RUNGS', "ladder: WITH_PLAINTEXT"),
      edit(
        "policy/confirm.ts",
        'if (!rung || decision.floor.kind !== "any" || !(decision.enforced ?? []).every(asksNothing)) {',
        "if (!rung) {",
      ),
    ],
    kills: [
      ["A04", "P2"],
      ["A04", "P3"],
      ["A04", "P5c"],
      ["A04", "P6"],
    ],
  },
  {
    id: "plaintext-after-handshake",
    bug: "After a failed handshake the next connection is in plaintext, policy or not",
    edits: [
      edit("policy/decide.ts", 'ladder: floor.kind === "any" ? WITH_PLAINTEXT : TLS_RUNGS', "ladder: WITH_PLAINTEXT"),
      edit(
        "policy/confirm.ts",
        'if (!rung || decision.floor.kind !== "any" || !(decision.enforced ?? []).every(asksNothing)) {',
        "if (!rung) {",
      ),
      edit(
        "smtp/io/client.ts",
        'return allowed.kind === "plaintext" && mayLogIn(target, allowed) ? allowed : undefined;',
        'return decision.floor.kind === "any" && allowed.kind === "plaintext" && mayLogIn(target, allowed) ? allowed : undefined;',
      ),
    ],
    kills: [
      ["A10", "P2"],
      ["A10", "P3"],
      ["A08", "P5c"],
      ["A08", "P6"],
    ],
  },
  {
    id: "residue-kept",
    bug: "Octets behind the 220 to STARTTLS are no reason to stop",
    edits: [edit("smtp/client/hello.ts", "if (more) {", "if (more && session.secured) {")],
    kills: [
      ["A13", "P2"],
      ["A13", "P5c"],
      ["A14", "P2"],
      ["A14", "P5c"],
    ],
  },
  {
    id: "capabilities-kept",
    bug: "What EHLO said in clear still counts inside TLS",
    edits: [
      edit(
        "smtp/client/hello.ts",
        "return sayEhlo({ ...session, secured: true, extensions: NO_EXTENSIONS });",
        "return sayEhlo({ ...session, secured: true });",
      ),
      edit(
        "smtp/client/hello.ts",
        "const known = { ...session, extensions: extensionsOf(reply) };",
        "const known = session.secured ? session : { ...session, extensions: extensionsOf(reply) };",
      ),
    ],
    kills: [
      ["A16", "P2"],
      ["A16", "P5c"],
      ["G01", "P7"],
    ],
  },
  {
    id: "name-not-checked",
    bug: "A trusted certificate will do, whatever name it bears",
    edits: [
      edit(
        "policy/fault.ts",
        "return chainTrusted(seen) ? nameFault(leaf, floor.names) :",
        "return chainTrusted(seen) ? undefined :",
      ),
    ],
    kills: [
      ["B02", "P3"],
      ["B02", "P5c"],
      ["B02", "P4"],
    ],
  },
  {
    id: "chain-not-checked",
    bug: "The right name will do, whoever signed the certificate",
    edits: [
      edit(
        "policy/fault.ts",
        "return chainTrusted(seen) ? nameFault(leaf, floor.names) :",
        "return seen.chain.length > 0 ? nameFault(leaf, floor.names) :",
      ),
    ],
    kills: [
      ["B01", "P3"],
      ["B01", "P5c"],
      ["B01", "P4"],
    ],
  },
  {
    id: "expired-accepted",
    bug: "A certificate that has expired is as good as before",
    edits: [
      edit(
        "tls/verify.ts",
        "handshake.chainError === undefined;",
        '(handshake.chainError === undefined || handshake.chainError.includes("EXPIRED"));',
      ),
    ],
    kills: [
      ["B03", "P3"],
      ["B03", "P5c"],
    ],
  },
  {
    id: "wildcard-swallows-dots",
    bug: "A wildcard stands for any number of labels",
    edits: [
      edit(
        "tls/names.ts",
        "return dot > 0 && name.slice(dot) === pattern.slice(1);",
        "return dot > 0 && name.endsWith(pattern.slice(1));",
      ),
    ],
    kills: [
      ["B06", "P3"],
      ["B06", "P5c"],
    ],
  },
  {
    id: "old-tls-accepted",
    bug: "TLS 1.0 and 1.1 are taken, with whatever ciphers",
    edits: [
      edit("tls/io/handshake.ts", 'minVersion: "TLSv1.2",', 'minVersion: "TLSv1", ciphers: "ALL:@SECLEVEL=0",'),
      edit(
        "tls/io/handshake.ts",
        'if (version !== "TLSv1.2" && version !== "TLSv1.3") return err(`the host settled on ${String(version)}`);',
        "",
      ),
      edit("tls/io/handshake.ts", "    version,\n    cipher", '    version: version as "TLSv1.2",\n    cipher'),
      edit("tls/io/trust.ts", 'minVersion: "TLSv1.2",', 'minVersion: "TLSv1", ciphers: "ALL:@SECLEVEL=0",'),
      edit("tls/io/trust.ts", "{ ciphers: `${DEFAULT_CIPHERS}:!kRSA` }", "{ ciphers: `ALL:!kRSA:@SECLEVEL=0` }"),
    ],
    kills: [
      ["A11", "P2"],
      ["A11", "P5c"],
      ["A11", "P1"],
    ],
  },
  {
    id: "second-try-forgets",
    bug: "The second handshake takes whatever certificate is shown",
    edits: [
      edit(
        "smtp/io/client.ts",
        "const proof = options.gate.confirmPeer(decision, handshake, options.clock.now());",
        'const lax: Proceed = rung.kind === "tls" && rung.hello === "small" ? { ...decision, floor: { kind: "encrypted" }, enforced: [] } : decision;\n  const proof = options.gate.confirmPeer(lax, handshake, options.clock.now());',
      ),
      edit(
        "smtp/io/client.ts",
        "const admitted = options.gate.admit(proof, decision, extensions, binding, options.clock.now());",
        'const admitted = options.gate.admit(proof, proof.kind === "tls" ? { ...decision, floor: { kind: "encrypted" }, enforced: [] } : decision, extensions, binding, options.clock.now());',
      ),
    ],
    kills: [
      ["E23", "P5c"],
      ["E23", "P5f"],
      ["E23", "P6"],
    ],
  },
  {
    id: "reuse-across-policies",
    bug: "A connection is used again for whatever goes to the same address",
    edits: [
      edit("delivery/reuse.ts", "[sni, keys, floor, requireTls, ladder, enforced.filter(isPolicy), observe],", "[],"),
      edit(
        "policy/admit.ts",
        'const judged = proof.kind === "tls" ? judgeAgain(proof, decision, now) : allowPlaintext(decision);',
        "const judged = proof as PeerProof;",
      ),
    ],
    kills: [
      ["F05", "P3"],
      ["F05", "P5c"],
      ["F05", "P6"],
    ],
  },
];
