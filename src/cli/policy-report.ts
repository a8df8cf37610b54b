import type { Looked } from "../daemon/mod.ts";
import { attackerCould, explain, sayBecause, type StsFacts, wantedWord } from "../policy/mod.ts";
import { EXIT } from "./exit.ts";

/** What `hopseal policy` was asked and found. */
export interface PolicyFinding {
  readonly domain: string;
  /** As `--message` takes it. */
  readonly message: string;
  readonly looked: Looked;
}

type Plan = NonNullable<Looked["plan"]>;
export type PlannedHost = Extract<Plan, { kind: "hosts" }>["hosts"][number];

/** 0 when a host would be dialled, 1 when none may be for good reasons, 75 when it could not be found out. */
export function exitOf({ looked: { plan } }: PolicyFinding): number {
  if (plan === undefined) return EXIT.ok;
  if (plan.kind !== "hosts") return plan.kind === "fail" ? EXIT.finding : EXIT.tryAgain;
  if (plan.hosts.some((host) => host.kind === "dial")) return EXIT.ok;
  const unclear = plan.hosts.some((host) => host.kind === "out" && host.outcome.status.cause === "dns-failure");
  return unclear ? EXIT.tryAgain : EXIT.finding;
}

/** The finding for people, one line each. */
export function policyText(finding: PolicyFinding): readonly string[] {
  const { domain, message, looked } = finding;
  const { target, plan, stored } = looked;
  const noted = looked.notes.map((note) => `Note: ${note}`);
  const subject = `Mail to ${domain} that asks for ${ASKS.get(message) ?? message}`;
  if (plan === undefined) return [...noted, `${subject} does not leave this machine (route: ${target})`];
  if (plan.kind !== "hosts") {
    const fate = plan.kind === "fail" ? "would be returned" : "would wait";
    return [...noted, `${subject} ${fate}: ${plan.status.text}`];
  }
  const cache = stored === undefined ? [] : [`The stored MTA-STS policy was used: ${saySts(stored)}`];
  return [
    ...noted,
    `${subject}${target === "smtp" ? ", by a fixed route" : ""}`,
    ...cache,
    ...plan.hosts.flatMap(hostText),
  ];
}

function hostText(host: PlannedHost): readonly string[] {
  const { facts, decision } = host;
  const about =
    facts === undefined
      ? ""
      : ` port ${facts.host.port} (${LEARNT[facts.host.learnt]}${facts.host.learnt === "mx" ? `, MX answer ${facts.host.mxSecurity}` : ""})`;
  const [what = "", ...more] = explain(decision);
  const reasons = new Set(decision.because.map(sayBecause));
  return [
    "",
    `${nameOf(host)}${about}`,
    row("wanted", wantedWord(decision)),
    row("decided", what),
    ...more.filter((line) => !reasons.has(line)).map((line) => row("", line)),
    ...decision.because.map((because, at) => row(at === 0 ? "because" : "", sayBecause(because))),
    ...(host.kind === "dial" ? [row("dials", host.addresses.join(", "))] : outText(host)),
    ...(facts === undefined
      ? []
      : attackerCould(decision, facts).map((could, at) => row(at === 0 ? "attacker" : "", `could ${could}`))),
  ];
}

/** A host that the decision left out has said why already. */
function outText({ outcome }: Extract<PlannedHost, { kind: "out" }>): readonly string[] {
  return outcome.why === "decision" ? [] : [row("left out", outcome.status.text)];
}

export function nameOf(host: PlannedHost): string {
  return host.kind === "dial" ? host.host.name : host.outcome.host;
}

function saySts(sts: StsFacts): string {
  return sts.kind === "policy" ? `mode ${sts.mode}, until ${time(sts.expires)}` : sts.kind;
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(9)} ${text}`;
}

function time(instant: number): string {
  return new Date(instant).toISOString();
}

const ASKS: ReadonlyMap<string, string> = new Map([
  ["may", "nothing"],
  ["encrypt", "encryption"],
  ["secure", "an authenticated host"],
  ["requiretls", "REQUIRETLS"],
  ["tls-required-no", "delivery before protection (TLS-Required: No)"],
]);
const LEARNT = {
  configured: "fixed by a route",
  mx: "by MX",
  "implicit-mx": "there is no MX record",
  literal: "an address",
} as const;
