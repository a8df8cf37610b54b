import { parseIpv4 } from "../mail/mod.ts";
import { bogusOf, isSigned, thereAre } from "./answers.ts";
import { type Finding, finding } from "./finding.ts";
import type { Seen, SeenHost } from "./look.ts";
import type { Publication } from "./types.ts";

/** The MX records, and the addresses of the hosts that they name (RFC 5321 §5.1). */
export function checkMx({ domain, hostname }: Publication, seen: Seen): readonly Finding[] {
  const { mx } = seen;
  const record = `${domain} MX`;
  const should = `10 ${hostname}.`;
  if (mx.kind === "failure") return bogusOf(record, [mx]);
  if (mx.kind !== "data") {
    return [finding("mx-missing", { record, there: mx.kind === "nxdomain" ? "no such name" : "nothing", should })];
  }
  const there = thereAre(mx.records.map(({ preference, exchange }) => `${preference} ${exchange}.`));
  // RFC 7505 §3
  if (mx.records.every(({ exchange }) => exchange === "")) return [finding("mx-null", { record, there, should })];
  const findings = seen.hosts.flatMap((host) => (host.named ? checkHost(host, record) : []));
  if (seen.hosts.some(({ named, ours }) => named && ours)) return findings;
  return [finding("mx-not-us", { record, there, should }), ...findings];
}

/** Whether the MX answer is proved; DANE begins with it (RFC 7672 §2.2.1). */
export function checkSigned({ domain }: Publication, { mx }: Seen): readonly Finding[] {
  if (mx.kind === "failure" || isSigned(mx)) return [];
  return [finding("not-signed", { record: `${domain} MX`, there: "not signed", should: "a zone signed with DNSSEC" })];
}

function checkHost({ name, addresses }: SeenHost, mx: string): readonly Finding[] {
  const record = `${name} A/AAAA`;
  if (parseIpv4(name) !== undefined || name.includes(":")) {
    return [finding("mx-address", { record: mx, there: name, should: "the name of a host" })];
  }
  const alias = addresses.flatMap(({ chain }) => chain)[0];
  const findings: Finding[] = [];
  if (alias !== undefined) {
    // RFC 5321 §5.1
    findings.push(
      finding("mx-alias", { record: mx, there: `${name}., an alias of ${alias.target}.`, should: `${alias.target}.` }),
    );
  }
  if (addresses.every(({ kind }) => kind === "nodata" || kind === "nxdomain")) {
    return [...findings, finding("host-missing", { record, there: "nothing", should: "the addresses of the host" })];
  }
  return [...findings, ...bogusOf(record, addresses)];
}
