import type { Domain, MailHost } from "../../mail/mod.ts";
import { isLiteral } from "../../mail/mod.ts";
import { bindingDemand, type StsFacts } from "../../policy/mod.ts";
import type { Claim } from "../../queue/mod.ts";
import { type Attempt, attemptHosts } from "../attempt.ts";
import { hopDomain } from "../facts.ts";
import { type Errand, type Plan, planDelivery } from "../plan.ts";
import { planAgent } from "../plan_agent.ts";
import { DEFAULT_RETRY, isLast } from "../retry.ts";
import type { LmtpTarget } from "../route.ts";
import type { Work } from "../walk.ts";
import { brokenOff } from "./broken.ts";
import { allAs, merged } from "./merge.ts";
import { queueTimeOf } from "./queue_time.ts";
import type { AttemptOptions } from "./options.ts";

/** Recipients of a claim that go the same way to the same domain. */
export interface Batch {
  readonly domain: MailHost;
  readonly recipients: readonly number[];
}

/**
 * By MX or through a fixed next hop. Before recipients are failed for good while an MTA-STS policy binds, that policy is
 * looked for anew, and if it changed they are tried once more (RFC 8461 §5.1).
 */
export async function deliverRemotely(
  claim: Claim,
  { via, ...batch }: Batch & Pick<Errand, "via">,
  options: AttemptOptions,
): Promise<Attempt> {
  const demand = bindingDemand(claim.envelope.demand, claim.envelope.reversePath);
  const errand: Errand = { destination: batch.domain, demand, via };
  const once = async (recipients: readonly number[]): Promise<Tried> => {
    const plan = await planDelivery(errand, planOptions(options));
    // RFC 8689 §5: a notice goes with REQUIRETLS where it can, though that does not bind it.
    const { envelope } = claim;
    return { plan, attempt: await tryPlan(claim, { plan, envelope, binding: demand, recipients }, options) };
  };
  const first = await once(batch.recipients);
  const doomed = doomedOf(first.attempt, claim, options);
  if (doomed.length === 0 || options.signal.aborted || !(await changed(first.plan, errand, options))) {
    return first.attempt;
  }
  const second = await once(doomed).then(
    ({ attempt }) => attempt,
    (fault: unknown) => brokenOff(claim, { recipients: doomed, fault }, options),
  );
  return merged([first.attempt, second]);
}

/** To a local delivery agent. */
export async function deliverToAgent(
  claim: Claim,
  { agent, recipients }: Batch & { readonly agent: LmtpTarget },
  options: AttemptOptions,
): Promise<Attempt> {
  const bound = bindingDemand(claim.envelope.demand, claim.envelope.reversePath);
  const { plan, demand } = await planAgent(agent, bound, planOptions(options));
  return await tryPlan(claim, { plan, envelope: { ...claim.envelope, demand }, recipients }, options);
}

interface Tried {
  readonly plan: Plan;
  readonly attempt: Attempt;
}

function planOptions(options: AttemptOptions): Parameters<typeof planDelivery>[1] {
  return { ...options, port: options.port ?? SMTP_PORT, now: options.clock.now() };
}

async function tryPlan(
  claim: Claim,
  { plan, ...work }: { readonly plan: Plan } & Omit<Work, "open">,
  options: AttemptOptions,
): Promise<Attempt> {
  if (plan.kind !== "hosts") {
    const end = plan.kind === "fail" ? "failed" : "deferred";
    return allAs(work.recipients, { end, status: plan.status, via: { tls: `${plan.wanted}:!dns`, because: [] } });
  }
  const open = (): ReturnType<typeof options.store.openBody> => options.store.openBody(claim.message);
  return await attemptHosts(plan.hosts, { ...work, open }, options);
}

/** Recipients whom no host took or refused and for whom there is no further attempt. */
function doomedOf({ open, outcomes }: Attempt, claim: Claim, { clock, retry }: AttemptOptions): readonly number[] {
  const time = queueTimeOf(clock);
  const last = isLast({ acceptedAt: time.arrival(claim.acceptedAt), now: time.now() }, retry ?? DEFAULT_RETRY);
  return [...open].filter((index) => last || outcomes.get(index)?.end === "failed");
}

async function changed(plan: Plan, { destination, via }: Errand, options: AttemptOptions): Promise<boolean> {
  const known = plan.kind === "hosts" ? plan.sts : undefined;
  if (options.sources === undefined || known?.kind !== "policy" || known.mode !== "enforce") return false;
  const domain = policyDomain(destination, via);
  if (domain === undefined) return false;
  const { signal } = options;
  // It rejects for an abort alone, which then changes nothing.
  const found = await options.sources.sts(domain, { signal, refetch: true }).catch(() => known);
  return says(found) !== says(known);
}

function policyDomain(destination: MailHost, via: Errand["via"]): Domain | undefined {
  if (via.kind === "smtp") return hopDomain(via.host);
  return isLiteral(destination) ? undefined : destination;
}

function says(sts: StsFacts): string {
  return JSON.stringify(sts.kind === "policy" ? [sts.mode, sts.mx] : sts.kind);
}

const SMTP_PORT = 25;
