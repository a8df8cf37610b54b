/**
 * Hopseal as a library: the engine without the daemon. What is exported here is the public interface, told in
 * docs/library.md; everything else may change at any time.
 *
 * Every function is pure: it does no I/O, keeps no state, and returns what is wrong instead of throwing it.
 */
export type { Answer, Resolver } from "./dns/mod.ts";
/** Reads delivery status notifications, whoever wrote them (RFC 3464, RFC 6533). */
export { type DeliveryReport, parseDeliveryReport } from "./dsn/mod.ts";
export type { Result } from "./base/mod.ts";
export {
  type AddressGroup,
  type Because,
  type Domain,
  formatMailbox,
  type HeaderAddress,
  type Mailbox,
  parseAddressList,
  parseDomain,
  parseMailbox,
  type TlsDemand,
} from "./mail/mod.ts";
/** One message's protection decided from what everybody asks for, and what it took to decide. */
export {
  decide,
  explain,
  type Finding,
  type LocalPolicies,
  type LocalPolicy,
  localPolicies,
  type NextHost,
  parseNamePattern,
  parseStsPolicy,
  selectStsRecord,
  type StsPolicy,
  type StsRecord,
  type TlsDecision,
  type TlsFacts,
  type TlsFloor,
} from "./policy/mod.ts";
/** What a domain publishes of its own MTA-STS policy (RFC 8461 §3). */
export { type StsHosting, stsPolicyId, stsPolicyText } from "./publish/mod.ts";
/** Certificates against names (RFC 9525) and TLSA records (RFC 7672 §3). */
export {
  type DaneFault,
  type DaneProof,
  matchesName,
  type PeerNames,
  peerNames,
  type TlsaRecord,
  usableTlsa,
  verifyDane,
} from "./tls/mod.ts";
/** Where a domain wants its TLS reports (RFC 8460 §3). */
export { selectTlsRptRecord, type TlsRptRecord } from "./tlsrpt/mod.ts";
/** Received fields: read, written, and what they tell of a message's way. */
export * from "./trace/mod.ts";
