import type { Expectation, Proceed } from "../policy/mod.ts";
import type { Target } from "../smtp/client/mod.ts";

/**
 * What two messages must have in common to share a connection, as one string: the host at its address, how it is spoken to,
 * and all of the decision that says what the connection must prove and for whom. `admit` judges the connection once more
 * before each message; this only keeps apart what was never meant to meet.
 */
export function reuseKey(target: Target, decision: Proceed): string {
  const { host, address, port, mode, protocol = "smtp", path = "", credentials } = target;
  const { floor, sni, keys, ladder, requireTls = false, enforced = [], observe } = decision;
  return JSON.stringify(
    [
      [host.toLowerCase(), address, port, mode, protocol, path, credentials?.user ?? null],
      [sni, keys, floor, requireTls, ladder, enforced.filter(isPolicy), observe],
    ],
    plain,
  );
}

/** What is expected where nobody asks for anything is nobody's policy, and the same for all. */
function isPolicy({ policy }: Expectation): boolean {
  return policy.source !== "default";
}

/** Octets as hexadecimal digits; the members of what we build ourselves come in one order. */
function plain(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? value.toHex() : value;
}
