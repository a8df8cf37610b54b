import { createHash } from "node:crypto";
import { servedAt } from "./served.ts";
import { stsPolicyId, stsPolicyText } from "./sts_text.ts";
import type { DnsRecord, Publication } from "./types.ts";

/** Every record that a domain of ours needs. `hosts` are our mail hosts; our hostname stands first among them. */
export function recordsFor(publication: Publication, hosts: readonly string[]): readonly DnsRecord[] {
  const { domain, hostname, sts, tlsRpt } = publication;
  const mx: DnsRecord = { owner: domain, type: "MX", value: `10 ${hostname}.`, what: "this mail host" };
  return [
    mx,
    ...(sts === undefined ? [] : stsRecords(publication, stsPolicyText(sts))),
    ...hosts.flatMap((host) => tlsaRecords(publication, host)),
    ...(tlsRpt.length === 0
      ? []
      : [
          {
            owner: `_smtp._tls.${domain}`,
            type: "TXT",
            value: quoted(tlsRptText(tlsRpt)),
            what: "where TLS reports go",
          } as const,
        ]),
  ];
}

/** The text of the record at `_mta-sts` (RFC 8461 §3.1). */
export function stsRecordText(policy: string): string {
  return `v=STSv1; id=${stsPolicyId(policy)};`;
}

/** The text of the record at `_smtp._tls` (RFC 8460 §3). */
export function tlsRptText(rua: readonly string[]): string {
  return `v=TLSRPTv1; rua=${rua.join(",")}`;
}

/** The data of `TLSA 3 1 1` for a key (RFC 7672 §3.1.1). */
export function tlsa311(spki: Uint8Array): string {
  return `3 1 1 ${createHash("sha256").update(spki).digest("hex")}`;
}

function stsRecords({ domain }: Publication, policy: string): readonly DnsRecord[] {
  return [
    { owner: `_mta-sts.${domain}`, type: "TXT", value: quoted(stsRecordText(policy)), what: "there is a policy" },
    {
      owner: `mta-sts.${domain}`,
      type: "A/AAAA",
      value: "the addresses of the host that serves the policy",
      what: "where the policy is fetched",
    },
  ];
}

// RFC 7672 §8.1: a client that asks for no name sees the default certificate, and its key must match too.
function tlsaRecords({ certificates, ports }: Publication, host: string): readonly DnsRecord[] {
  const served = servedAt(certificates, host);
  const wanted = new Map<string, string>();
  for (const { spki, file } of served) wanted.set(tlsa311(spki), `the key of ${file}`);
  for (const { next } of served) {
    const value = next === undefined ? undefined : tlsa311(next.spki);
    if (next !== undefined && value !== undefined && !wanted.has(value))
      wanted.set(value, `the next key, ${next.file}`);
  }
  return ports.flatMap((port) =>
    [...wanted].map(([value, what]): DnsRecord => ({ owner: `_${port}._tcp.${host}`, type: "TLSA", value, what })),
  );
}

/** Character strings of at most 255 octets. */
function quoted(text: string): string {
  const parts: string[] = [];
  for (let at = 0; at < text.length; at += LONGEST_STRING) parts.push(`"${text.slice(at, at + LONGEST_STRING)}"`);
  return parts.join(" ");
}

/** RFC 1035 §3.3 */
const LONGEST_STRING = 255;
