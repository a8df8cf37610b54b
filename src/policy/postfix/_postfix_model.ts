import { unreachable } from "../../base/mod.ts";
import type { NamePattern, Pin } from "../types.ts";
import type { DecidedHost } from "./project.ts";
import type { PostfixPolicy } from "./level.ts";

/** Who answers at a host's address. */
export interface Answering {
  readonly tls: boolean;
  /** Of a trusted certificate. */
  readonly name?: string;
  /** Its key is the one in the TLSA records. */
  readonly tlsa: boolean;
  readonly pinned: boolean;
}

/** Whether our own delivery gives mail to who answers there. */
export function weGive({ decision }: DecidedHost, peer: Answering): boolean {
  if (decision.kind !== "proceed") return false;
  return [decision.floor, ...(decision.enforced ?? []).map(({ expectation }) => expectation)].every((floor) => {
    if (floor.kind === "any") return true;
    if (!peer.tls) return false;
    if (floor.kind === "encrypted") return true;
    if (floor.by === "dane") return peer.tlsa;
    if (floor.by === "pin") return peer.pinned;
    return floor.names.some((name) => name === peer.name);
  });
}

/** Whether Postfix does, by its manual; `dnssec`: whether it validates. */
export function postfixGives(
  { level, match = [] }: PostfixPolicy,
  { facts }: DecidedHost,
  at: { peer: Answering; dnssec: boolean },
): boolean {
  const { peer, dnssec } = at;
  const { dane, host } = facts;
  switch (level) {
    case "may":
      return true;
    case "encrypt":
      return peer.tls;
    case "secure":
      return peer.tls && match.some((one) => matches(one, peer.name ?? ""));
    case "fingerprint":
      return peer.tls && peer.pinned;
    case "dane-only":
      return dnssec && host.mxSecurity === "secure" && dane?.kind === "usable" && peer.tls && peer.tlsa;
    case "dane":
      if (!dnssec || dane?.kind === "absent" || dane?.kind === "off") return true;
      if (dane?.kind === "usable") return peer.tls && peer.tlsa;
      return dane?.kind === "unusable" && peer.tls;
    default:
      return unreachable(level);
  }
}

function matches(pattern: string, name: string): boolean {
  return pattern.startsWith(".") ? name.endsWith(pattern) : pattern === name;
}

export const PIN: Pin = { of: "spki", sha256: new Uint8Array(32) };
export const pattern = (text: string): NamePattern => text as NamePattern;
