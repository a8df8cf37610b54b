import type { QueueId } from "../../port.ts";
import type { Call, ClaimRow, Outcome } from "./protocol.ts";

/**
 * Takes back messages that nobody was promised and whose commit succeeded all the same. A claim of the same group may have
 * leased them already: its holder does not hear of them, and the lease is given back first. `calls` come before any other.
 */
export function undo(
  ids: ReadonlySet<string>,
  group: readonly Call[],
  outcomes: readonly Outcome[],
): { readonly outcomes: readonly Outcome[]; readonly calls: readonly Call[] } {
  const released: Call[] = [];
  const left = outcomes.map((outcome, at): Outcome => {
    if (!outcome.ok || group[at]?.name !== "claim") return outcome;
    const rows = outcome.answer as readonly ClaimRow[];
    released.push(...rows.filter(({ message }) => ids.has(message)).map(releaseOf));
    return { ok: true, answer: rows.filter(({ message }) => !ids.has(message)) };
  });
  return { outcomes: left, calls: [...released, ...[...ids].map(dropOf)] };
}

function releaseOf({ unit, token }: ClaimRow): Call {
  return { name: "settle", unit, token, at: 0, recipients: new Map(), untouched: true, tally: [], enqueue: [] };
}

function dropOf(id: string): Call {
  return { name: "operate", filter: { message: id as QueueId }, operation: "drop", at: 0, from: 0 };
}
