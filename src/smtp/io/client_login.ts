import { isIP } from "node:net";
import type { PeerProof, PlaintextAllowed } from "../../policy/mod.ts";
import type { Target } from "../client/mod.ts";
import type { DriverOptions } from "./client_driver.ts";

/**
 * Whether the target may have the login, if it gets one: it is this machine, or it has proved inside TLS who it is
 * (RFC 4954 §4, §9).
 */
export function mayLogIn(target: Target, proof: PeerProof | PlaintextAllowed): boolean {
  if (target.credentials === undefined || isLocal(target)) return true;
  return proof.kind === "tls" && proof.satisfied.some((one) => IDENTITY.has(one));
}

/** How the driver gets the login; the password is asked for when the host is ready for it. */
export function loginOf({ credentials }: Target): Pick<DriverOptions, "login"> {
  if (credentials === undefined) return {};
  return { login: async () => ({ user: credentials.user, password: await credentials.password() }) };
}

/** Reached without a network. */
function isLocal({ path, address }: Target): boolean {
  if (path !== undefined) return true;
  if (isIP(address) === 6) return address === "::1";
  return isIP(address) === 4 && address.startsWith("127.");
}

/** What proves who the host is; encryption alone does not. */
const IDENTITY: ReadonlySet<PeerProof["satisfied"][number]> = new Set(["dane", "webpki", "pin"] as const);
