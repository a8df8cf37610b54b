import type { Envelope } from "../../../mail/mod.ts";
import { StoreError } from "../../port.ts";
import { decodeEnvelope, decodeRecipients } from "../../stored.ts";
import type { UnitState } from "../../transition.ts";
import type { Row } from "./database.ts";
import { messageSum, unitSum } from "./sums.ts";

/** Reads typed values out of rows; StoreError `corrupt` names the row. */
export function unitState(row: Row): UnitState {
  const state = stateOf(row);
  const stored = textOf(row, "recipients");
  const recipients = decodeRecipients(stored);
  if (!recipients.ok) throw corrupt(unitName(row), recipients.error);
  requireSum(row, () => unitSum(numberOf(row, "key"), textOf(row, "destination"), stored));
  return {
    ...state,
    due: numberOf(row, "due"),
    token: numberOf(row, "token"),
    attempt: numberOf(row, "attempt"),
    crashes: numberOf(row, "crashes"),
    recipients: recipients.value,
  };
}

/** Whether the unit is ready, leased or held, and by whom. */
export function stateOf(row: Row): State {
  const state = STATES[numberOf(row, "state")];
  if (state === undefined) throw corrupt(unitName(row), `its state is ${String(row["state"])}`);
  return state;
}

/** The number that stands for a state in the table. */
export function stateNumber({ kind, heldBy = "settlement" }: Pick<UnitState, "kind" | "heldBy">): number {
  return STATES.findIndex((state) => state.kind === kind && (kind !== "held" || state.heldBy === heldBy));
}

/** The stored envelope, checked, and with it all of the message's row but its content. */
export function envelopeText(row: Row): string {
  const stored = textOf(row, "envelope");
  const envelope = decodeEnvelope(stored);
  if (!envelope.ok) throw corrupt(`message ${String(row["id"])}`, envelope.error);
  requireSum(row, () =>
    messageSum({
      id: textOf(row, "id"),
      acceptedAt: numberOf(row, "accepted_at"),
      bodySize: numberOf(row, "body_size"),
      envelope: stored,
    }),
  );
  return stored;
}

/** Parses what `envelopeText` has checked in the other thread. */
export function trustedEnvelope(stored: string): Envelope {
  const { version: _version, ...envelope } = JSON.parse(stored) as Envelope & { readonly version: number };
  return envelope;
}

export function numberOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw corrupt(unitName(row), `${column} is no number`);
  return value;
}

export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw corrupt(unitName(row), `${column} is no text`);
  return value;
}

/** Rows of older programs have none. */
function requireSum(row: Row, sum: () => number): void {
  if (row["sum"] !== null && row["sum"] !== sum()) throw corrupt(unitName(row), "its check sum is another");
}

export function corrupt(what: string, why: string): StoreError {
  return new StoreError("corrupt", `The row of ${what} is damaged: ${why}`);
}

export function messageKeyOf(unit: number): number {
  return Math.floor(unit / UNITS_PER_MESSAGE);
}

/** The keys of all units of a message lie from this one on, and before that of the next message. */
export function firstUnitKey(message: number): number {
  return message * UNITS_PER_MESSAGE;
}

function unitName(row: Row): string {
  return row["id"] === undefined ? `unit ${String(row["key"])}` : `message ${String(row["id"])}`;
}

/** 2^16: MOST_UNITS of entry.ts. */
const UNITS_PER_MESSAGE = 65_536;
type State = Pick<UnitState, "kind" | "heldBy">;
const STATES: readonly State[] = [
  { kind: "ready" },
  { kind: "leased" },
  { kind: "held", heldBy: "settlement" },
  { kind: "held", heldBy: "operator" },
  { kind: "held", heldBy: "damage" },
];
