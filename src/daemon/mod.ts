export {
  CONTROL_VERSION,
  controlSocketPath,
  type DaemonStatus,
  type Drained,
  type Operator,
  type PauseChange,
  type Pauses,
  type Readiness,
} from "./control_api.ts";
export { localMessageOf, reversePathOf } from "./control_json.ts";
export type { EnvelopeJson } from "./control_envelope.ts";
export { filterOf, type FilterWords } from "./control_filter.ts";
export { type DamagedJson, type DestinationJson, type MessageJson, messageJson } from "./control_message.ts";
export type { Entry, Listed, ListQuery } from "./control_list.ts";
export type { QueueView } from "./operate_view.ts";
export { daemonQueue, type OperatorQueue } from "./operate.ts";
export { daemonControl, type DaemonControl } from "./operate_pause.ts";
export { verifyQueue } from "./operate_verify.ts";
export { dropFolder } from "./drop_file.ts";
export { leaveInDrop } from "./drop_write.ts";
export { handOver, type HandedOver } from "./hand_over.ts";
export { type Daemon, startDaemon } from "./compose.ts";
export { lookAtPublication, publicationOf, type PublicationLook } from "./publication.ts";
export { type Beside, runDaemon } from "./run.ts";
export type { Seams } from "./seams.ts";
export { testNames } from "./names.ts";
export { mechanismsOf } from "./tls_query.ts";
export { policiesOf as policyEntries } from "./translate.ts";
export type { KnownHop } from "./next_hop_plan.ts";
export { type Answer as PolicyAnswer, answerOf as policyAnswer } from "./policy_service_answer.ts";
export { type Looked, openPolicyLook, type PolicyLook } from "./policy_look.ts";
export {
  importPolicyList,
  type ImportedPolicyList,
  type StoredPolicyList,
  storedPolicyLists,
} from "./policy_list_operate.ts";
export { daemonTallies, type Tallied } from "./policy_tallies.ts";
