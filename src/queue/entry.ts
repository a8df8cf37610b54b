import type { NewMessage, RecipientState } from "./port.ts";
import { isQueueId } from "./id.ts";
import type { UnitState } from "./transition.ts";

/** The fault in a message that somebody wants to queue, or undefined; a fault is a bug of the caller. */
export function faultOf(message: NewMessage): string | undefined {
  const { id, units, envelope } = message;
  if (!isQueueId(id)) return `${JSON.stringify(id)} is no queue id`;
  if (units.length === 0) return `message ${id} has no units`;
  if (units.length > MOST_UNITS) return `message ${id} has ${units.length} units, at most ${MOST_UNITS} are possible`;
  const seen = new Set<number>();
  for (const unit of units) {
    if (unit.recipients.length === 0) return `message ${id} has a unit for ${unit.destination} without recipients`;
    for (const index of unit.recipients) {
      if (!Object.hasOwn(envelope.recipients, index)) return `message ${id} has no recipient ${index}`;
      if (seen.has(index)) return `message ${id} has recipient ${index} in two units`;
      seen.add(index);
    }
  }
  if (seen.size < envelope.recipients.length) return `message ${id} has a recipient outside its units`;
  return undefined;
}

/** The first state of a unit: due at once, no recipient tried. */
export function newUnit(message: NewMessage, recipients: readonly number[]): UnitState {
  const pending: RecipientState = { kind: "pending" };
  return {
    kind: "ready",
    due: message.acceptedAt,
    token: 0,
    attempt: 0,
    crashes: 0,
    recipients: new Map(recipients.map((index) => [index, pending])),
  };
}

/** Unit keys are made of the message's key and 16 bits. */
export const MOST_UNITS = 65_536;
