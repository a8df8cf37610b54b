import { unreachable } from "../base/mod.ts";
import type { Looked } from "../daemon/mod.ts";
import {
  attackerCould,
  type DaneFacts,
  explain,
  type ListFacts,
  type LocalPolicy,
  sayBecause,
  type StsFacts,
  type TlsDecision,
  type TlsFacts,
  wantedWord,
} from "../policy/mod.ts";
import { EXIT } from "./exit.ts";

/** What `hopseal policy` was asked and found. */
export interface PolicyFinding {
  readonly domain: string;
  /** As `--message` takes it. */
  readonly message: string;
  readonly looked: Looked;
}

type Plan = NonNullable<Looked["plan"]>;
type Host = Extract<Plan, { kind: "hosts" }>["hosts"][number];

/** 0 when a host would be dialled, 1 when none may be for good reasons, 75 when it could not be found out. */
export function exitOf({ looked: { plan } }: PolicyFinding): number {
  if (plan === undefined) return EXIT.ok;
  if (plan.kind !== "hosts") return plan.kind === "fail" ? EXIT.finding : EXIT.tryAgain;
  if (plan.hosts.some((host) => host.kind === "dial")) return EXIT.ok;
  const unclear = plan.hosts.some((host) => host.kind === "out" && host.outcome.status.cause === "dns-failure");
  return unclear ? EXIT.tryAgain : EXIT.finding;
}

/** The finding as JSON, version 1; docs/policy-json.md says what each member means. */
export function policyJson({ domain, message, looked }: PolicyFinding): object {
  const { target, plan, stored } = looked;
  return {
    version: 1,
    domain,
    message,
    route: target,
    notes: looked.notes,
    ...(stored === undefined ? {} : { storedMtaSts: stsJson(stored) }),
    ...(plan === undefined ? {} : planJson(plan)),
  };
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

function planJson(plan: Plan): object {
  if (plan.kind !== "hosts") {
    const { code, enhanced, text } = plan.status;
    return { outcome: plan.kind, code, ...(enhanced === undefined ? {} : { enhanced }), text, wanted: plan.wanted };
  }
  return {
    outcome: "hosts",
    ...(plan.sts === undefined ? {} : { mtaSts: stsJson(plan.sts) }),
    hosts: plan.hosts.map(hostJson),
  };
}

function hostJson(host: Host): object {
  const { facts, decision } = host;
  return {
    host: nameOf(host),
    ...(facts === undefined
      ? {}
      : { port: facts.host.port, learnt: facts.host.learnt, mxSecurity: facts.host.mxSecurity }),
    ...(host.kind === "dial"
      ? { addresses: host.addresses }
      : { leftOut: host.outcome.why, text: host.outcome.status.text }),
    ...(facts === undefined ? {} : { sources: sourcesJson(facts) }),
    decision: decisionJson(decision),
    explain: explain(decision),
    ...(facts === undefined ? {} : { attackerCould: attackerCould(decision, facts) }),
  };
}

function decisionJson(decision: TlsDecision): object {
  const because = decision.because.map(({ source, says, rule }) => ({
    source,
    says,
    ...(rule === undefined ? {} : { rule }),
  }));
  const wanted = wantedWord(decision);
  if (decision.kind !== "proceed") return { kind: decision.kind, wanted, text: decision.status.text, because };
  const { floor, ladder, sni, requireTls = false, mx, observe } = decision;
  return {
    kind: "proceed",
    wanted,
    require: floor.kind === "authenticated" ? floor.by : floor.kind,
    ...(floor.kind === "authenticated" && floor.by !== "pin" ? { names: floor.names } : {}),
    ladder: ladder.map((rung) => (rung.kind === "tls" ? `tls-${rung.hello}` : rung.kind)),
    sni,
    requireTls,
    ...(mx === undefined ? {} : { mx }),
    audited: observe.map(({ policy }) => policy.source),
    because,
  };
}

function sourcesJson({ local, also = [], dane, sts, list }: TlsFacts): object {
  return {
    local: [...(local === undefined ? [] : [local]), ...also].map(localJson),
    ...(dane === undefined ? {} : { dane: daneJson(dane) }),
    ...(sts === undefined ? {} : { mtaSts: stsJson(sts) }),
    ...(list === undefined ? {} : { list: listJson(list) }),
  };
}

function localJson({ destination, level, mx, by, override }: LocalPolicy): object {
  return {
    destination,
    level,
    ...(mx === undefined ? {} : { mx }),
    ...(by === undefined ? {} : { by }),
    ...(override === undefined ? {} : { overrideUntil: time(override.until) }),
  };
}

function daneJson(dane: DaneFacts): object {
  switch (dane.kind) {
    case "off":
    case "absent":
      return { kind: dane.kind, why: dane.why };
    case "failed":
      return { kind: dane.kind, cause: dane.cause, detail: dane.detail };
    case "usable":
    case "unusable": {
      const records = dane.records.map(
        ({ usage, selector, matching, data }) =>
          `${usage} ${selector} ${matching} ${Buffer.from(data).toString("hex")}`,
      );
      return {
        kind: dane.kind,
        base: dane.base,
        mx: dane.mx,
        records,
        ...(dane.expires === undefined ? {} : { expires: time(dane.expires) }),
      };
    }
    default:
      return unreachable(dane);
  }
}

function stsJson(sts: StsFacts): object {
  switch (sts.kind) {
    case "none":
      return { kind: sts.kind, why: sts.why };
    case "failed":
      return { kind: sts.kind, trouble: sts.trouble };
    case "policy": {
      const { kind, mode, mx, id, expires, trouble } = sts;
      return { kind, mode, mx, id, expires: time(expires), ...(trouble === undefined ? {} : { trouble }) };
    }
    default:
      return unreachable(sts);
  }
}

function listJson(list: ListFacts): object {
  return list.kind === "none" ? list : { ...list, expires: time(list.expires) };
}

function hostText(host: Host): readonly string[] {
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
function outText({ outcome }: Extract<Host, { kind: "out" }>): readonly string[] {
  return outcome.why === "decision" ? [] : [row("left out", outcome.status.text)];
}

function nameOf(host: Host): string {
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
