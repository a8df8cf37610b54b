import type { Millis } from "../base/mod.ts";
import type { Domain, Mailbox } from "../mail/mod.ts";
import type { Network } from "./network.ts";
import type { ClientsConfig, DnsblConfig } from "./types_clients.ts";
import type { HostPort } from "./units.ts";

/** The configuration after loading: values parsed, defaults filled in, paths absolute. Sizes in octets, times in milliseconds. */
export interface Config {
  readonly hostname: Domain;
  readonly data_dir: string;
  readonly user?: string | undefined;
  /** Where `sendmail` leaves what it cannot hand over; in data_dir unless given, and then only the daemon's user may use it. */
  readonly drop_dir?: string | undefined;
  readonly postmaster: Mailbox;
  /** Processes that share the work; "auto" is one for each core, up to four. */
  readonly workers: "auto" | number;
  readonly message_size: number;
  readonly listen: readonly ListenConfig[];
  readonly certificate: readonly CertificateConfig[];
  /** Where the MTA-STS policies of our domains are served. */
  readonly https?: HttpsConfig | undefined;
  readonly relay: { readonly networks: readonly Network[] };
  readonly clients: ClientsConfig;
  readonly dnsbl: readonly DnsblConfig[];
  readonly domain: readonly DomainConfig[];
  readonly route: readonly RouteConfig[];
  readonly tls_policy: readonly TlsPolicyConfig[];
  readonly dns: {
    /** Empty: the system's. */
    readonly servers: readonly string[];
    readonly dnssec: "validate" | "trust-ad" | "off";
    /** "builtin", or a file of DS or DNSKEY records. */
    readonly trust_anchors: string;
    /** The name of the servers' certificate; asks over TLS then. */
    readonly tls?: string | undefined;
    /** Names that prove at start that DNSSEC works. */
    readonly self_test: { readonly secure?: string | undefined; readonly bogus?: string | undefined };
  };
  readonly outbound: {
    readonly port: number;
    readonly source: readonly string[];
    /** Networks, beside public ones, in which hosts that MX records name may stand. */
    readonly networks: readonly Network[];
    /** Deliveries at once, in all. */
    readonly concurrency: number;
    readonly per_destination: number;
    /** The roots that judge certificates: "system", "bundled", or a PEM file. */
    readonly roots: string;
  };
  readonly retry: {
    readonly first: Millis;
    /** After so long in the queue a sender is told that the message waits (RFC 3461 §5.2.3). */
    readonly warn_after: Millis;
    readonly expire_after: Millis;
  };
  readonly policy: {
    readonly dane: "on" | "audit" | "off";
    /** Uses TLSA records of a signed host that an insecure MX answer names. */
    readonly dane_insecure_mx: boolean;
    readonly mta_sts: "on" | "audit" | "off";
    /** A bogus `_mta-sts` record holds mail back. */
    readonly mta_sts_strict: boolean;
    /** Roots for the policy hosts of MTA-STS: "system", "bundled", or a PEM file. */
    readonly mta_sts_roots: string;
    /** Networks, beside public ones, in which policy hosts of MTA-STS may stand. */
    readonly mta_sts_networks: readonly Network[];
    readonly mta_sts_port: number;
    readonly requiretls: "enforce" | "encrypt" | "opportunistic" | "off";
    /** Whose `TLS-Required: No` counts (RFC 8689 §4.1); only "all" conforms. */
    readonly tls_required_no: "all" | "authenticated" | "ignore";
    /** Enforces nothing of what is published, and logs what would have been. */
    readonly discover: boolean;
  };
  /** Signed lists of what destinations promise (STARTTLS Everywhere); the first that names a domain speaks. */
  readonly policy_list: readonly PolicyListConfig[];
  /** TLS policy for other mail servers (socketmap_table(5)); off unless an address or a path is given. */
  readonly policy_service: {
    readonly address?: HostPort | undefined;
    readonly path?: string | undefined;
    /** What is said where nothing asks for more than opportunistic TLS. */
    readonly open: "may" | "notfound";
  };
  /** Metrics, health and readiness over HTTP; off unless an address or a path is given. */
  readonly metrics: {
    readonly address?: HostPort | undefined;
    /** Of a unix socket. */
    readonly path?: string | undefined;
  };
  /** How far new mail may fill the disk and the queue. */
  readonly queue: {
    /** Octets of the disk, and files on it, that stay free. */
    readonly free_space: number;
    readonly free_files: number;
    /** Messages, and octets on the disk, in all. */
    readonly messages: number;
    readonly size?: number | undefined;
  };
  readonly limits: {
    readonly recipients: number;
    readonly transactions: number;
    readonly header_fields: number;
    readonly hops: number;
    /** Commands such as NOOP and RSET between two messages of one connection. */
    readonly junk_commands: number;
    /** For one whole command. */
    readonly command_time: Millis;
    /** For one connection; content that is coming in is still taken. */
    readonly connection_time: Millis;
    /** Of a TLS handshake. */
    readonly handshake_time: Millis;
    /** Octets of content per second, on the average beyond `content_grace`; 0 asks for none. */
    readonly content_rate: number;
    readonly content_grace: Millis;
  };
  readonly log: { readonly level: "error" | "warn" | "info" | "debug"; readonly target: string };
}

