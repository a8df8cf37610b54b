import { createHash } from "node:crypto";
import type { Millis } from "../../src/base/mod.ts";
import type { TlsDemand } from "../../src/mail/mod.ts";
import type { LocalPolicy, Taking } from "../../src/policy/mod.ts";
import { type Minted, type MintOptions, mint, PURPOSE } from "./mint.ts";
import type { MailHostSpec } from "./policy-mail-host.ts";

/**
 * One line of a conformance table: what the world publishes, what its hosts do, and what must come of one message. In all
 * texts "S" is the domain of the row in a signed zone and "P" the one in an unsigned zone; "mx.S" is a name below it.
 */
export interface Row {
  /** The criterion and its section. */
  readonly is: string;
  readonly world: (kit: Kit) => Published;
  /** The recipient's domain; default "S". */
  readonly to?: string;
  readonly demand?: Partial<TlsDemand>;
  /** The message is a notice: its reverse-path is empty. */
  readonly notice?: true;
  readonly local?: Omit<LocalPolicy, "destination"> & { readonly destination?: string };
  readonly taking?: Partial<Taking>;
  /**
   * How it ended; what TLS reports count; the TLSA names that were asked for; what each host saw. The parts are told apart
   * by " | ", and what is empty is left out.
   */
  readonly gives: string;
}

export interface Published {
  /** Records, one a line, e.g. "S MX 10 mx.S". Hosts have their A records already. */
  readonly dns?: readonly string[];
  /** By the name that has their address. */
  readonly hosts?: Readonly<Record<string, MailHostSpec | "down">>;
  /** What happens to replies on the way from the recursive resolver, e.g. "_25._tcp.mx.S TLSA". */
  readonly faults?: Readonly<Record<string, DnsFault>>;
  /** Policies of MTA-STS by domain; each is announced, and served by a good policy host unless `sick`. */
  readonly sts?: Readonly<Record<string, StsPlan>>;
  /** The name of a fixed next hop, and its port. */
  readonly hop?: { readonly host: string; readonly port: number; readonly mode?: "starttls" | "implicit" };
}

export type DnsFault = "servfail" | "refused" | "bogus" | "silence";

export interface StsPlan {
  /** e.g. "enforce mx.S *.mail.S"; by default nothing is served. */
  readonly serves?: string;
  /** TXT at `_mta-sts`; default one good record, `null` none. */
  readonly txt?: string | null;
  /** Known from before. */
  readonly stored?: string;
  readonly storedId?: string;
  /** How long ago it was stored; default an hour, of the day that it lasts. */
  readonly storedAge?: Millis;
  readonly sick?: "404" | "html" | "wrong name" | "unknown CA" | "expired" | "garbage" | "down";
}

/** Certificates for the hosts of a row, and records for them. */
export interface Kit {
  /** The name that "mx.S" stands for. */
  name(text: string): string;
  /** The root that everybody trusts, and one that nobody does. */
  readonly root: Minted;
  readonly stranger: Minted;
  /** A server certificate for these names, by the trusted root unless it says otherwise. */
  leaf(names: readonly string[], options?: MintOptions): Minted;
  /** A CA of its own. */
  ca(options?: MintOptions): Minted;
}

export function kitFor(roots: Pick<Kit, "root" | "stranger">, name: (text: string) => string): Kit {
  return {
    ...roots,
    name,
    leaf: (names, options = {}) =>
      mint({ issuer: roots.root, purposes: [PURPOSE.serverAuth], names: names.map(name), ...options }),
    ca: (options = {}) => mint({ ca: true, ...options }),
  };
}

/** e.g. "3 1 1 HEX" for this certificate. */
export function tlsa(numbers: string, { der, spki }: Minted): string {
  const [, selector, matching] = numbers.split(" ");
  const data = Buffer.from(selector === "0" ? der : spki);
  const digest =
    matching === "0"
      ? data
      : createHash(matching === "1" ? "sha256" : "sha512")
          .update(data)
          .digest();
  return `${numbers} ${digest.toString("hex")}`;
}
