import type { Instant, Millis } from "../base/mod.ts";
import type { Domain } from "../mail/mod.ts";
import type { NamePattern } from "../policy/mod.ts";
import type { PeerNames } from "../tls/mod.ts";

/** What one of our domains is to publish, and what that follows from. */
export interface Publication {
  readonly domain: Domain;
  /** The mail host that runs here. */
  readonly hostname: Domain;
  /** TCP ports at which senders reach our mail hosts; 25 as a rule. */
  readonly ports: readonly number[];
  /** Absent: no MTA-STS policy is published. */
  readonly sts?: StsHosting;
  /** Where TLS reports go; empty: none are asked for. */
  readonly tlsRpt: readonly string[];
  /** In the order of the configuration; the first one is served to those who ask for no name. */
  readonly certificates: readonly OwnCertificate[];
}

/** The MTA-STS policy of a domain (RFC 8461 §3.2). */
export interface StsHosting {
  readonly mode: "enforce" | "testing" | "none";
  readonly maxAge: Millis;
  readonly mx: readonly NamePattern[];
}

/** What a certificate of ours shows to the world; no secret is in it. */
export interface OwnCertificate {
  /** For people. */
  readonly file: string;
  readonly names: PeerNames;
  readonly keyType: string;
  /** DER as it is sent, leaf first. */
  readonly chain: readonly Uint8Array[];
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly notBefore: Instant;
  readonly notAfter: Instant;
  /** Issued by nobody but itself. */
  readonly selfIssued: boolean;
  /** The key that comes after this one. */
  readonly next?: { readonly file: string; readonly spki: Uint8Array };
}

/** A record to publish. */
export interface DnsRecord {
  /** Without the trailing dot. */
  readonly owner: string;
  readonly type: "MX" | "TXT" | "TLSA" | "A/AAAA";
  /** As a zone file has it; for A/AAAA words for people, since the addresses are the postmaster's to know. */
  readonly value: string;
  /** One clause for people. */
  readonly what: string;
}
