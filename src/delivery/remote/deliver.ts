import { unreachable } from "../../base/mod.ts";
import type { Recipient } from "../../mail/mod.ts";
import type { Claim } from "../../queue/mod.ts";
import { statusOf } from "../../status/mod.ts";
import type { Attempt } from "../attempt.ts";
import { deliverToMaildir, maildirPath } from "../maildir/mod.ts";
import { endOf } from "../outcome.ts";
import { type MaildirTarget, type RouteTarget, routeFor } from "../route.ts";
import { pendingRecipients } from "../settle.ts";
import type { RecipientOutcome, Via } from "../walk.ts";
import { brokenOff } from "./broken.ts";
import { allAs, merged, of } from "./merge.ts";
import type { AttemptOptions } from "./options.ts";
import { type Batch, deliverRemotely, deliverToAgent } from "./remotely.ts";

/**
 * Makes one attempt for every recipient of a claim that waits. Never rejects: what breaks for some recipients, or was
 * stopped before their turn, leaves the others as they ended.
 */
export async function deliverClaim(claim: Claim, options: AttemptOptions): Promise<Attempt> {
  const attempts: Attempt[] = [];
  for (const group of groupsOf(claim, options)) {
    const { recipients } = group;
    const made = async (): Promise<Attempt> => {
      options.signal.throwIfAborted();
      return await deliverGroup(claim, group, options);
    };
    attempts.push(await made().catch((fault: unknown) => brokenOff(claim, { recipients, fault }, options)));
  }
  return merged(attempts);
}

/** Two domains never share a decision about TLS. */
interface Group extends Batch {
  readonly target: RouteTarget;
  readonly recipients: number[];
}

function groupsOf(claim: Claim, options: AttemptOptions): readonly Group[] {
  const groups: Group[] = [];
  for (const index of pendingRecipients(claim)) {
    const { mailbox } = claim.envelope.recipients[index] as Recipient;
    const target = routeFor(options.routes, mailbox);
    const known = groups.find((group) => group.target === target && group.domain === mailbox.domain);
    if (known === undefined) groups.push({ target, domain: mailbox.domain, recipients: [index] });
    else known.recipients.push(index);
  }
  return groups;
}

function deliverGroup(claim: Claim, group: Group, options: AttemptOptions): Promise<Attempt> {
  const { target } = group;
  switch (target.kind) {
    case "mx":
    case "smtp":
      return deliverRemotely(claim, { ...group, via: target }, options);
    case "lmtp":
      return deliverToAgent(claim, { ...group, agent: target }, options);
    case "maildir":
      return deliverLocally(claim, group, target, options);
    case "discard":
      return Promise.resolve(
        allAs(group.recipients, {
          end: "delivered",
          reach: "mailbox",
          status: DISCARDED,
          via: { tls: "local:discard", because: [] },
        }),
      );
    default:
      return unreachable(target);
  }
}

async function deliverLocally(
  claim: Claim,
  group: Group,
  target: MaildirTarget,
  options: AttemptOptions,
): Promise<Attempt> {
  const outcomes = new Map<number, RecipientOutcome>();
  const via: Via = { tls: "local:maildir", because: [] };
  const { body, content } = claim.envelope;
  for (const index of group.recipients) {
    const { mailbox } = claim.envelope.recipients[index] as Recipient;
    const status = await deliverToMaildir(maildirPath(target.path, mailbox), {
      reversePath: claim.envelope.reversePath,
      recipient: mailbox,
      name: `${Math.floor(claim.acceptedAt / 1000)}.Q${claim.message}R${index}.${options.hostname}`,
      attempt: claim.attempt,
      // RFC 3030 §3
      binary: body === "binarymime" || content.bareCrLf,
      open: () => options.store.openBody(claim.message),
    });
    const end = endOf(status);
    outcomes.set(index, { end, ...(end === "delivered" ? { reach: "mailbox" } : {}), status, via });
  }
  return of(outcomes);
}

const DISCARDED = statusOf("ok-message", "Discarded by its route");
