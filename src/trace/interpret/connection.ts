import type { Received, Software } from "../parse/types.ts";

/**
 * The address of the connection, as the writer saw it. A literal behind "from" is what HELO said, unless the writer puts
 * HELO elsewhere or the protocol has none.
 */
export function connectionIp({ from, software, protocol }: Received): string | undefined {
  if (from?.ip === undefined) return undefined;
  const greets = protocol === undefined || GREETING.has(protocol.family);
  const own = from.ipSeen || from.helo_cmd !== undefined || !greets || (software !== null && NAME_FIRST.has(software));
  return own ? from.ip : undefined;
}

/** Writers that put the looked-up name or the address first and repeat HELO only when it differs. */
export const NAME_FIRST: ReadonlySet<Software> = new Set(["exim", "qmail", "momentum"]);
const GREETING: ReadonlySet<string> = new Set(["smtp", "esmtp", "lmtp", "other"]);
