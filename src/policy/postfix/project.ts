import type { TlsDecision, TlsFacts } from "../types.ts";
import { type HostNeed, needOf } from "./need.ts";
import { fingerprint, matchOf, type PostfixPolicy } from "./level.ts";
import type { RowName } from "./rows.ts";

/** One host of a next hop, with the decision for it and what that was made of. */
export interface DecidedHost {
  readonly decision: TlsDecision;
  readonly facts: TlsFacts;
}

/** The entry for Postfix, or why there can be none now; `row` says how it compares with our own delivery (`ROWS`). */
export type Projected =
  | { readonly kind: "policy"; readonly policy: PostfixPolicy; readonly row: RowName }
  | { readonly kind: "wait"; readonly reason: string; readonly row: RowName };

/** Turns the decisions for all hosts of a next hop into one entry that is at least as strong wherever a level can say so. */
export function projectPostfix(hosts: readonly DecidedHost[]): Projected {
  const needs = hosts.map(needOf);
  const usable = needs.filter((need) => need.kind !== "unusable");
  const [first] = usable;
  const out = needs.filter((need) => need.kind === "unusable");
  const unclear = out.find((need) => need.unclear);
  if (first === undefined)
    return wait(unclear === undefined ? "refused" : "failed", (unclear ?? out[0])?.why ?? "there is no host");
  const several = usable.find((need) => need.kind === "several");
  if (several?.kind === "several")
    return wait("several", `one TLS policy of Postfix cannot ask for ${several.proofs.join(" and ")}`);
  const kinds = new Set(usable.map((need) => need.kind));
  if (kinds.has("dane")) return withDane(usable, out);
  // Whatever else Postfix may find at that host, it cannot be told to leave it alone.
  if (unclear !== undefined) return wait("failed", unclear.why);
  if (kinds.has("names")) return kinds.size === 1 ? withNames(usable) : wait("several", MIXED);
  if (kinds.has("pins")) return kinds.size === 1 ? withPins(usable) : wait("several", MIXED);
  if (out[0] !== undefined) return wait("kept", out[0].why);
  if (kinds.has("halfdane")) {
    return kinds.has("encrypted") ? wait("several", MIXED) : policy({ level: "dane" }, "dane-unsigned");
  }
  if (kinds.has("encrypted") || kinds.has("unusable-tlsa")) {
    return policy({ level: "encrypt" }, kinds.has("open") ? "some-encrypt" : "encrypt");
  }
  return policy({ level: "may" }, "open");
}

/** At least one host has TLSA records that must be met; `dane-only` never reaches a host without any. */
function withDane(usable: readonly HostNeed[], out: readonly (HostNeed & { readonly kind: "unusable" })[]): Projected {
  // A host with records of its own would be used all the same.
  const barred = out.find((need) => !need.unclear);
  if (barred !== undefined) return wait("kept", barred.why);
  const only = { level: "dane-only" } as const;
  if (out.length > 0) return policy(only, "dane-first");
  if (usable.every((need) => need.kind === "dane")) return policy(only, "dane");
  const alike = usable.every(({ kind }) => kind === "dane" || kind === "open" || kind === "unusable-tlsa");
  return alike ? policy({ level: "dane" }, "some-dane") : policy(only, "dane-first");
}

/** One policy that names the hosts speaks with its own patterns; of several only the hosts that meet all are named. */
function withNames(usable: readonly HostNeed[]): Projected {
  const needs = usable.filter((need) => need.kind === "names");
  const [first] = needs;
  const common = needs.every((need) => need.patterns !== undefined);
  const match = common ? (first?.patterns ?? []).map(matchOf) : needs.flatMap((need) => need.names);
  const row = needs.some((need) => need.halfdane) ? "named-unsigned" : common ? "named" : "hosts";
  return policy({ level: "secure", match: [...new Set(match)] }, row);
}

/** All pins are those of one local entry, so they are the same at every host. */
function withPins(usable: readonly HostNeed[]): Projected {
  const pins = usable.flatMap((need) => (need.kind === "pins" ? need.pins : []));
  return policy({ level: "fingerprint", match: [...new Set(pins.map(({ sha256 }) => fingerprint(sha256)))] }, "pin");
}

function policy(what: PostfixPolicy, row: RowName): Projected {
  return { kind: "policy", policy: what, row };
}

function wait(row: RowName, reason: string): Projected {
  return { kind: "wait", reason, row };
}

const MIXED = "different proofs at different hosts";
