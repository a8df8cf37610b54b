import type { ExchangeFault } from "../wire/exchange.ts";
import type { Exchange } from "../wire/exchange.ts";
import type { Message } from "../wire/message.ts";
import { parseName } from "../wire/name.ts";
import { TYPE } from "../wire/types.ts";
import type { ProvingResolver } from "../resolve/types.ts";
import type { Result } from "../../base/mod.ts";

/** The names by which DNSSEC is put to the proof. */
export interface SelfTestNames {
  /** A name whose SOA record is signed and valid. */
  readonly secure: string;
  /** A name whose A record is signed and broken on purpose. */
  readonly bogus: string;
}

export interface SelfTestOptions {
  readonly resolver: ProvingResolver;
  /** Asks with CD, to see what the server passes on. */
  readonly unchecked: Exchange;
  readonly mode: "validate" | "trust-ad";
  readonly names: SelfTestNames;
  /** The servers, for the operator. */
  readonly server: string;
  readonly signal?: AbortSignal;
}

export interface SelfTestCheck {
  readonly what: "signatures" | "secure" | "bogus";
  readonly question: string;
  /**
   * `unclear` is an answer that did not come: it proves nothing, either way. `not-needed` is a lack that does no harm:
   * with trust-ad the server alone needs signatures.
   */
  readonly outcome: "pass" | "fail" | "unclear" | "not-needed";
  readonly detail: string;
}

/** Whether DNSSEC can be relied on. While it cannot, DANE is off, and `summary` says why in one sentence. */
export interface SelfTestReport {
  readonly mode: "validate" | "trust-ad";
  readonly sound: boolean;
  readonly checks: readonly SelfTestCheck[];
  readonly summary: string;
}

/** Asks one question that must prove secure and one that must not be answered, and looks for signatures on the way. */
export async function dnsSelfTest(options: SelfTestOptions): Promise<SelfTestReport> {
  const { mode } = options;
  const [seen, secure, bogus] = await Promise.all([seeSignatures(options), seeSecure(options), seeBogus(options)]);
  const optional = mode === "trust-ad" && seen.outcome !== "pass";
  const signatures: SelfTestCheck = optional ? { ...seen, outcome: "not-needed" } : seen;
  const checks = [signatures, secure, bogus];
  const failed = checks.find((check) => check.outcome === "fail");
  const unclear = [signatures, secure].find((check) => check.outcome === "unclear");
  const against = failed ?? unclear;
  return {
    mode,
    sound: against === undefined,
    checks,
    summary: against === undefined ? SOUND[mode] : sentence(against),
  };
}

async function seeSignatures(options: SelfTestOptions): Promise<SelfTestCheck> {
  const about = { what: "signatures" as const, question: `${absolute(options.names.secure)} SOA` };
  const name = parseName(options.names.secure);
  if (!name.ok) return { ...about, outcome: "unclear", detail: `"${options.names.secure}" is no domain name` };
  const asked: Result<Message, ExchangeFault> = await options.unchecked.ask(
    { name: name.value, type: TYPE.SOA },
    { noCache: true, ...signalOf(options) },
  );
  if (!asked.ok) return { ...about, outcome: "unclear", detail: asked.error.detail };
  const { edns, answer, authority } = asked.value;
  const signed = [...answer, ...authority].some((record) => record.type === TYPE.RRSIG);
  if (signed) return { ...about, outcome: "pass", detail: `${options.server} passes signatures on` };
  const why = edns === undefined ? "it does not speak EDNS" : "there is no RRSIG in its answer";
  return { ...about, outcome: "fail", detail: `${options.server} strips DNSSEC records: ${why}` };
}

async function seeSecure(options: SelfTestOptions): Promise<SelfTestCheck> {
  const about = { what: "secure" as const, question: `${absolute(options.names.secure)} SOA` };
  const { answer, proof } = await options.resolver.lookup(options.names.secure, TYPE.SOA, {
    noCache: true,
    ...signalOf(options),
  });
  if (answer.kind !== "failure" && answer.security === "secure")
    return { ...about, outcome: "pass", detail: proof.detail };
  if (answer.kind === "failure" && answer.cause === "unavailable") {
    return { ...about, outcome: "unclear", detail: answer.detail };
  }
  const detail =
    answer.kind === "failure"
      ? `it does not validate: ${answer.detail}${CLOCK_TROUBLE.test(answer.detail) ? "; is the clock of this machine right?" : ""}`
      : options.mode === "trust-ad"
        ? `${options.server} does not set AD: it does not validate`
        : "it counts as unsigned: no trust anchor covers it";
  return { ...about, outcome: "fail", detail };
}

async function seeBogus(options: SelfTestOptions): Promise<SelfTestCheck> {
  const about = { what: "bogus" as const, question: `${absolute(options.names.bogus)} A` };
  const { answer } = await options.resolver.lookup(options.names.bogus, TYPE.A, {
    noCache: true,
    ...signalOf(options),
  });
  if (answer.kind === "failure") {
    const outcome = answer.cause === "bogus" ? "pass" : "unclear";
    return { ...about, outcome, detail: answer.detail };
  }
  if (answer.security === "secure" && answer.kind !== "data") {
    return { ...about, outcome: "unclear", detail: "the name does not exist here" };
  }
  const detail =
    options.mode === "trust-ad"
      ? `${options.server} answers for a name that is broken on purpose: it does not validate`
      : `a name that is broken on purpose counts as ${answer.security}`;
  return { ...about, outcome: "fail", detail };
}

function sentence(check: SelfTestCheck): string {
  const what = check.outcome === "fail" ? "DNSSEC cannot be relied on" : "DNSSEC could not be put to the proof";
  return `DANE is off: ${what} (${check.question}): ${check.detail}`;
}

function absolute(name: string): string {
  return name.endsWith(".") ? name : `${name}.`;
}

function signalOf(options: SelfTestOptions): { readonly signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal };
}

/** The root is signed wherever DNSSEC works; the other is kept broken for such tests by Comcast. */
export const SELF_TEST_NAMES: SelfTestNames = { secure: ".", bogus: "dnssec-failed.org" };
const SOUND = {
  validate: "DNSSEC is validated here, and the servers pass all that is needed",
  "trust-ad": "DNSSEC is validated by the trusted server",
} as const;
const CLOCK_TROUBLE = /expired at|not valid before/;
