/**
 * Hopseal as a library: the engine without the daemon. What is exported here is the public interface; everything else
 * may change at any time.
 */
export type { Result } from "./base/mod.ts";
export {
  type Because,
  type Domain,
  formatMailbox,
  type Mailbox,
  parseDomain,
  parseMailbox,
  type TlsDemand,
} from "./mail/mod.ts";
export {
  decide,
  explain,
  type Finding,
  type LocalPolicies,
  type LocalPolicy,
  localPolicies,
  type NextHost,
  parseNamePattern,
  type TlsDecision,
  type TlsFacts,
  type TlsFloor,
} from "./policy/mod.ts";
export * from "./trace/mod.ts";
export type { Answer, Resolver } from "./dns/mod.ts";
