import type { Attack, HostSpec, Scenario, Variant } from "../types.ts";
import { all } from "./expect.ts";

/** Group G, as far as e.ts has not got it: what becomes of REQUIRETLS at other hands and at our own. */
export const GROUP_G_MORE: readonly Scenario[] = [
  { row: "G02", position: "RR", variants: [passedOn("relay")] },
  {
    row: "G03",
    position: "OP",
    variants: [
      aliased("alias", false),
      aliased("two-aliases", false),
      aliased("alias", true),
      aliased("two-aliases", true),
    ],
  },
  { row: "G04", position: "OP", variants: [passedOn("list")] },
  {
    row: "G05",
    position: "OP",
    variants: [
      filtered("says-no", ["Require-TLS-ESMTP: no", "X-Hopseal-Demand: may"]),
      filtered("waived", ["TLS-Required: No", "X-Hopseal-Require-TLS: No"]),
    ],
  },
];

/** Group M, as far as one message shows it. */
export const GROUP_M: readonly Scenario[] = [
  { row: "M02", position: "AC", variants: [blocked("refuse"), blocked("drop")] },
  {
    row: "M03",
    position: "RR",
    // The gateway's CA is one that everybody here trusts.
    variants: [{ id: "", attack: { smtp: { "mx.T": { kind: "terminate", certificate: {} } } } }],
  },
];

/** The victim's host promises, takes the message, and gives it to another in clear. */
function passedOn(as: "relay" | "list"): Variant {
  const next: HostSpec = { owner: "victim", starttls: false };
  const first: HostSpec = { owner: "victim", passesOn: { to: "next.T", as } };
  return { id: "", attack: { world: { hosts: { "next.T": next, "mx.T": first } } } };
}

function aliased(by: "alias" | "two-aliases", offers: boolean): Variant {
  const host: HostSpec = { owner: "victim", requireTls: offers };
  const attack: Attack = { world: { hosts: { "mx.T": host } }, message: { by } };
  if (!offers) return { id: by, attack };
  const because = "RFC 8689 §4.2.1: a host that offers REQUIRETLS gets what an alias sends it, with the demand";
  return { id: `${by}-offered`, attack, expect: all(["P7"], "S", because) };
}

/** Fields by which filters carry the tag elsewhere; the next hop offers no REQUIRETLS. */
function filtered(id: string, fields: readonly string[]): Variant {
  const host: HostSpec = { owner: "victim", requireTls: false };
  return { id, attack: { world: { hosts: { "mx.T": host } }, message: { fields } } };
}

function blocked(kind: "refuse" | "drop"): Variant {
  return { id: kind, attack: { smtp: { "mx.T": { kind } } } };
}
