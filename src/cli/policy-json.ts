import { unreachable } from "../base/mod.ts";
import type { Looked } from "../daemon/mod.ts";
import {
  attackerCould,
  type DaneFacts,
  explain,
  type ListFacts,
  type LocalPolicy,
  type StsFacts,
  type TlsDecision,
  type TlsFacts,
  wantedWord,
} from "../policy/mod.ts";
import { nameOf, type PlannedHost, type PolicyFinding } from "./policy-report.ts";

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

function planJson(plan: NonNullable<Looked["plan"]>): object {
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

function hostJson(host: PlannedHost): object {
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

function time(instant: number): string {
  return new Date(instant).toISOString();
}
