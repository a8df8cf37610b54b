export { CONTROL_VERSION, controlSocketPath, type DaemonStatus, type Operator } from "./control_api.ts";
export { localMessageOf, type MessageJson, messageJson, reversePathOf } from "./control_json.ts";
export { daemonQueue, type OperatorQueue } from "./operate.ts";
export { type Daemon, startDaemon } from "./compose.ts";
export { runDaemon } from "./run.ts";
export type { Seams } from "./seams.ts";
export { testNames } from "./names.ts";
