/** How much it matters: mail or protection is lost, or may be; or it could be done better. */
export type Severity = "error" | "warning" | "advice";

/** Something that is published wrongly, or not at all. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** Owner and type, e.g. "_25._tcp.mx1.pine.example TLSA". */
  readonly record: string;
  readonly there: string;
  readonly should: string;
  /** A sentence without its full stop: what follows from it. */
  readonly means: string;
}

/** What DNS did not tell. */
export interface Unknown {
  readonly record: string;
  readonly detail: string;
}

/** What can be wrong; `docs/publishing.md` has them all. */
export type FindingCode =
  | "bogus"
  | "mx-missing"
  | "mx-null"
  | "mx-not-us"
  | "mx-alias"
  | "mx-address"
  | "host-missing"
  | "not-signed"
  | "host-not-signed"
  | "tlsa-not-signed"
  | "tlsa-missing"
  | "tlsa-misplaced"
  | "tlsa-mismatch"
  | "tlsa-ta-not-sent"
  | "tlsa-stale"
  | "tlsa-unusable"
  | "tlsa-pkix"
  | "tlsa-fragile"
  | "tlsa-next-missing"
  | "next-key-in-use"
  | "tlsa-ttl"
  | "sts-missing"
  | "sts-several"
  | "sts-invalid"
  | "sts-id"
  | "sts-unwanted"
  | "policy-host-missing"
  | "policy-unreachable"
  | "policy-certificate"
  | "policy-invalid"
  | "policy-differs"
  | "mx-not-in-policy"
  | "certificate-name"
  | "certificate-self-issued"
  | "certificate-early"
  | "certificate-expired"
  | "certificate-expiring"
  | "tlsrpt-missing"
  | "tlsrpt-several"
  | "tlsrpt-invalid"
  | "tlsrpt-differs"
  | "tlsrpt-none"
  | "sts-none";

/** The parts of a finding that differ from one to the next; `severity` where it is not that of the code. */
export interface FindingParts {
  readonly record: string;
  readonly there: string;
  readonly should: string;
  readonly severity?: Severity;
  /** Added to what the code means. */
  readonly detail?: string;
}

export function finding(code: FindingCode, { severity, detail, ...parts }: FindingParts): Finding {
  const [usual, means] = FINDINGS[code];
  return { code, severity: severity ?? usual, ...parts, means: detail === undefined ? means : `${means}: ${detail}` };
}

/** Every finding with its usual severity and what it means. */
export const FINDINGS: Readonly<Record<FindingCode, readonly [Severity, string]>> = {
  bogus: ["error", "The DNSSEC proof fails, so senders that validate cannot use it"],
  "mx-missing": ["error", "Senders do not learn which host takes the mail"],
  "mx-null": ["error", "The domain says that it takes no mail"],
  "mx-not-us": ["error", "No MX record names this machine"],
  "mx-alias": ["error", "An MX record must not name an alias; some senders refuse it, and DANE gets uncertain"],
  "mx-address": ["error", "An MX record names a host, never an address"],
  "host-missing": ["error", "The host has no address"],
  "not-signed": [
    "warning",
    "Nothing proves the MX answer: TLSA records bind nobody, and an attacker may name other hosts",
  ],
  "host-not-signed": ["warning", "Nothing proves the addresses of the host, so no sender asks for its TLSA records"],
  "tlsa-not-signed": ["error", "TLSA records that nothing proves are useless"],
  "tlsa-missing": ["error", "Senders that use DANE do not authenticate this host"],
  "tlsa-misplaced": ["error", "TLSA records stand where no sender asks for them"],
  "tlsa-mismatch": ["error", "Senders that use DANE find no record for what this host sends, and keep the mail back"],
  "tlsa-ta-not-sent": [
    "error",
    "The chain leads to no certificate that the DANE-TA records name, and senders keep the mail back",
  ],
  "tlsa-stale": ["warning", "The record fits no key and no certificate of ours"],
  "tlsa-unusable": ["warning", "Senders cannot use the record"],
  "tlsa-pkix": ["warning", "Usages 0 and 1 are not for SMTP; senders pass the record over"],
  "tlsa-fragile": ["advice", "The record holds for now; TLSA 3 1 1 outlives renewed certificates and foreign CAs"],
  "tlsa-next-missing": [
    "warning",
    "Changing to the next key would keep mail back; publish it first, and wait two TTLs",
  ],
  "next-key-in-use": ["advice", "The next key is the key in use; make a new one, or take the setting away"],
  "tlsa-ttl": ["advice", "A key can be changed only when the old answer is forgotten everywhere; an hour will do"],
  "sts-missing": ["error", "Nobody learns that there is a policy"],
  "sts-several": ["error", "Of several records none counts"],
  "sts-invalid": ["error", "The record is no MTA-STS record, so there is no policy"],
  "sts-id": ["error", "The id is not that of the policy; who has stored an older policy does not learn of the new one"],
  "sts-unwanted": ["warning", "The record announces a policy that the configuration does not have"],
  "policy-host-missing": ["error", "Nobody can fetch the policy"],
  "policy-unreachable": ["error", "The policy could not be fetched"],
  "policy-certificate": ["error", "The policy host does not prove itself, so nobody accepts the policy"],
  "policy-invalid": ["error", "What is served is no policy"],
  "policy-differs": ["error", "What is served is not the policy of the configuration"],
  "mx-not-in-policy": ["error", "Senders that follow the policy send nothing to this host"],
  "certificate-name": [
    "error",
    "The certificate is not for the host, so senders that follow the policy send nothing there",
  ],
  "certificate-self-issued": [
    "error",
    "No CA vouches for the certificate, so senders that follow the policy send nothing there",
  ],
  "certificate-early": ["error", "The certificate is not valid yet"],
  "certificate-expired": ["error", "The certificate has expired"],
  "certificate-expiring": ["warning", "The certificate ends soon"],
  "tlsrpt-missing": ["warning", "Nobody sends reports when TLS fails"],
  "tlsrpt-several": ["error", "Of several records none counts"],
  "tlsrpt-invalid": ["error", "The record is no TLSRPT record, so nobody sends reports"],
  "tlsrpt-differs": ["warning", "Reports go elsewhere than the configuration says"],
  "tlsrpt-none": ["advice", "Without TLS reports nobody tells when protected mail cannot be delivered"],
  "sts-none": ["advice", "Senders without DANE have nothing that protects mail to the domain"],
};
