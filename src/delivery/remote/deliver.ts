import { unreachable } from "../../base/mod.ts";
import type { MailHost, Recipient, TlsDemand } from "../../mail/mod.ts";
import { bindingDemand } from "../../policy/mod.ts";
import type { Claim } from "../../queue/mod.ts";
import { statusOf } from "../../status/mod.ts";
import { type Attempt, attemptHosts } from "../attempt.ts";
import { deliverToMaildir, maildirPath } from "../maildir/mod.ts";
import { endOf } from "../outcome.ts";
import { type Plan, planDelivery } from "../plan.ts";
import { planAgent } from "../plan_agent.ts";
import { type FixedHop, type LmtpTarget, type MaildirTarget, type RouteTarget, routeFor } from "../route.ts";
import { pendingRecipients } from "../settle.ts";
import type { RecipientOutcome, Via, Work } from "../walk.ts";
import type { DeliveryOptions } from "./options.ts";

/** Makes one attempt for every recipient of a claim that waits. */
export async function deliverClaim(claim: Claim, options: DeliveryOptions, signal: AbortSignal): Promise<Attempt> {
  const outcomes = new Map<number, RecipientOutcome>();
  const closing: Promise<unknown>[] = [];
  for (const group of groupsOf(claim, options)) {
    const attempt = await deliverGroup(claim, group, options, signal);
    for (const [index, outcome] of attempt.outcomes) outcomes.set(index, outcome);
    closing.push(attempt.closing);
  }
  return { outcomes, closing: Promise.all(closing) };
}

/** Recipients that go the same way to the same domain; two domains never share a decision about TLS. */
interface Group {
  readonly target: RouteTarget;
  readonly domain: MailHost;
  readonly recipients: number[];
}

function groupsOf(claim: Claim, options: DeliveryOptions): readonly Group[] {
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

function deliverGroup(claim: Claim, group: Group, options: DeliveryOptions, signal: AbortSignal): Promise<Attempt> {
  const { target } = group;
  switch (target.kind) {
    case "lmtp":
      return deliverToAgent(claim, { ...group, agent: target }, options, signal);
    case "mx":
    case "smtp":
      return deliverRemotely(claim, { ...group, via: target }, options, signal);
    case "maildir":
      return deliverLocally(claim, group, target, options);
    case "discard":
      return Promise.resolve(
        all(group, { end: "delivered", status: DISCARDED, via: { tls: "local:discard", because: [] } }),
      );
    default:
      return unreachable(target);
  }
}

async function deliverRemotely(
  claim: Claim,
  group: Group & { readonly via: { readonly kind: "mx" } | FixedHop },
  options: DeliveryOptions,
  signal: AbortSignal,
): Promise<Attempt> {
  const demand = bindingDemand(claim.envelope.demand, claim.envelope.reversePath);
  const plan = await planDelivery(
    { destination: group.domain, demand, via: group.via },
    { ...options, port: options.port ?? SMTP_PORT, now: options.clock.now(), signal },
  );
  return await tryHosts(claim, { ...group, plan, demand }, options, signal);
}

function tryHosts(
  claim: Claim,
  group: Group & { readonly plan: Plan; readonly demand: TlsDemand },
  options: DeliveryOptions,
  signal: AbortSignal,
): Promise<Attempt> {
  const { plan, demand } = group;
  if (plan.kind !== "hosts") {
    const end = plan.kind === "fail" ? "failed" : "deferred";
    return Promise.resolve(all(group, { end, status: plan.status, via: { tls: `${plan.wanted}:!dns`, because: [] } }));
  }
  const work: Work = {
    envelope: { ...claim.envelope, demand },
    recipients: group.recipients,
    open: () => options.store.openBody(claim.message),
  };
  return attemptHosts(plan.hosts, work, { openSession: options.openSession, signal });
}

async function deliverToAgent(
  claim: Claim,
  group: Group & { readonly agent: LmtpTarget },
  options: DeliveryOptions,
  signal: AbortSignal,
): Promise<Attempt> {
  const bound = bindingDemand(claim.envelope.demand, claim.envelope.reversePath);
  const { plan, demand } = await planAgent(group.agent, bound, { ...options, now: options.clock.now(), signal });
  return await tryHosts(claim, { ...group, plan, demand }, options, signal);
}

async function deliverLocally(
  claim: Claim,
  group: Group,
  target: MaildirTarget,
  options: DeliveryOptions,
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
    outcomes.set(index, { end: endOf(status), status, via });
  }
  return { outcomes, closing: Promise.resolve() };
}

function all(group: Group, outcome: RecipientOutcome): Attempt {
  return { outcomes: new Map(group.recipients.map((index) => [index, outcome])), closing: Promise.resolve() };
}

const SMTP_PORT = 25;
const DISCARDED = statusOf("ok-message", "Discarded by its route");
