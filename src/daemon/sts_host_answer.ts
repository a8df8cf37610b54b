/** One request, as far as it matters. */
export interface PolicyAsked {
  readonly method: string;
  /** As it stands in the request line. */
  readonly target: string;
  /** Every Host field. */
  readonly hosts: readonly string[];
  /** The name in the handshake; absent where a proxy on this machine did the handshake. */
  readonly secured?: { readonly servername: string | undefined };
}

export interface PolicyReply {
  readonly status: 200 | 400 | 404 | 405 | 421;
  readonly body: string;
}

/**
 * Serves one file for each domain: /.well-known/mta-sts.txt of mta-sts.DOMAIN (RFC 8461 §3.3). `policyOf` gives the policy
 * of a domain of ours. Whatever else is asked for is not there.
 */
export function answerPolicyRequest(asked: PolicyAsked, policyOf: (domain: string) => string | undefined): PolicyReply {
  const where = placeOf(asked);
  if (where === undefined) return { status: 400, body: "One host must be named\n" };
  const { name, path } = where;
  // The certificate that was shown was for the name in the handshake, and for no other.
  if (asked.secured !== undefined && asked.secured.servername?.toLowerCase() !== name) {
    return { status: 421, body: "This connection is not for that host\n" };
  }
  const policy = name.startsWith(PREFIX) ? policyOf(name.slice(PREFIX.length)) : undefined;
  if (policy === undefined || path !== POLICY_PATH) return { status: 404, body: "There is nothing here\n" };
  if (asked.method !== "GET" && asked.method !== "HEAD") return { status: 405, body: "This is only to be read\n" };
  return { status: 200, body: policy };
}

/** The host and the path that are meant; the absolute form of a target counts before the Host field. */
function placeOf({ target, hosts }: PolicyAsked): { readonly name: string; readonly path: string } | undefined {
  const [host, ...others] = hosts;
  if (host === undefined || others.length > 0) return undefined;
  const scheme = SCHEMES.find((one) => target.toLowerCase().startsWith(one));
  if (scheme === undefined) return named(host, target);
  const rest = target.slice(scheme.length);
  const slash = rest.indexOf("/");
  return slash < 0 ? named(rest, "/") : named(rest.slice(0, slash), rest.slice(slash));
}

function named(host: string, path: string): { readonly name: string; readonly path: string } | undefined {
  const match = HOST.exec(host);
  return match?.[1] === undefined ? undefined : { name: match[1].toLowerCase(), path };
}

const PREFIX = "mta-sts.";
const POLICY_PATH = "/.well-known/mta-sts.txt";
const SCHEMES = ["https://", "http://"] as const;
const HOST = /^([A-Za-z0-9_.-]{1,254}?)\.?(?::[0-9]{1,5})?$/;
