import type { Domain } from "../mail/mod.ts";
import type { LocalPolicy } from "../policy/mod.ts";
import { type Status, statusOf } from "../status/mod.ts";
import type { Published } from "./facts.ts";

/** What is known of a domain whose mail DNS says cannot be delivered. */
export interface Doubted extends Published {
  readonly domain: Domain;
  readonly local?: LocalPolicy;
}

/**
 * The status with which mail for a domain waits although unsigned answers would have it returned: whoever forges such
 * answers must not be able to bounce the mail of a domain that somebody protects. Undefined where nobody does.
 */
export function doubtful(says: Status, about: Doubted): Status | undefined {
  const why = protectedBy(about);
  if (why === undefined) return undefined;
  return statusOf("dns-failure", `${says.text}, says an answer that is not signed; ${why}, so its mail waits`);
}

function protectedBy({ domain, local, sts, list }: Doubted): string | undefined {
  if (local !== undefined && local.level !== "may") return `a local entry asks for TLS with ${domain}`;
  if (sts?.kind === "policy" && sts.mode !== "none") return `${domain} has an MTA-STS policy`;
  return list?.kind === "policy" ? `${list.list} names ${domain}` : undefined;
}
