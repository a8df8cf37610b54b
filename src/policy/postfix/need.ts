import { unreachable } from "../../base/mod.ts";
import { daneNow } from "../precedence.ts";
import type { Expectation, NamePattern, Pin, Proceed, TlsFacts } from "../types.ts";
import type { DecidedHost } from "./project.ts";

/** What a decision asks of one host, in the terms that Postfix has levels for. */
export type HostNeed =
  | { readonly kind: "open" }
  /** `unusable-tlsa`: by TLSA records alone, which Postfix sees too. */
  | { readonly kind: "encrypted" | "unusable-tlsa" }
  | { readonly kind: "dane" }
  /** TLSA records of a host that an unsigned MX answer names. */
  | { readonly kind: "halfdane" }
  | {
      readonly kind: "names";
      /** Of the host itself. */
      readonly names: readonly NamePattern[];
      /** Of the one policy that names hosts, if there is no more than one; the same for all hosts of a next hop. */
      readonly patterns?: readonly NamePattern[];
      /** TLSA records bind as well. */
      readonly halfdane: boolean;
    }
  | { readonly kind: "pins"; readonly pins: readonly Pin[] }
  | { readonly kind: "several"; readonly proofs: readonly string[] }
  /** The host is not to be used; `unclear` where a look-up failed. */
  | { readonly kind: "unusable"; readonly unclear: boolean; readonly why: string };

export function needOf({ decision, facts }: DecidedHost): HostNeed {
  if (decision.kind !== "proceed") {
    const { cause, text } = decision.status;
    return { kind: "unusable", unclear: cause === "dns-failure", why: text };
  }
  const proofs = authenticating(decision);
  const kinds = [...new Set(proofs.map(({ expectation }) => expectation.by))];
  const half = kinds.includes("dane") && unsigned(facts);
  const [kind, ...more] = half && kinds.length > 1 ? kinds.filter((one) => one !== "dane") : kinds;
  if (more.length > 0 && kind !== undefined)
    return { kind: "several", proofs: [kind, ...more].map((one) => PROOF[one]) };
  switch (kind) {
    case undefined:
      return withoutProof(decision);
    case "dane":
      return { kind: half ? "halfdane" : "dane" };
    case "webpki":
      return namesOf(proofs, { facts, half });
    case "pin":
      return pinsOf(proofs);
    default:
      return unreachable(kind);
  }
}

type Proof = Expectation & { readonly expectation: { readonly kind: "authenticated" } };

/** One for each policy; a fixed next hop may be named by one entry twice. */
function authenticating({ enforced = [] }: Proceed): readonly Proof[] {
  const proofs = enforced.filter((one): one is Proof => one.expectation.kind === "authenticated");
  return [...new Map(proofs.map((one) => [nameOf(one), one])).values()];
}

function nameOf({ policy: { source, domain, id = "" }, expectation }: Proof): string {
  return `${source} ${domain} ${id} ${expectation.by}`;
}

function withoutProof({ floor, enforced = [] }: Proceed): HostNeed {
  if (floor.kind === "any") return { kind: "open" };
  const others = enforced.some(
    ({ policy, expectation }) => policy.source !== "dane" && expectation.kind === "encrypted",
  );
  return { kind: others ? "encrypted" : "unusable-tlsa" };
}

function unsigned(facts: TlsFacts): boolean {
  const dane = daneNow(facts);
  return (
    dane?.kind === "usable" &&
    (dane.mx === "insecure" || (facts.host.learnt === "mx" && facts.host.mxSecurity === "insecure"))
  );
}

function namesOf(
  proofs: readonly Proof[],
  { facts, half }: { readonly facts: TlsFacts; readonly half: boolean },
): HostNeed {
  const asking = proofs.filter(({ expectation }) => expectation.by === "webpki");
  const names = asking.flatMap(({ expectation }) => (expectation.by === "webpki" ? expectation.names : []));
  const [only, ...more] = asking;
  const patterns = only === undefined || more.length > 0 ? undefined : patternsOf(only, facts);
  return {
    kind: "names",
    names: [...new Set(names)],
    halfdane: half,
    ...(patterns === undefined ? {} : { patterns }),
  };
}

/** The names that the policy itself lists, as long as nothing but the policy chooses among hosts. */
function patternsOf(
  { policy }: Expectation,
  { sts, list, local, also = [], host }: TlsFacts,
): readonly NamePattern[] | undefined {
  // A fixed next hop is one host, whatever else a policy names.
  if (host.learnt === "configured") return undefined;
  if (policy.source === "mta-sts") return sts?.kind === "policy" ? sts.mx : undefined;
  if (policy.source === "list") return list?.kind === "policy" ? list.mx : undefined;
  const agreed = [...(local === undefined ? [] : [local]), ...also].filter(({ mx }) => mx !== undefined);
  return policy.source === "local" && agreed.length === 1 ? agreed[0]?.mx : undefined;
}

function pinsOf(proofs: readonly Proof[]): HostNeed {
  const [first, ...more] = proofs.map(({ expectation }) => (expectation.by === "pin" ? expectation.pins : []));
  if (first === undefined || more.length > 0)
    return { kind: "several", proofs: ["pins of two local entries", "both of them"] };
  return { kind: "pins", pins: first };
}

const PROOF = { dane: "TLSA records", webpki: "a trusted certificate", pin: "a pinned key" } as const;
