export { isMeasured } from "./check_metrics.ts";
export { explainConfig, type Setting } from "./explain.ts";
export { formatIssue, type Loaded, loadConfig, type LoadFailure, parseConfig } from "./load.ts";
export { type Network, networkSet, parseNetwork } from "./network.ts";
export { aliasTable, recipientName } from "./recipients.ts";
export type * from "./types.ts";
export type * from "./types_clients.ts";
export { type HostPort, parseDuration, parseFingerprint, parseHostPort, parseSize } from "./units.ts";
