import { formatMailbox, type HeaderReport } from "../mail/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { caseless } from "./aliases.ts";
import type { Entry } from "./entry.ts";
import { isOurs, type RecipientRules } from "./recipients.ts";

export interface LoopOptions {
  readonly rules: RecipientRules;
  readonly limits: { readonly hops: number };
  readonly entries: readonly Entry[];
}

/** Why a header, of which Delivered-To was collected, ends here: too long, too many hops, or been here before. */
export function judgeHeader(report: HeaderReport, { rules, limits, entries }: LoopOptions): Status | undefined {
  if (report.fault !== undefined) return statusOf("too-many-header-fields");
  // RFC 5321 §6.3
  if (report.received > limits.hops) return statusOf("mail-loop", `The message has passed ${report.received} hops`);
  const deliveredTo = new Set((report.values.get("delivered-to") ?? []).map((value) => value.toLowerCase()));
  const forwarders = entries.flatMap(({ forwardedBy }) => (forwardedBy === undefined ? [] : [forwardedBy]));
  const here = entries.map(({ recipient }) => recipient.mailbox).filter((mailbox) => isOurs(rules, mailbox));
  const looping = [...here, ...forwarders].find((mailbox) => deliveredTo.has(caseless(mailbox)));
  if (looping === undefined) return undefined;
  return statusOf("mail-loop", `The message was delivered to ${formatMailbox(looping)} before`);
}
