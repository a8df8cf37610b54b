import type { Instant, Millis } from "../base/mod.ts";
import type { Answer, Tlsa } from "../dns/mod.ts";
import { bogusOf, isSecureData, isSigned, listed, thereAre, tlsaText } from "./answers.ts";
import { checkTlsa } from "./check_tlsa.ts";
import { type Finding, finding } from "./finding.ts";
import type { Seen, SeenHost, SeenTlsa } from "./look.ts";
import { recordsFor } from "./records.ts";
import { servedAt } from "./served.ts";
import type { Publication } from "./types.ts";

/** The TLSA records of our mail hosts: whether senders ask for them, believe them, and find what the host sends (RFC 7672). */
export function checkDane(publication: Publication, seen: Seen, now: Instant): readonly Finding[] {
  return seen.hosts
    .filter(({ ours, named }) => ours && named)
    .flatMap((host) => host.tlsa.flatMap((tlsa) => checkOwner(publication, { seen, host, tlsa, now })));
}

interface Place {
  readonly seen: Seen;
  readonly host: SeenHost;
  readonly tlsa: SeenTlsa;
  readonly now: Instant;
}

function checkOwner(publication: Publication, place: Place): readonly Finding[] {
  const { host, tlsa, now } = place;
  const { answer, owner } = tlsa;
  const record = `${owner} TLSA`;
  if (answer.kind === "failure") return bogusOf(record, [answer]);
  // RFC 7672 §2.2.2: where the addresses are not signed, nobody asks for TLSA records.
  const signed = host.addresses.some(isSecureData) && !host.addresses.some(isUnsignedData);
  if (answer.kind !== "data") return signed ? checkAbsent(publication, place) : unsignedHost(place);
  const wanted = recordsFor(publication, [host.name]).filter((one) => one.type === "TLSA" && one.owner === owner);
  const should = listed(wanted.map(({ value }) => value));
  const there = thereAre(answer.records.map(tlsaText));
  if (!isSecureData(answer)) {
    return [finding("tlsa-not-signed", { record, there, should: "the same in a signed zone" })];
  }
  const findings = signed ? [] : unsignedHost(place);
  return [
    ...findings,
    ...checkTlsa(answer.records, {
      record,
      should,
      served: servedAt(publication.certificates, host.name),
      names: [host.name, publication.domain],
      now,
    }),
    ...checkTtl(answer, record, now),
  ];
}

function isUnsignedData(answer: Answer<unknown>): boolean {
  return answer.kind === "data" && !isSecureData(answer);
}

/** Told only where it is the host that breaks the proof. */
function unsignedHost({ seen, host: { name, addresses } }: Place): readonly Finding[] {
  if (!isSigned(seen.mx) || !addresses.some(isUnsignedData)) return [];
  const record = `${name} A/AAAA`;
  return [finding("host-not-signed", { record, there: "not signed", should: "a zone signed with DNSSEC" })];
}

/** Without records a host is not authenticated, which matters only where the way to it is proved. */
function checkAbsent(publication: Publication, { seen, host, tlsa }: Place): readonly Finding[] {
  const record = `${tlsa.owner} TLSA`;
  const wanted = recordsFor(publication, [host.name]).filter(
    ({ owner, type }) => type === "TLSA" && owner === tlsa.owner,
  );
  const should = listed(wanted.map(({ value }) => value));
  if (tlsa.misplaced.length > 0) {
    return [finding("tlsa-misplaced", { record, there: `records at ${tlsa.misplaced.join(", ")}`, should })];
  }
  if (wanted.length === 0 || !isSigned(seen.mx)) return [];
  return [finding("tlsa-missing", { record, there: "nothing", should })];
}

function checkTtl(answer: Answer<Tlsa>, record: string, now: Instant): readonly Finding[] {
  if (answer.kind !== "data" || answer.expires === undefined || !Number.isFinite(answer.expires)) return [];
  const left = answer.expires - now;
  if (left <= LONGEST_TTL) return [];
  return [
    finding("tlsa-ttl", {
      record,
      there: `a TTL of ${Math.ceil(left / 3_600_000)} h or more`,
      should: "a TTL of 3600",
    }),
  ];
}

/** 6 hours */
const LONGEST_TTL: Millis = 21_600_000;
