import { formatMailbox, type Mailbox } from "../mail/mod.ts";
import type { Level, TlsMode } from "../policy/mod.ts";
import type { Credentials } from "../smtp/client/mod.ts";

/** Where mail goes; of the routes that match a recipient the first counts. */
export interface Route {
  /** Domains, ".suffix" for subdomains, addresses ("ann@rook.example"), or "*". */
  readonly recipients: readonly string[];
  readonly target: RouteTarget;
}

/** A next hop that DNS has no say in. */
export interface FixedHop {
  readonly kind: "smtp";
  /** A host name, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly mode: TlsMode;
  /** The least level for this hop. */
  readonly tls?: Level;
  readonly credentials?: Credentials;
  /** Turns content into 7-bit where the hop takes no other; never signed content (RFC 6152 §3). */
  readonly convert?: boolean;
}

/** A local delivery agent that answers for every recipient (RFC 2033). */
export interface LmtpTarget {
  readonly kind: "lmtp";
  /** A name or address and a port, or the path of a unix socket. */
  readonly at: { readonly host: string; readonly port: number } | { readonly path: string };
}

export interface MaildirTarget {
  readonly kind: "maildir";
  /** A path in which `{localpart}` and `{domain}` stand for the recipient, each encoded to be one harmless file name. */
  readonly path: string;
}

export type RouteTarget =
  | { readonly kind: "mx" }
  | FixedHop
  | MaildirTarget
  | LmtpTarget
  | { readonly kind: "discard" };

/** The target for a recipient; by MX where no route matches. */
export function routeFor(routes: readonly Route[], mailbox: Mailbox): RouteTarget {
  const domain = mailbox.domain.toLowerCase();
  const address = formatMailbox(mailbox);
  return routes.find((route) => route.recipients.some((one) => matches(one, domain, address)))?.target ?? BY_MX;
}

function matches(wanted: string, domain: string, address: string): boolean {
  if (wanted === "*") return true;
  const at = wanted.lastIndexOf("@");
  // RFC 5321 §2.4: only the domain's letter case means nothing.
  if (at > 0)
    return (
      wanted.slice(0, at) === address.slice(0, address.lastIndexOf("@")) &&
      wanted.slice(at + 1).toLowerCase() === domain
    );
  const name = wanted.toLowerCase();
  return name.startsWith(".") ? domain.endsWith(name) && !domain.startsWith("[") : domain === name;
}

const BY_MX: RouteTarget = { kind: "mx" };
