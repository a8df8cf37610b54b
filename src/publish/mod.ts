/**
 * What a domain of ours publishes so that others can protect mail to it: the records, the MTA-STS policy, and whether what
 * is published today is what should be.
 */
export { type Checked, checkPublication, type CheckOptions } from "./check.ts";
export { type Finding, type FindingCode, FINDINGS, type Severity, type Unknown } from "./finding.ts";
export { lookAt, type LookOptions, type Seen, type SeenHost } from "./look.ts";
export { recordsFor } from "./records.ts";
export { type RecordState, stateOf } from "./state.ts";
export { stsPolicyId, stsPolicyText } from "./sts_text.ts";
export type * from "./types.ts";
export { zoneLines } from "./zone.ts";
