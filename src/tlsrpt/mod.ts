export { parseTallyKey, tallyKey } from "./key.ts";
export { selectTlsRptRecord, type TlsRptRecord } from "./record.ts";
export { isSeenKey, parseSeenKey, seenKey, type SeenRecord, type Showed, tallySeen } from "./seen.ts";
export { type DaySummary, summarise } from "./summarise.ts";
export { dayOf, sessionRecords, type Tally, tallyDiscovery, tallySession } from "./tally.ts";
export type { FailureDetail, PolicySummary, ReportedPolicy, SessionRecord, TallyRecord } from "./types.ts";
