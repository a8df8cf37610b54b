import type { TlsDemand } from "../mail/mod.ts";
import { finality, type Status, statusOf } from "../status/mod.ts";
import type { Taking } from "./types.ts";

/** How the walk over one host ended when it did not end with an answer to the message. */
export interface HostOutcome {
  readonly host: string;
  /**
   * `decision`: ruled out before dialling. `tls`: the floor was not reached. `requiretls`: TLS was good, but the host does
   * not promise to keep it. `unreachable`: nothing could be learnt. `answered`: trouble that has nothing to do with TLS.
   */
  readonly why: "decision" | "tls" | "requiretls" | "unreachable" | "answered";
  readonly status: Status;
}

/** Try again later. */
export interface Retry {
  readonly kind: "retry";
  readonly status: Status;
  /** The host that the status tells of. */
  readonly host: string;
}
/** Return the message at once. */
export interface Fail {
  readonly kind: "fail";
  readonly status: Status;
  readonly host: string;
}

/**
 * What to make of a message that no host of its destination took for reasons of transport. A required level that is not
 * reached is temporary; REQUIRETLS alone fails at once, unless something about a host could only not be found out. Where
 * the operator takes REQUIRETLS as less (`grade`), nothing fails at once.
 */
export function conclude(
  hosts: readonly HostOutcome[],
  demand: TlsDemand,
  grade: Taking["requireTls"] = "enforce",
): Retry | Fail {
  const { status, host } = mostTelling(hosts);
  if (!demand.propagate || grade !== "enforce" || !hosts.every(excluded)) {
    return { kind: "retry", status: soft(status), host };
  }
  // RFC 8689 §4.2.1
  const unsupported = hosts.some((one) => one.why === "requiretls");
  const names = [...new Set(hosts.map((one) => one.host))].join(", ");
  const own = unsupported
    ? statusOf("requiretls-unsupported", `REQUIRETLS support required: ${names}`)
    : statusOf("encryption-needed", `Encryption needed: ${status.text}`);
  return { kind: "fail", status: { ...status, ...own }, host };
}

/** Ruled out by what is known of the host; what DNS could not tell may be known the next time. */
function excluded({ why, status }: HostOutcome): boolean {
  return why === "tls" || why === "requiretls" || (why === "decision" && status.cause !== "dns-failure");
}

/** The outcome that tells a postmaster most; of equal ones the first, which is the best host's. */
function mostTelling(hosts: readonly HostOutcome[]): HostOutcome {
  for (const why of TELLING) {
    const found = hosts.find((one) => one.why === why);
    if (found !== undefined) return found;
  }
  throw new Error("Nothing to conclude from: no host was tried");
}

/** The same reason as a temporary one (RFC 3463 §2). */
function soft(status: Status): Status {
  if (finality(status) !== "permanent") return status;
  const enhanced =
    status.enhanced === undefined ? {} : ({ enhanced: `4.${status.enhanced.slice(2)}` } as Partial<Status>);
  return { ...status, code: 451, ...enhanced };
}

const TELLING: readonly HostOutcome["why"][] = ["requiretls", "tls", "decision", "answered", "unreachable"];
