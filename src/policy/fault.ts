import { type Instant, unreachable } from "../base/mod.ts";
import { chainFault, chainTrusted, type Handshake, matchesAny, matchesPin, peerNames, verifyDane } from "../tls/mod.ts";
import type { TlsFloor, TlsResult } from "./types.ts";

/** What a handshake lacks, for people and for reports (RFC 8460 §4.3). */
export interface Fault {
  readonly detail: string;
  readonly result: TlsResult;
}

/** What the handshake lacks of `floor`, or undefined when it has all. `now` is for certificates that we judge ourselves. */
export function faultOf(floor: TlsFloor, seen: Handshake, now: Instant): Fault | undefined {
  if (floor.kind !== "authenticated") return undefined;
  // A resumed session shows no certificates: nothing was verified now.
  if (seen.resumed) return failure("the session was resumed and shows no certificate");
  const leaf = seen.chain[0];
  if (leaf === undefined) return failure("the host sent no certificate");
  switch (floor.by) {
    case "webpki":
      return chainTrusted(seen) ? nameFault(leaf, floor.names) : untrusted(`${seen.chainError}`);
    case "pin":
      return floor.pins.some((pin) => matchesPin(leaf, pin)) ? undefined : failure("the certificate has no pinned key");
    case "dane": {
      const verified = verifyDane(floor.tlsa, seen.chain, floor.names, now);
      return verified.ok ? undefined : verified.error;
    }
    default:
      return unreachable(floor);
  }
}

function untrusted(chainError: string): Fault {
  const { result, detail } = chainFault(chainError);
  return { result, detail: `the certificate is not trusted: ${detail}` };
}

// RFC 9525 §6.3
function nameFault(leaf: Uint8Array, wanted: readonly string[]): Fault | undefined {
  const names = peerNames(leaf);
  if (!names.ok) return failure(`the certificate cannot be read: ${names.error}`);
  if (matchesAny(names.value, wanted)) return undefined;
  const shown = names.value.dns.slice(0, MOST_NAMES).map((name) => JSON.stringify(name.slice(0, LONGEST_NAME)));
  const list = shown.length === 0 ? "no DNS name" : shown.join(", ");
  const detail = `the certificate is for ${list}, not for ${wanted.join(" or ")}`;
  return { detail, result: "certificate-host-mismatch" };
}

function failure(detail: string): Fault {
  return { detail, result: "validation-failure" };
}

/** How much of a stranger's certificate is quoted. */
const MOST_NAMES = 5;
const LONGEST_NAME = 80;
