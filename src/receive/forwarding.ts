import { err, type Instant, ok, type Result } from "../base/mod.ts";
import { type ForwardPath, formatMailbox, type Mailbox, type ReversePath } from "../mail/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { type Accepted, domainOf, isOurs, judgeRecipient, type RecipientRules } from "./recipients.ts";
import { isRewritten, originalSender, rewriteSender, type SrsSecrets } from "./srs.ts";

/** What rewriting senders needs; no secrets: no domain does. */
export interface Forwarding {
  readonly rules: RecipientRules;
  readonly secrets: SrsSecrets | undefined;
  readonly at: Instant;
}

/**
 * The sender under which `forwarder` passes mail on: rewritten where its domain asks for it and the sender is somebody
 * else's. One that cannot be rewritten stays: the next host may mind it, but no notice is ever lost.
 */
export function senderBehind(sender: ReversePath, forwarder: Mailbox, forwarding: Forwarding): ReversePath {
  const { rules, secrets, at } = forwarding;
  if (sender.kind === "null" || secrets === undefined || isOurs(rules, sender.mailbox)) return sender;
  const local = domainOf(rules, forwarder);
  if (local?.srs !== true) return sender;
  const rewritten = rewriteSender(sender.mailbox, local.name, { secrets, at });
  return rewritten.ok ? { kind: "mailbox", mailbox: rewritten.value } : sender;
}

/** Judges a recipient that may be a sender rewritten before; undefined when it is none. */
export function judgeReturned(
  path: ForwardPath,
  sender: ReversePath,
  forwarding: Forwarding,
): Result<Accepted, Status> | Promise<Result<Accepted, Status>> | undefined {
  const { rules, secrets, at } = forwarding;
  if (path.kind === "postmaster" || secrets === undefined) return undefined;
  const asked = path.mailbox;
  if (domainOf(rules, asked)?.srs !== true || !isRewritten(asked.localPart)) return undefined;
  // Anything but a notice would make us a relay for who knows one such address (RFC 5321 §4.5.5).
  if (sender.kind !== "null")
    return err(statusOf("policy-refused", `${formatMailbox(asked)} takes notices only, from the null sender`));
  const original = originalSender(asked.localPart, { secrets, at });
  if (!original.ok) {
    return err(statusOf("unknown-recipient", `The address ${formatMailbox(asked)} is ${original.error}`));
  }
  const back = original.value;
  if (!isOurs(rules, back)) return ok({ asked, targets: [back] });
  return judgeRecipient(rules, { kind: "mailbox", mailbox: back }, false);
}
