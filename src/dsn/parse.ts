/**
 * Reads a delivery status notification, whoever wrote it (RFC 3464, RFC 6522, RFC 6533). The frame must be right: a
 * multipart/report of this type whose second part holds a group about the message and one for each recipient, with the fields
 * that RFC 3464 requires. What lies in the values is told as far as it can be read, and the rest is a finding.
 */
import { type Bytes, err, fromUtf8, ok, type Result } from "../base/mod.ts";
import { readMessageGroup, readRecipientGroup, type RecipientReport, type MessageReport } from "./parse/groups.ts";
import { fieldGroups } from "./parse/lines.ts";
import { type Entity, entityOf, mediaTypeOf, partsOf } from "./parse/mime.ts";

export type { MessageReport, RecipientReport, TypedValue } from "./parse/groups.ts";

export interface DeliveryReport {
  /** The text for people, decoded; as it stands when its character set is not UTF-8 or ASCII. */
  readonly text: string;
  /** message/global-delivery-status (RFC 6533 §4.1). */
  readonly global: boolean;
  readonly message: MessageReport;
  /** At least one. */
  readonly recipients: readonly RecipientReport[];
  /** The third part, decoded. */
  readonly returned?: { readonly type: string; readonly content: Bytes };
  /** Values that break a rule, each as one clause. */
  readonly findings: readonly string[];
}

/** Parses a whole message; the error says what keeps it from being a delivery status notification. */
export function parseDeliveryReport(message: Bytes): Result<DeliveryReport, string> {
  if (message.length > LONGEST_MESSAGE) return err(`it has more than ${LONGEST_MESSAGE} octets`);
  const whole = entityOf(message);
  const { type, parameters } = mediaTypeOf(whole);
  // RFC 6522 §3
  if (type !== "multipart/report") return err(`it is ${type}, not multipart/report`);
  const reportType = parameters.get("report-type")?.toLowerCase();
  // RFC 3464 §2
  if (reportType !== "delivery-status") return err(`its report-type is ${reportType ?? "missing"}`);
  const boundary = parameters.get("boundary");
  if (boundary === undefined) return err("it has no boundary");
  const parts = partsOf(whole.content, boundary);
  if (!parts.ok) return parts;
  const [text, status, returned, ...more] = parts.value;
  if (text === undefined || status === undefined)
    return err(`it has ${parts.value.length} parts, at least 2 are needed`);
  if (more.length > 0) return err(`it has ${parts.value.length} parts, at most 3 are possible`);
  const statusType = mediaTypeOf(status).type;
  if (!STATUS_TYPES.has(statusType)) return err(`its second part is ${statusType}`);
  const read = readGroups(status);
  if (!read.ok) return read;
  return ok({
    text: fromUtf8(text.content),
    global: statusType === GLOBAL,
    ...read.value,
    ...(returned === undefined ? {} : { returned: { type: mediaTypeOf(returned).type, content: returned.content } }),
  });
}

function readGroups(status: Entity): Result<Pick<DeliveryReport, "message" | "recipients" | "findings">, string> {
  const groups = fieldGroups(status.content);
  if (!groups.ok) return groups;
  const [about, ...each] = groups.value;
  if (about === undefined || each.length === 0) return err("its status names no recipient");
  const findings: string[] = [];
  const message = readMessageGroup(about, findings);
  if (!message.ok) return message;
  const recipients: RecipientReport[] = [];
  for (const [at, group] of each.entries()) {
    const recipient = readRecipientGroup(group, findings);
    if (!recipient.ok) return err(`recipient ${at + 1}: ${recipient.error}`);
    recipients.push(recipient.value);
  }
  return ok({ message: message.value, recipients, findings });
}

const GLOBAL = "message/global-delivery-status";
/** RFC 6533 §4.4: readers take either. */
const STATUS_TYPES: ReadonlySet<string> = new Set(["message/delivery-status", GLOBAL]);
const LONGEST_MESSAGE = 1 << 26;
