import { createHash } from "node:crypto";
import { equalBytes, type Instant } from "../base/mod.ts";
import type { Tlsa } from "../dns/mod.ts";
import { agile, usableTlsa, verifyDane } from "../tls/mod.ts";
import { thereAre, tlsaText } from "./answers.ts";
import { type Finding, finding } from "./finding.ts";
import { tlsa311 } from "./records.ts";
import type { OwnCertificate } from "./types.ts";

export interface TlsaContext {
  /** Owner and type, for findings. */
  readonly record: string;
  readonly should: string;
  /** What clients may see at the host. */
  readonly served: readonly OwnCertificate[];
  /** Names that a certificate under a trust anchor may carry. */
  readonly names: readonly string[];
  readonly now: Instant;
}

/** Compares signed TLSA records with what the host sends now, and with the keys that come next (RFC 7671 §8). */
export function checkTlsa(records: readonly Tlsa[], context: TlsaContext): readonly Finding[] {
  const { record, should, served } = context;
  const pkix = records.filter(({ usage }) => usage === 0 || usage === 1);
  const broken = records.filter((one) => !pkix.includes(one) && !usableTlsa(one));
  const usable = records.filter(usableTlsa);
  const about = (some: readonly Tlsa[]): { record: string; there: string; should: string } => ({
    record,
    there: thereAre(some.map(tlsaText)),
    should,
  });
  const findings: Finding[] = [];
  // RFC 7672 §3.1.3
  if (pkix.length > 0) findings.push(finding("tlsa-pkix", about(pkix)));
  if (broken.length > 0) findings.push(finding("tlsa-unusable", about(broken)));
  if (usable.length === 0) return [...findings.map(worst), ...checkNext(records, context)];
  const unmatched = served.filter((one) => !matches(agile(usable), one, context).ok);
  findings.push(...unmatched.map((one) => mismatch(usable, one, context)));
  if (unmatched.length === 0) findings.push(...leftOver(usable, context), ...fragile(usable, context));
  return [...findings, ...checkNext(records, context)];
}

/** Without one usable record the host is not authenticated at all. */
function worst(found: Finding): Finding {
  return { ...found, severity: "error" };
}

function matches(
  records: readonly Tlsa[],
  { chain }: OwnCertificate,
  { names, now }: TlsaContext,
): ReturnType<typeof verifyDane> {
  return verifyDane(records, chain, names, now);
}

function mismatch(usable: readonly Tlsa[], one: OwnCertificate, context: TlsaContext): Finding {
  const { record } = context;
  const parts = { record, there: thereAre(usable.map(tlsaText)), should: tlsa311(one.spki) };
  const judged = matches(agile(usable), one, context);
  const why = swapped(usable, one) ?? (judged.ok ? undefined : judged.error.detail);
  const detail = why === undefined ? one.file : `${one.file}: ${why}`;
  // RFC 7672 §3.1.2
  const anchorsAlone = usable.every(({ usage }) => usage === DANE_TA);
  return finding(anchorsAlone ? "tlsa-ta-not-sent" : "tlsa-mismatch", { ...parts, detail });
}

/** The slip that tools make easy: the right digest under the wrong selector. */
function swapped(usable: readonly Tlsa[], { chain, spki }: OwnCertificate): string | undefined {
  const [leaf] = chain;
  const ofCertificate = usable.some((one) => one.selector === SPKI && leaf !== undefined && hasDigest(one, leaf));
  if (ofCertificate) return "the record has the digest of the certificate, and selector 1 means the key";
  const ofKey = usable.some((one) => one.selector !== SPKI && hasDigest(one, spki));
  return ofKey ? "the record has the digest of the key, and selector 0 means the certificate" : undefined;
}

/** Records that fit nothing we send and no next key; other senders may prefer them (RFC 7671 §8). */
function leftOver(usable: readonly Tlsa[], context: TlsaContext): readonly Finding[] {
  const { record, served } = context;
  return usable.flatMap((one) => {
    const next = served.some((own) => own.next !== undefined && isOfKey(one, own.next.spki));
    if (next || served.some((own) => matches([one], own, context).ok)) return [];
    const detail = one.usage === DANE_TA ? "the chain that is sent does not lead to it" : undefined;
    const parts = { record, there: tlsaText(one), should: "no such record" };
    return [finding("tlsa-stale", { ...parts, ...(detail === undefined ? {} : { detail }) })];
  });
}

function fragile(usable: readonly Tlsa[], { record, served }: TlsaContext): readonly Finding[] {
  const texts = usable.map(tlsaText);
  return served
    .filter(({ spki }) => !texts.includes(tlsa311(spki)))
    .map((one) =>
      finding("tlsa-fragile", { record, there: thereAre(texts), should: tlsa311(one.spki), detail: one.file }),
    );
}

/** RFC 7671 §8.1: the next key stands beside the old one before it comes into force. */
function checkNext(records: readonly Tlsa[], { record, served }: TlsaContext): readonly Finding[] {
  return served.flatMap(({ next, spki }) => {
    if (next === undefined) return [];
    const should = tlsa311(next.spki);
    if (should === tlsa311(spki)) {
      return [finding("next-key-in-use", { record, there: next.file, should: "a key that is not in use" })];
    }
    if (records.some((one) => isOfKey(one, next.spki))) return [];
    return [finding("tlsa-next-missing", { record, there: "no record for it", should, detail: next.file })];
  });
}

/** Whether a record names a bare key for DANE-EE. */
function isOfKey(record: Tlsa, spki: Uint8Array): boolean {
  return record.usage === DANE_EE && record.selector === SPKI && hasDigest(record, spki);
}

function hasDigest({ matching, data }: Tlsa, octets: Uint8Array): boolean {
  const digest = DIGESTS.get(matching);
  return equalBytes(data, digest === undefined ? octets : createHash(digest).update(octets).digest());
}

const DANE_TA = 2;
const DANE_EE = 3;
const SPKI = 1;
/** RFC 6698 §2.1.3 */
const DIGESTS: ReadonlyMap<number, string> = new Map([
  [1, "sha256"],
  [2, "sha512"],
]);
