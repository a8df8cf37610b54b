import type { DaneFacts, Finding, StsFacts, TlsResult } from "../policy/mod.ts";

/** One attempt to reach one address of one host, or a host that was ruled out before dialling. */
export interface SessionRecord {
  /** The policy domain: the recipient domain, or the fixed next hop. */
  readonly destination: string;
  /** The host as MX records or the route name it. */
  readonly host: string;
  /** The address that was dialled. */
  readonly address?: string;
  /** The local address it was dialled from. */
  readonly from?: string;
  /** What the sources found when the decision was made. */
  readonly dane?: DaneFacts;
  readonly sts?: StsFacts;
  /** How far it came. `refused` is a host ruled out by the decision; `failed` a session that never got to MAIL. */
  readonly reached: "tls" | "plaintext" | "refused" | "failed";
  /** The names in its certificate, where the host showed a trusted one for its own name, asked or not. */
  readonly certified?: readonly string[];
  /** What `confirmPeer` said, where it was asked. */
  readonly findings: readonly Finding[];
  /** Where TLS was the trouble; without it a session that failed or went in plaintext is not counted. */
  readonly failure?: { readonly result: TlsResult; readonly reason?: string };
}

/** A policy as a report names it (RFC 8460 §4.4). */
export interface ReportedPolicy {
  readonly type: "tlsa" | "sts" | "no-policy-found";
  /** TLSA records as "3 1 1 HEX", sorted; or the lines of an MTA-STS policy. */
  readonly strings: readonly string[];
  /** The policy domain in A-label form. */
  readonly domain: string;
  /** Host patterns, of `sts` alone. */
  readonly mx: readonly string[];
}

/** What is counted; the store counts how often. */
export interface TallyRecord {
  readonly policy: ReportedPolicy;
  readonly result: "success" | TlsResult;
  /** Of failed sessions alone, as far as it is known. */
  readonly host?: string;
  readonly ip?: string;
  readonly from?: string;
  /** More about `result`: the library's code. */
  readonly reason?: string;
}

/** The parts of a report that tallies yield, named as RFC 8460 §4.4 names them. */
export interface PolicySummary {
  readonly policy: {
    readonly "policy-type": ReportedPolicy["type"];
    readonly "policy-string": readonly string[];
    readonly "policy-domain": string;
    readonly "mx-host"?: readonly string[];
  };
  readonly summary: {
    readonly "total-successful-session-count": number;
    readonly "total-failure-session-count": number;
  };
  readonly "failure-details": readonly FailureDetail[];
}

export interface FailureDetail {
  readonly "result-type": TlsResult;
  readonly "sending-mta-ip"?: string;
  readonly "receiving-mx-hostname"?: string;
  readonly "receiving-ip"?: string;
  readonly "failed-session-count": number;
  readonly "failure-reason-code"?: string;
}
