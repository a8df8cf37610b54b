/**
 * The questions that tell what DANE says of one host (RFC 7672 §2.2). Addresses were asked before; only where they are
 * secure are TLSA records asked for, at the name where the host's aliases end and then at the host's own. What fails is
 * never taken for an absence: the host is then left out.
 */
import type { Instant, Millis } from "../../base/mod.ts";
import type { Answer, DnsName, Tlsa } from "../../dns/mod.ts";
import { agile, usableTlsa } from "../../tls/mod.ts";
import { type Domain, parseDomain } from "../../mail/mod.ts";
import type { DaneFacts, DaneQuestion } from "../types.ts";
import { askDns, type DaneAnswer, type DaneAsk } from "./dane-ask.ts";
import { baseDomains } from "./dane-bases.ts";

export interface DaneOptions {
  readonly now: Instant;
  /** Asks although the MX answer is insecure (RFC 7672 §2.2.1); `[policy] dane_insecure_mx`. */
  readonly insecureMx?: boolean;
  /** Matching types, strongest first (RFC 7671 §9); default SHA2-512, SHA2-256. */
  readonly digests?: readonly number[];
}

/** Yields questions and returns what DANE says of the host; every answer must be one to the newest question. */
export function* daneQuestions(
  question: DaneQuestion,
  options: DaneOptions,
): Generator<DaneAsk, DaneFacts, DaneAnswer> {
  const { host, destination } = question;
  if (host.literal || host.learnt === "literal") return { kind: "off", why: `${host.name} is an address` };
  const unsigned = host.learnt === "mx" && host.mxSecurity === "insecure";
  if (unsigned && options.insecureMx !== true) {
    return { kind: "absent", why: `the MX answer for ${destination} is not signed` };
  }
  const bases = yield* baseDomains(question);
  if ("kind" in bases) return bases;
  let expires: Instant | undefined;
  for (const base of bases) {
    const name = `_${host.port}._tcp.${base}`;
    const answer = yield* askDns(name, "TLSA");
    // RFC 7672 §2.1.2: the server counts as unreachable.
    if (answer.kind === "failure") return { kind: "failed", cause: answer.cause, detail: `${name}: ${answer.detail}` };
    expires = earliest(expires, answer.expires);
    if (answer.kind !== "data" || !secure(answer) || answer.records.length === 0) continue;
    return judged(base, answer.records, { question, options, expires });
  }
  const why = `no signed TLSA records for ${bases.join(" or ")}, port ${host.port}`;
  return { kind: "absent", why, ...lasting(expires, options.now) };
}

interface Found {
  readonly question: DaneQuestion;
  readonly options: DaneOptions;
  readonly expires: Instant | undefined;
}

function judged(name: DnsName, records: readonly Tlsa[], { question, options, expires }: Found): DaneFacts {
  const base = parseDomain(name, { trailingDot: true });
  if (!base.ok) {
    return { kind: "failed", cause: "unavailable", detail: `${JSON.stringify(name)} is no name that can be asked for` };
  }
  const found = {
    base: base.value,
    mx: question.host.learnt === "mx" ? question.host.mxSecurity : "secure",
    ...lasting(expires, options.now),
  } as const;
  const usable = records.filter(usableTlsa);
  // RFC 7672 §2.2: TLS is then required, and nobody is authenticated.
  if (usable.length === 0) return { kind: "unusable", ...found, records };
  // RFC 7671 §9
  return { kind: "usable", ...found, records: agile(usable, options.digests), names: namesFor(base.value, question) };
}

/** The names that a certificate under a trust anchor of the host may carry (RFC 7672 §3.2.2). */
function namesFor(base: Domain, { host, destination, expanded }: DaneQuestion): readonly Domain[] {
  const all: string[] = [base];
  if (host.learnt === "configured") all.push(host.name);
  else if (host.learnt === "implicit-mx") all.push(destination);
  else if (host.mxSecurity === "secure") all.push(destination, expanded ?? destination);
  const names = all.flatMap((text) => {
    const name = parseDomain(text, { trailingDot: true });
    return name.ok ? [name.value] : [];
  });
  return [...new Set(names)];
}

/** Whether a proof covers the records and every alias that led to them (RFC 7672 §2.1.3). */
function secure(answer: Answer<unknown>): boolean {
  return (
    answer.kind === "data" && answer.security === "secure" && answer.chain.every((link) => link.security === "secure")
  );
}

function earliest(left: Instant | undefined, right: Instant | undefined): Instant | undefined {
  return left === undefined || right === undefined ? (left ?? right) : Math.min(left, right);
}

/** What was asked for a delivery holds for that delivery, however short its lifetime in DNS. */
function lasting(expires: Instant | undefined, now: Instant): { readonly expires?: Instant } {
  return expires === undefined ? {} : { expires: Math.max(expires, now + ONE_DELIVERY) };
}

/** 10 minutes */
const ONE_DELIVERY: Millis = 600_000;
