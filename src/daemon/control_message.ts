import { type Envelope, formatMailbox, formatReversePath } from "../mail/mod.ts";
import type { HeldBy, QueuedMessage, QueuedUnit, RecipientState } from "../queue/mod.ts";

/** A queued message as `hopseal queue list --json` prints it. Times are ISO 8601. */
export interface MessageJson {
  readonly id: string;
  readonly from: string;
  readonly accepted: string;
  /** Octets, with our Received field. */
  readonly size: number;
  readonly origin: string;
  readonly client?: string;
  readonly tlsDemand: string;
  /** The sender asked for REQUIRETLS (RFC 8689 §2). */
  readonly requireTls?: true;
  /** The sender prefers delivery over protection (RFC 8689 §3). */
  readonly tlsOptional?: true;
  readonly destinations: readonly DestinationJson[];
}

/** What is listed of a message whose row in the queue cannot be read; it can be dropped. */
export interface DamagedJson {
  readonly id: string;
  readonly damaged: string;
}

export interface DestinationJson {
  readonly destination: string;
  readonly state: QueuedUnit["state"];
  readonly attempts: number;
  /** Attempts in a row under which the process died. */
  readonly crashes: number;
  readonly heldBy?: HeldBy;
  readonly next: string;
  /** Why it is still here. */
  readonly reason?: string;
  readonly recipients: readonly RecipientJson[];
}

export interface RecipientJson {
  readonly address: string;
  readonly state: RecipientState["kind"];
  readonly code?: number;
  readonly enhanced?: string;
  readonly text?: string;
  /** When it was delivered or failed. */
  readonly at?: string;
  /** A notice of the delay was sent. */
  readonly warned?: true;
}

export function messageJson(message: QueuedMessage): MessageJson {
  const { envelope } = message;
  const { demand, origin } = envelope;
  return {
    id: message.id,
    from: formatReversePath(envelope.reversePath),
    accepted: timeOf(message.acceptedAt),
    size: message.bodySize,
    origin: origin.kind,
    ...(origin.client === undefined ? {} : { client: origin.client }),
    tlsDemand: demand.level,
    ...(demand.propagate ? { requireTls: true } : {}),
    ...(demand.tlsOptional === true ? { tlsOptional: true } : {}),
    destinations: message.units.map((unit) => destinationJson(envelope, unit)),
  };
}

function destinationJson(envelope: Envelope, unit: QueuedUnit): DestinationJson {
  const recipients = [...unit.recipients].map(([at, state]) => recipientJson(envelope, at, state));
  const reason = reasonOf(unit, recipients);
  return {
    destination: unit.destination,
    state: unit.state,
    attempts: unit.attempt,
    crashes: unit.crashes,
    ...(unit.heldBy === undefined ? {} : { heldBy: unit.heldBy }),
    next: timeOf(unit.nextAt),
    ...(reason === undefined ? {} : { reason }),
    recipients,
  };
}

function recipientJson(envelope: Envelope, at: number, state: RecipientState): RecipientJson {
  const recipient = envelope.recipients[at];
  const status = state.kind === "pending" ? state.last : state.status;
  return {
    address: recipient === undefined ? `#${at}` : formatMailbox(recipient.mailbox),
    state: state.kind,
    ...(status === undefined ? {} : { code: status.code, text: status.text }),
    ...(status?.enhanced === undefined ? {} : { enhanced: status.enhanced }),
    ...(state.kind === "pending" ? {} : { at: timeOf(state.at) }),
    ...(state.kind === "pending" && state.warned === true ? { warned: true } : {}),
  };
}

function reasonOf(unit: QueuedUnit, recipients: readonly RecipientJson[]): string | undefined {
  if (unit.heldBy === "operator") return "put on hold by an operator";
  if (unit.heldBy === "damage") return "its row or its content in the queue is damaged";
  if (unit.crashes > 0) return `the process ended ${unit.crashes} time(s) in a row while it was tried`;
  const last = recipients.find(({ state, code }) => state === "pending" && code !== undefined);
  return last && [last.code, last.enhanced, last.text].filter((word) => word !== undefined).join(" ");
}

function timeOf(instant: number): string {
  return new Date(instant).toISOString();
}
