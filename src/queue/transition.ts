import { type Instant, unreachable } from "../base/mod.ts";
import type { HeldBy, Operation, QueuedUnit, RecipientState, Settlement } from "./port.ts";

/**
 * The life of a unit, the same in every backend:
 *
 *     ready ──claim──► leased ──settle──► (finished: gone) | ready | held
 *       ▲                │ lease ran out, or the process died
 *       └────────────────┘
 *
 * Who settles or renews must show the token of the newest claim while the unit is still leased. A lease that ran out is
 * not lost before somebody else claims the unit: a late settlement tells what really happened and saves a duplicate.
 */
export interface UnitState {
  readonly kind: "ready" | "leased" | "held";
  /** When it may be claimed; the end of the lease while leased. */
  readonly due: Instant;
  readonly token: number;
  readonly attempt: number;
  readonly crashes: number;
  /** Present exactly when held. */
  readonly heldBy?: HeldBy;
  readonly recipients: ReadonlyMap<number, RecipientState>;
}

export type Settled =
  | { readonly kind: "lost" }
  | { readonly kind: "finished" }
  | { readonly kind: "kept"; readonly unit: UnitState };

export function isClaimable(unit: Pick<UnitState, "kind" | "due">, now: Instant): boolean {
  return unit.kind !== "held" && unit.due <= now;
}

/** A new lease. A lease that was never settled counts as a crash of its holder. */
export function claimed(unit: UnitState, leaseUntil: Instant): UnitState {
  return {
    kind: "leased",
    due: leaseUntil,
    token: unit.token + 1,
    attempt: unit.attempt + 1,
    crashes: unit.kind === "leased" ? unit.crashes + 1 : unit.crashes,
    recipients: unit.recipients,
  };
}

/** The extended lease, or undefined when it was lost. */
export function renewed<U extends Pick<UnitState, "kind" | "due" | "token">>(
  unit: U,
  token: number,
  until: Instant,
): U | undefined {
  return holds(unit, token) ? { ...unit, due: until } : undefined;
}

/** Whether `token` is the newest claim's and the unit is still leased. */
export function holds(unit: Pick<UnitState, "kind" | "token">, token: number): boolean {
  return unit.kind === "leased" && unit.token === token;
}

/** The unit after a settlement. Throws when the settlement contradicts itself, which is a bug of the caller. */
export function settled(unit: UnitState, token: number, settlement: Omit<Settlement, "enqueue" | "tally">): Settled {
  if (!holds(unit, token)) return { kind: "lost" };
  const recipients = new Map(unit.recipients);
  for (const [index, state] of settlement.recipients) {
    if (!recipients.has(index)) throw new Error(`The settlement names recipient ${index}, which is not in the unit`);
    recipients.set(index, state);
  }
  const pending = recipients.values().some((state) => state.kind === "pending");
  if (!pending) return { kind: "finished" };
  const untouched = settlement.untouched === true;
  const after = { token, attempt: untouched ? unit.attempt - 1 : unit.attempt, recipients };
  if (settlement.hold === true || settlement.hold === "damage") {
    const { due, crashes } = unit;
    const heldBy = settlement.hold === true ? "settlement" : "damage";
    return { kind: "kept", unit: { ...after, kind: "held", due, crashes, heldBy } };
  }
  const due = settlement.retryAt ?? (untouched ? settlement.at : undefined);
  if (due === undefined) throw new Error("The settlement leaves a recipient pending but names no time");
  return { kind: "kept", unit: { ...after, kind: "ready", due, crashes: untouched ? unit.crashes : 0 } };
}

/** What an operation makes of a unit that it does not remove. */
export type Change = Pick<UnitState, "kind" | "due" | "crashes" | "heldBy">;

/** The unit after an operator's word; undefined when that means nothing to it. */
export function operated(
  unit: Pick<UnitState, "kind" | "due" | "crashes">,
  operation: Operation,
  at: Instant,
): Change | "gone" | undefined {
  const { kind, due, crashes } = unit;
  if (kind === "leased") return undefined;
  switch (operation) {
    case "retry":
      return kind === "ready" && due > at ? { kind, due: at, crashes } : undefined;
    case "release":
      return kind === "held" ? { kind: "ready", due: at, crashes: 0 } : undefined;
    case "hold":
      return kind === "ready" ? { kind: "held", due, crashes, heldBy: "operator" } : undefined;
    case "drop":
      return "gone";
    default:
      return unreachable(operation);
  }
}

export function changed(unit: UnitState, change: Change): UnitState {
  const { token, attempt, recipients } = unit;
  return { token, attempt, recipients, ...change };
}

/** How an operator sees it. */
export function shownState(unit: Pick<UnitState, "kind" | "due">, now: Instant): QueuedUnit["state"] {
  if (unit.kind === "held") return "held";
  if (unit.due <= now) return "due";
  return unit.kind === "leased" ? "leased" : "waiting";
}