export interface ListenConfig {
  readonly role: "mx" | "submission" | "submissions";
  readonly address: HostPort;
  readonly tls?: "starttls" | "implicit" | "none" | undefined;
  /** Proxies in front: they must begin with a PROXY header, which is believed. Everybody else is a client. */
  readonly proxy_from: readonly Network[];
}

export interface CertificateConfig {
  readonly chain: string;
  readonly key: string;
  /** PEM: the private key, public key or certificate request that comes after `key`; only for the records to publish. */
  readonly next_key?: string | undefined;
}

export interface HttpsConfig {
  readonly address: HostPort;
  /** "none" is for a reverse proxy on this machine, whose Host header is believed. */
  readonly tls: "implicit" | "none";
}

/** The MTA-STS policy that a domain publishes (RFC 8461 §3.2). */
export interface StsHostingConfig {
  readonly mode: "enforce" | "testing" | "none";
  readonly max_age: Millis;
  /** Names or patterns of the MX hosts; default: our hostname. */
  readonly mx?: readonly string[] | undefined;
}

export interface DomainConfig {
  readonly name: Domain;
  /** Who exists: everybody, whoever has a maildir, whoever stands in `recipients_file`, or these local parts. */
  readonly recipients: "any" | "maildir" | "file" | readonly string[];
  readonly recipients_file?: string | undefined;
  readonly aliases: Readonly<Record<string, string | readonly string[]>>;
  /** Rewrites the sender of mail that this domain forwards elsewhere, so that SPF holds (SRS). */
  readonly srs: boolean;
  readonly mta_sts?: StsHostingConfig | undefined;
  /** Where TLS reports about this domain go: mailto: and https: addresses (RFC 8460 §3). */
  readonly tls_rpt?: string | readonly string[] | undefined;
}

export interface RouteConfig {
  /** Domains, ".suffix" for subdomains, addresses, or "*". */
  readonly recipients: readonly string[];
  readonly deliver: RouteTarget;
}

export type RouteTarget =
  | "discard"
  | "mx"
  | { readonly maildir: string }
  | {
      readonly smtp: HostPort;
      readonly tls?: "may" | "encrypt" | "secure" | undefined;
      /** TLS from the first octet (RFC 8314 §3); default on port 465. */
      readonly implicit?: boolean | undefined;
      /** SASL towards this hop, which then needs tls = "secure" (RFC 4954 §4). */
      readonly user?: string | undefined;
      readonly password_file?: string | undefined;
      /** Turns 8-bit and binary content into 7-bit where this hop takes no other (RFC 6152 §3). */
      readonly convert?: boolean | undefined;
    }
  /** host:port, or the absolute path of a unix socket (RFC 2033). */
  | { readonly lmtp: string };

export interface TlsPolicyConfig {
  readonly destination: string;
  readonly level: "may" | "encrypt" | "secure";
  readonly mx?: readonly string[] | undefined;
  readonly by?: readonly ("dane" | "webpki")[] | undefined;
  /** "cert:HEX" or "spki:HEX", SHA-256 of a certificate or of its public key. */
  readonly pin?: readonly string[] | undefined;
  readonly override?: boolean | undefined;
  readonly until?: Date | string | undefined;
}

/** With neither `url` nor `file`, new lists come by `hopseal policy list import` alone. */
export interface PolicyListConfig {
  readonly name: string;
  /** https:// */
  readonly url?: string | undefined;
  readonly file?: string | undefined;
  /** Of the detached signature; default: as `url` or `file`, with ".asc" at the end. */
  readonly signature?: string | undefined;
  /** A file with the OpenPGP public key that signs the list. */
  readonly key?: string | undefined;
  /** Of its primary key, in lower-case hexadecimal. */
  readonly fingerprint?: string | undefined;
  readonly refresh: Millis;
  readonly mode: "enforce" | "audit";
  /** Networks, beside public ones, in which the host of `url` may stand. */
  readonly networks: readonly Network[];
  /** Roots for that host: "system", "bundled", or a PEM file. */
  readonly roots: string;
}

/** A mistake or a doubt, at its place in the file. */
export interface ConfigIssue {
  readonly severity: "error" | "warning";
  /** Dotted key, e.g. "listen.1.address". */
  readonly key: string;
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}
