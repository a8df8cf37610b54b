import { unreachable } from "../../base/mod.ts";
import { isWeak } from "./strength.ts";
import type { Draft } from "./findings.ts";
import type { FactsAndClaims, HopTls, Path, Strength, WeakestLink } from "./types.ts";

/** How well a hop's channel was protected; undefined where nothing crossed a network. */
export function strengthOf(tls: HopTls): Strength | undefined {
  switch (tls.state) {
    case "local":
      return undefined;
    case "cleartext":
      return "cleartext";
    case "unknown":
      return "unknown";
    case "tls":
      if (isWeak(tls.weaknesses)) return "weak";
      return tls.postQuantum === true ? "post-quantum" : "tls";
    default:
      return unreachable(tls.state);
  }
}

export function weakestLinks(hops: readonly Draft[]): FactsAndClaims<WeakestLink | null> {
  return { facts: weakest(hops.filter(isFact)), claims: weakest(hops.filter((hop) => !isFact(hop))) };
}

export function allTls(hops: readonly Draft[]): Path["allTls"] {
  return { facts: every(hops.filter(isFact)), claims: every(hops.filter((hop) => !isFact(hop))) };
}

function isFact(hop: Draft): boolean {
  return hop.trust !== "claimed";
}

function weakest(hops: readonly Draft[]): WeakestLink | null {
  let found: WeakestLink | null = null;
  for (const { index, tls } of hops) {
    const strength = strengthOf(tls);
    if (strength !== undefined && (found === null || RANK[strength] < RANK[found.strength]))
      found = { index, strength };
  }
  return found;
}

function every(hops: readonly Draft[]): "yes" | "no" | "unknown" {
  const states = hops.map((hop) => hop.tls.state).filter((state) => state !== "local");
  if (states.includes("cleartext")) return "no";
  return states.length > 0 && states.every((state) => state === "tls") ? "yes" : "unknown";
}

const RANK: Readonly<Record<Strength, number>> = { cleartext: 0, unknown: 1, weak: 2, tls: 3, "post-quantum": 4 };
