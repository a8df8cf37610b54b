import type { Answer, Security } from "../dns/mod.ts";
import type { Domain } from "../mail/mod.ts";
import type { Level, NextHost } from "../policy/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import { type Addresses, allowed, findAddresses, isOwn } from "./addresses.ts";
import { askDane, askSts, factsFor, type Published, wantedLevel } from "./facts.ts";
import { beforeSelf, type Candidate, findCandidates } from "./mx.ts";
import type { Errand, Plan, PlannedHost, PlanOptions, RuledOut } from "./plan.ts";
import { type Doubted, doubtful } from "./plan_doubt.ts";
import { planHost } from "./plan_host.ts";

/** The hosts that DNS names for a domain, with what the domain publishes about them. */
export async function planMx(errand: Errand, domain: Domain, options: PlanOptions): Promise<Plan> {
  const wanted = wantedLevel(errand, options);
  const [found, sts] = await Promise.all([findCandidates(domain, options), askSts(domain, options)]);
  const list = options.sources === undefined ? {} : { list: options.sources.list(domain) };
  const local = options.policies(domain);
  const about: Doubted = { domain, ...sts, ...list, ...(local === undefined ? {} : { local }) };
  if (found.kind !== "candidates") {
    const { kind, status, security } = found;
    return kind === "fail" ? failed(status, [security], { about, wanted }) : { kind, status, wanted };
  }
  const located = await Promise.all(
    found.hosts.map(async (candidate): Promise<Located> => {
      return { candidate, addresses: await findAddresses(candidate.name, options.resolver, options.signal) };
    }),
  );
  const own = located.filter(({ addresses }) => reachesSelf(addresses, options)).map(({ candidate }) => candidate);
  const left = beforeSelf(found.hosts, own, domain);
  if (left.kind !== "candidates") return { kind: left.kind, status: left.status, wanted };
  const kept = located.flatMap(({ candidate, addresses }) => {
    if (!left.hosts.includes(candidate)) return [];
    return [{ candidate, addresses: allowed(candidate.name, addresses, options.mayDial ?? (() => true)) }];
  });
  // RFC 5321 §5.1: hosts that have no address are an error, never a reason to look elsewhere.
  if (kept.every(({ addresses }) => addresses.kind === "absent")) {
    const answers = kept.flatMap(({ candidate, addresses }) => [
      candidate.mxSecurity,
      ...addresses.answers.map(proofOf),
    ]);
    const forbidden = kept.find(({ addresses }) => addresses.answers.some(({ kind }) => kind === "data"));
    const status =
      forbidden?.addresses.kind === "absent"
        ? forbidden.addresses.status
        : statusOf("no-route", `No mail host of ${domain} has an address`);
    return failed(status, answers, { about, wanted });
  }
  const asked = {
    published: { ...sts, ...list },
    ...(found.expanded === undefined ? {} : { expanded: found.expanded }),
  };
  const hosts = await Promise.all(kept.map((one) => planLocated(one, errand, { ...asked, options })));
  return { kind: "hosts", hosts, ...sts };
}

/** What makes a message fail must be beyond doubt where somebody protects the domain. */
function failed(
  status: Status,
  answers: readonly (Security | undefined)[],
  { about, wanted }: { readonly about: Doubted; readonly wanted: Level },
): Plan {
  const wait = answers.includes("insecure") ? doubtful(status, about) : undefined;
  return wait === undefined ? { kind: "fail", status, wanted } : { kind: "retry", status: wait, wanted };
}

function proofOf(answer: Answer<unknown>): Security | undefined {
  return answer.kind === "failure" ? undefined : answer.security;
}

interface Located {
  readonly candidate: Candidate;
  readonly addresses: Addresses;
}

async function planLocated(
  { candidate, addresses }: Located,
  errand: Errand,
  { options, published, expanded }: { options: PlanOptions; published: Published; expanded?: string },
): Promise<PlannedHost | RuledOut> {
  const host: NextHost = {
    name: candidate.name,
    literal: false,
    port: options.port,
    mode: "starttls",
    learnt: candidate.learnt,
    mxSecurity: candidate.mxSecurity,
  };
  const question = { destination: errand.destination, host, ...(expanded === undefined ? {} : { expanded }) };
  const dane = addresses.kind === "addresses" ? await askDane(question, addresses.answers, options) : {};
  const facts = factsFor(errand, host, options, { ...published, ...dane });
  return planHost(host, addresses, { facts, demand: errand.demand });
}

function reachesSelf(addresses: Addresses, { self }: PlanOptions): boolean {
  return addresses.kind === "addresses" && addresses.list.some((one) => isOwn(one, self.addresses));
}
