import type { Instant } from "../base/mod.ts";
import { listed } from "./answers.ts";
import { type Finding, finding, type Severity } from "./finding.ts";
import type { Seen } from "./look.ts";
import { isCovered, isFor, servedAt } from "./served.ts";
import type { OwnCertificate, Publication } from "./types.ts";

/** What our mail hosts and our policy host show: names, issuers and ends (RFC 8461 §3.3, §4.2). */
export function checkCertificates(publication: Publication, seen: Seen, now: Instant): readonly Finding[] {
  const { certificates, domain, sts } = publication;
  const hosts = seen.hosts.filter(({ ours, named }) => ours && named).map(({ name }) => name);
  const policyHost = `mta-sts.${domain}`;
  const forPolicy =
    sts !== undefined && isCovered(certificates, policyHost)
      ? servedAt(certificates, policyHost).filter((one) => isFor(one, policyHost))
      : [];
  const used = new Set([...hosts.flatMap((host) => servedAt(certificates, host)), ...forPolicy]);
  const judged = sts === undefined || sts.mode === "none" ? [] : hosts;
  return [
    ...judged.flatMap((host) => checkIdentity(host, certificates, sts?.mode === "testing" ? "warning" : "error")),
    ...[...used].flatMap((one) => checkDates(one, now)),
  ];
}

/** With the policy's eyes: a client that asks for the name of the host (RFC 8461 §4.2). */
function checkIdentity(host: string, certificates: readonly OwnCertificate[], severity: Severity): readonly Finding[] {
  const served = servedAt(certificates, host);
  const fitting = served.filter((one) => isFor(one, host));
  const record = `${host} certificate`;
  if (fitting.length === 0) {
    const there = listed(served.flatMap(({ names }) => names.dns));
    return [finding("certificate-name", { record, there, should: host, severity })];
  }
  return fitting
    .filter(({ selfIssued }) => selfIssued)
    .map(({ file }) =>
      finding("certificate-self-issued", { record, there: file, should: "a certificate of a public CA", severity }),
    );
}

function checkDates({ file, notBefore, notAfter }: OwnCertificate, now: Instant): readonly Finding[] {
  const record = `${file} certificate`;
  const there = `valid until ${new Date(notAfter).toISOString()}`;
  const should = "a renewed certificate, with the same key where TLSA records name it";
  if (now < notBefore) {
    const from = `valid from ${new Date(notBefore).toISOString()}`;
    return [finding("certificate-early", { record, there: from, should: "a certificate that is valid now" })];
  }
  if (now > notAfter) return [finding("certificate-expired", { record, there, should })];
  // Certificates of six days and of a year are both renewed well before their last fifth.
  if (notAfter - now < (notAfter - notBefore) * LAST_PART) {
    return [finding("certificate-expiring", { record, there, should })];
  }
  return [];
}

const LAST_PART = 0.2;
