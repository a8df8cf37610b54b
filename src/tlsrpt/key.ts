import { err, ok, type Result } from "../base/mod.ts";
import type { TlsResult } from "../policy/mod.ts";
import type { ReportedPolicy, TallyRecord } from "./types.ts";

/** A record as one line of JSON with its members in one order, so that equal records have equal keys. */
export function tallyKey(record: TallyRecord): string {
  const { policy, result, host, ip, from, reason } = record;
  const { type, domain, strings, mx } = policy;
  return JSON.stringify({ v: VERSION, type, domain, strings, mx, result, host, ip, from, reason });
}

/** Reads a key back; the error says what is wrong with it. */
export function parseTallyKey(key: string): Result<TallyRecord, string> {
  let value: unknown;
  try {
    value = JSON.parse(key);
  } catch {
    return err("the tally is no JSON");
  }
  if (typeof value !== "object" || value === null) return err("the tally is no object");
  const members = new Map<string, unknown>(Object.entries(value));
  if (members.get("v") !== VERSION) return err(`the tally has the version ${JSON.stringify(members.get("v"))}`);
  const policy = policyOf(members);
  const result = members.get("result");
  if (policy === undefined) return err("the tally names no policy");
  if (!isResult(result)) return err(`${JSON.stringify(result)} is no result`);
  const record: TallyRecord = { policy, result, ...optional(members) };
  return tallyKey(record) === key ? ok(record) : err("the tally has members that are unknown or out of order");
}

function policyOf(members: ReadonlyMap<string, unknown>): ReportedPolicy | undefined {
  const type = members.get("type");
  const domain = members.get("domain");
  const strings = members.get("strings");
  const mx = members.get("mx");
  if (type !== "tlsa" && type !== "sts" && type !== "no-policy-found") return undefined;
  if (typeof domain !== "string" || !isTexts(strings) || !isTexts(mx)) return undefined;
  return { type, domain, strings, mx };
}

function optional(members: ReadonlyMap<string, unknown>): Pick<TallyRecord, "host" | "ip" | "from" | "reason"> {
  const found: { host?: string; ip?: string; from?: string; reason?: string } = {};
  for (const name of ["host", "ip", "from", "reason"] as const) {
    const value = members.get(name);
    if (typeof value === "string") found[name] = value;
  }
  return found;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isResult(value: unknown): value is TallyRecord["result"] {
  return typeof value === "string" && RESULTS.has(value);
}

const VERSION = 1;
/** Every result by name; the type checker sees to it that none is missing. */
const NAMES: { readonly [result in TlsResult | "success"]: true } = {
  success: true,
  "starttls-not-supported": true,
  "certificate-host-mismatch": true,
  "certificate-expired": true,
  "certificate-not-trusted": true,
  "validation-failure": true,
  "tlsa-invalid": true,
  "dnssec-invalid": true,
  "dane-required": true,
  "sts-policy-fetch-error": true,
  "sts-policy-invalid": true,
  "sts-webpki-invalid": true,
};
const RESULTS: ReadonlySet<string> = new Set(Object.keys(NAMES));
