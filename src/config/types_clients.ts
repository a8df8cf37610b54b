import type { Millis } from "../base/mod.ts";
import type { Network } from "./network.ts";

/** Who may connect, and how often. */
export interface ClientsConfig {
  /** At a time, in all. */
  readonly connections: number;
  /** The last ones of `connections`, kept for clients of relay networks. */
  readonly reserved: number;
  /** At a time, of one client that is in no relay network and not allowed by a list. */
  readonly connections_per_client: number;
  /** New ones of such a client. */
  readonly connections_per_minute: number;
  readonly messages_per_minute?: number | undefined;
  readonly recipients_per_minute?: number | undefined;
  /** Leading bits of an address that make one client. */
  readonly ipv4_prefix: number;
  readonly ipv6_prefix: number;
  readonly allow: readonly Network[];
  readonly deny: readonly Network[];
  /** Files with one network on a line. */
  readonly allow_files: readonly string[];
  readonly deny_files: readonly string[];
  /** Where a client that lists in DNS name is refused. */
  readonly dnsbl_at: "recipient" | "greeting";
  /** A client whose lists score so much is refused. */
  readonly dnsbl_score: number;
  /** How long a client waits for all lists together. */
  readonly dnsbl_time: Millis;
}

/** A list of clients in DNS (RFC 5782). */
export interface DnsblConfig {
  readonly zone: string;
  /** The answers that count, within 127.0.0.0/8. */
  readonly answers: readonly Network[];
  readonly action: "refuse" | "log" | "allow";
  readonly score: number;
}
