import { type ChainExim, startChainExim } from "./_exim.ts";
import { type RunningPostfix, startPostfix } from "../../support/postfix.ts";

/** How the three hops of a chain speak. */
export type Way = "plain" | "starttls" | "implicit";

export interface ChainHost extends AsyncDisposable {
  readonly port: number;
  readonly implicitPort?: number;
  messages(): Promise<readonly Buffer[]>;
  delivered(count: number, limit?: number): Promise<readonly Buffer[]>;
  log(): Promise<string>;
}

/** A mail program as the first or the last of a chain with Hopseal in the middle. */
export interface Program {
  readonly name: "exim" | "postfix";
  readonly needs: string;
  first(options: FirstOptions): Promise<ChainHost>;
  last(options: LastOptions): Promise<ChainHost>;
  /** How many connections the log tells of. */
  connections(log: string): number;
}

export interface FirstOptions {
  readonly hop: number;
  readonly way: Way;
}

export interface LastOptions {
  readonly domains: readonly string[];
  readonly tls?: { readonly chain: string; readonly key: string };
  /** Where its own notices go. */
  readonly back?: number;
  readonly port?: number;
  /** This recipient is refused with 550. */
  readonly refuse?: string;
  /** Takes so many recipients in a transaction, and tells the others to come later. */
  readonly recipients?: number;
  /** Accepted, and then cannot be delivered. */
  readonly unreachable?: string;
  /** Leaves 8BITMIME out. */
  readonly sevenBit?: boolean;
}

const EXIM: Program = {
  name: "exim",
  needs: "exim4",
  async first({ hop, way }): Promise<ChainExim> {
    return await startChainExim({
      hostname: "first.oak.example",
      relayTo: hop,
      relay: {
        message_linelength_limit: "100000",
        ...(way === "implicit" ? { protocol: "smtps" } : {}),
        ...(way === "plain" ? { hosts_avoid_tls: "*" } : { hosts_require_tls: "*" }),
        tls_verify_hosts: "",
        tls_try_verify_hosts: "",
      },
    });
  },
  async last({ domains, tls, back, port, refuse, recipients, unreachable, sevenBit }): Promise<ChainExim> {
    return await startChainExim({
      hostname: "last.pine.example",
      domains,
      ...(port === undefined ? {} : { port }),
      ...(tls === undefined ? {} : { tls }),
      ...(back === undefined ? {} : { relayTo: back, relay: { hosts_avoid_tls: "*" } }),
      ...(refuse === undefined
        ? {}
        : { rcpt: [`deny recipients = ${refuse}`, "  message = 550 5.1.1 no such mailbox"] }),
      ...(unreachable === undefined ? {} : { unreachable }),
      settings: {
        ...(recipients === undefined ? {} : { recipients_max: `${recipients}` }),
        ...(sevenBit === true ? { accept_8bitmime: "false" } : {}),
      },
    });
  },
  connections: (log) => log.split("(TCP/IP connection count").length - 1,
};

const POSTFIX: Program = {
  name: "postfix",
  needs: "postfix",
  async first({ hop, way }): Promise<RunningPostfix> {
    return await startPostfix({
      hostname: "first.oak.example",
      relayTo: { host: "127.0.0.1", port: hop },
      settings: {
        smtp_tls_security_level: way === "plain" ? "none" : "encrypt",
        ...(way === "implicit" ? { smtp_tls_wrappermode: "yes" } : {}),
        smtp_line_length_limit: "0",
        ...QUICK,
      },
    });
  },
  async last({ domains, tls, back, port, refuse, recipients, unreachable, sevenBit }): Promise<RunningPostfix> {
    return await startPostfix({
      hostname: "last.pine.example",
      mydestination: domains,
      ...(port === undefined ? {} : { port }),
      ...(tls === undefined ? {} : { tls }),
      ...(back === undefined ? {} : { relayTo: { host: "127.0.0.1", port: back } }),
      settings: {
        ...QUICK,
        ...(recipients === undefined
          ? {}
          : { smtpd_recipient_limit: `${recipients}`, smtpd_recipient_overshoot_limit: "1000" }),
        ...(refuse === undefined
          ? {}
          : {
              smtpd_recipient_restrictions: `check_recipient_access inline:{ { ${refuse} = 550 5.1.1 no such mailbox } }, permit_mynetworks`,
            }),
        ...(unreachable === undefined
          ? {}
          : {
              transport_maps: `inline:{ { ${unreachable} = error:5.2.1 the mailbox is closed } }`,
              smtpd_reject_unlisted_recipient: "no",
            }),
        ...(sevenBit === true ? { smtpd_discard_ehlo_keywords: "8bitmime, smtputf8" } : {}),
      },
    });
  },
  connections: (log) => log.split("]: connect from").length - 1,
};

/** Retries that a test can wait for. */
const QUICK = { minimal_backoff_time: "1s", queue_run_delay: "1s", maximal_backoff_time: "2s" };

export const PROGRAMS: readonly Program[] = [EXIM, POSTFIX];
