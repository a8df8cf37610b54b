export { type AliasTable, expandAliases } from "./aliases.ts";
export { expandLocal, type Expansion, type LocalOptions, type LocalSending } from "./local.ts";
export { createReception, type ReceptionOptions } from "./reception.ts";
export { type Accepted, type Existence, judgeRecipient, type LocalDomain, type RecipientRules } from "./recipients.ts";
export { returnNotices } from "./returns.ts";
export type { SrsSecrets } from "./srs.ts";
