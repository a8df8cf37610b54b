import { unreachable } from "../base/mod.ts";
import type { Because } from "../mail/mod.ts";
import type { Level } from "./level.ts";
import type { PeerProof, PolicyRef, PlaintextAllowed, Rung, TlsDecision, TlsFloor } from "./types.ts";

/** The decision, what else is checked, and what each source said, in lines for people. */
export function explain(decision: TlsDecision): readonly string[] {
  const reasons = decision.because.map(sayBecause);
  if (decision.kind !== "proceed") {
    const what = decision.kind === "defer" ? "deliver to none of the hosts now" : "leave this host out";
    return [`${what}: ${decision.status.text}`, ...reasons];
  }
  const beside = (decision.enforced ?? []).filter((one) => bindsBeside(one.expectation, decision.floor));
  const more = [
    ...beside.map((one) => `require also, for ${sayPolicy(one.policy)}: ${sayFloor(one.expectation)}`),
    ...decision.observe.map((one) => `only watch, for ${sayPolicy(one.policy)}: ${sayFloor(one.expectation)}`),
    ...(decision.known ?? []).map((one) => `note, for ${sayPolicy(one.policy)}: ${one.detail}`),
  ];
  const steps = decision.ladder.map(sayRung).join(", then ");
  const sni = decision.sni === null ? "no server name" : `server name ${decision.sni}`;
  const promise = decision.requireTls === true ? ["the host must advertise REQUIRETLS"] : [];
  return [`require ${sayFloor(decision.floor)}`, `try ${steps}; ${sni}`, ...promise, ...more, ...reasons];
}

/** Whether it asks for a proof that the floor does not stand for. */
function bindsBeside(expectation: TlsFloor, floor: TlsFloor): boolean {
  return expectation.kind === "authenticated" && (floor.kind !== "authenticated" || floor.by !== expectation.by);
}

function sayPolicy({ source, domain }: PolicyRef): string {
  return `${source} of ${domain}`;
}

/** One reason: source, clause and rule. */
export function sayBecause(because: Because): string {
  return `${because.source}: ${because.says}${because.rule === undefined ? "" : ` (${because.rule})`}`;
}

/** How far a delivery came that did not reach what was wanted. */
export type NotReached =
  | "decision"
  | "dns"
  | "connect"
  | "greeting"
  | "hello"
  | "starttls"
  | "handshake"
  | "verify"
  | "second-hello"
  | "auth"
  | "requiretls";

/** The `tls=` word of a log line: wanted and actual, or after "!" the stage that was not passed. */
export function tlsWord(decision: TlsDecision, actual: PeerProof | PlaintextAllowed | NotReached): string {
  return `${wantedWord(decision)}:${typeof actual === "string" ? `!${actual}` : actualWord(decision, actual)}`;
}

/** The wanted half of the word. */
export function wantedWord(decision: TlsDecision): string {
  if (decision.wanted !== undefined) return decision.wanted;
  if (decision.kind !== "proceed") return decision.level ?? "secure";
  if (decision.level !== undefined) return decision.level;
  return LEVEL_OF[decision.floor.kind];
}

/** What was reached is claimed only as far as the floor made us check it. */
function actualWord(decision: TlsDecision, proof: PeerProof | PlaintextAllowed): string {
  if (proof.kind === "plaintext") return "plaintext";
  if (decision.kind !== "proceed") return "encrypted";
  const { floor, mx } = decision;
  if (floor.kind !== "authenticated" || !proof.satisfied.includes(floor.by)) return "encrypted";
  // RFC 7672 §2.2.1: a host that an unsigned MX answer names must not be called the destination's.
  return floor.by === "dane" && mx === "none" ? "halfdane" : floor.by;
}

function sayFloor(floor: TlsFloor): string {
  switch (floor.kind) {
    case "any":
      return "nothing; TLS when it can be had";
    case "encrypted":
      return "TLS, the host's identity not verified";
    case "authenticated":
      return sayAuthenticated(floor);
    default:
      return unreachable(floor);
  }
}

function sayAuthenticated(floor: Extract<TlsFloor, { kind: "authenticated" }>): string {
  switch (floor.by) {
    case "webpki":
      return `TLS and a trusted certificate for ${floor.names.join(" or ")}`;
    case "dane":
      return `TLS and a certificate that matches one of ${floor.tlsa.length} TLSA records`;
    case "pin":
      return `TLS and one of ${floor.pins.length} pinned keys`;
    default:
      return unreachable(floor);
  }
}

function sayRung(rung: Rung): string {
  switch (rung.kind) {
    case "tls":
      return rung.hello === "full" ? "TLS" : "TLS with a small ClientHello";
    case "plaintext":
      return "plaintext";
    default:
      return unreachable(rung);
  }
}

const LEVEL_OF: { readonly [kind in TlsFloor["kind"]]: Level } = {
  any: "may",
  encrypted: "encrypt",
  authenticated: "secure",
};
