import type { Instant } from "../base/mod.ts";
import type { Domain, Mailbox } from "../mail/mod.ts";

/** What the receiving server knows when it writes its Received field (RFC 5321 §4.4). */
export interface ReceivedFacts {
  readonly by: Domain;
  readonly id: string;
  /** Absent for mail made here (bounces) or handed in locally. */
  readonly from?: {
    readonly hello: { readonly verb: "HELO" | "EHLO" | "LHLO"; readonly text: string };
    readonly address: string;
    /** Forward-confirmed reverse name. */
    readonly name?: string;
  };
  readonly tls?: {
    readonly version: string;
    /** IANA name. */
    readonly cipher: string;
    readonly group?: string;
    readonly sni?: string;
  };
  readonly authenticated: boolean;
  readonly smtpUtf8: boolean;
  /** Exactly one recipient, or none named. */
  readonly for?: Mailbox;
  readonly at: Instant;
  /** Minutes east of UTC. */
  readonly offset: number;
}
