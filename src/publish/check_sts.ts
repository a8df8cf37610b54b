import { matchesPattern, parseStsPolicy, selectStsRecord, type StsPolicy } from "../policy/mod.ts";
import { bogusOf, thereAre } from "./answers.ts";
import { type Finding, finding } from "./finding.ts";
import type { Seen } from "./look.ts";
import { stsRecordText } from "./records.ts";
import { stsPolicyId, stsPolicyText } from "./sts_text.ts";
import type { Publication, StsHosting } from "./types.ts";

/** The MTA-STS record, the policy that is served, and whether it names the hosts that take the mail (RFC 8461 §3, §4). */
export function checkSts(publication: Publication, seen: Seen): readonly Finding[] {
  const { sts } = publication;
  if (sts === undefined) return checkUnwanted(publication, seen);
  return [
    ...checkRecord(publication, sts, seen),
    ...checkHost(publication, seen),
    ...checkServed(publication, sts, seen),
    ...checkNames(sts, seen),
  ];
}

function checkUnwanted({ domain }: Publication, { sts }: Seen): readonly Finding[] {
  const record = `_mta-sts.${domain} TXT`;
  if (sts.kind === "failure") return bogusOf(record, [sts]);
  const there = sts.kind === "data" ? candidates(sts.records) : [];
  if (there.length === 0) return [finding("sts-none", { record, there: "nothing", should: "a policy" })];
  return [finding("sts-unwanted", { record, there: thereAre(there), should: "[domain.mta_sts], or no record" })];
}

function checkRecord({ domain }: Publication, hosting: StsHosting, { sts, served }: Seen): readonly Finding[] {
  const record = `_mta-sts.${domain} TXT`;
  const text = stsPolicyText(hosting);
  const should = stsRecordText(text);
  if (sts.kind === "failure") return bogusOf(record, [sts]);
  const records = sts.kind === "data" ? sts.records : [];
  if (records.length === 0) return [finding("sts-missing", { record, there: "nothing", should })];
  const there = thereAre(records);
  if (candidates(records).length > 1) return [finding("sts-several", { record, there, should })];
  const selected = selectStsRecord(records);
  if (!selected.ok) return [finding("sts-invalid", { record, there, should, detail: selected.error })];
  if (selected.value.id === stsPolicyId(text)) return [];
  const isOld = served?.ok === true && stsPolicyId(served.value) === selected.value.id;
  const detail = isOld ? "it is that of the older policy which is still served; serve the new one first" : undefined;
  return [finding("sts-id", { record, there, should, ...(detail === undefined ? {} : { detail }) })];
}

function candidates(records: readonly string[]): readonly string[] {
  return records.filter((one) => one.startsWith("v=STSv1;"));
}

function checkHost({ domain }: Publication, { policyHost }: Seen): readonly Finding[] {
  const record = `mta-sts.${domain} A/AAAA`;
  if (policyHost.length > 0 && policyHost.every(({ kind }) => kind === "nodata" || kind === "nxdomain")) {
    return [finding("policy-host-missing", { record, there: "nothing", should: "the addresses of the policy host" })];
  }
  return bogusOf(record, policyHost);
}

function checkServed({ domain }: Publication, hosting: StsHosting, { served }: Seen): readonly Finding[] {
  if (served === undefined) return [];
  const record = `https://mta-sts.${domain}/.well-known/mta-sts.txt`;
  const should = oneLine(stsPolicyText(hosting));
  if (!served.ok) {
    const { at, detail } = served.error;
    const code = at === "webpki" ? "policy-certificate" : at === "invalid" ? "policy-invalid" : "policy-unreachable";
    return [finding(code, { record, there: detail, should })];
  }
  const parsed = parseStsPolicy(served.value);
  const there = oneLine(served.value);
  if (!parsed.ok) return [finding("policy-invalid", { record, there, should, detail: parsed.error })];
  return isSame(parsed.value, hosting) ? [] : [finding("policy-differs", { record, there, should })];
}

function isSame(served: StsPolicy, { mode, maxAge, mx }: StsHosting): boolean {
  const same = served.mode === mode && served.maxAge === Math.floor(maxAge / 1000) * 1000;
  return same && [...new Set(served.mx)].sort().join() === [...new Set(mx)].sort().join();
}

/** RFC 8461 §4.1: every host that takes mail must be named, a backup too. */
function checkNames({ mode, mx }: StsHosting, { hosts }: Seen): readonly Finding[] {
  if (mode === "none") return [];
  return hosts
    .filter(({ name, named }) => named && !mx.some((pattern) => matchesPattern(pattern, name)))
    .map(({ name }) =>
      finding("mx-not-in-policy", {
        record: `${name} MX`,
        there: mx.map((pattern) => `mx: ${pattern}`).join(", "),
        should: `mx: ${name}`,
        ...(mode === "testing" ? { severity: "warning" as const } : {}),
      }),
    );
}

/** A stranger's text is not repeated at length. */
function oneLine(text: string): string {
  const line = text.trimEnd().split(/\r?\n/).join(" / ");
  return line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE)}…` : line;
}

const LONGEST_QUOTE = 300;
