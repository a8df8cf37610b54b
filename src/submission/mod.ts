export { addressees, type Addressees, hasField, withoutEnvelopeLine, withoutPrivateFields } from "./addressees.ts";
export { parseSendmailOptions, type SendmailOptions } from "./sendmail_options.ts";
export { demandFault } from "./demand.ts";
export { type Expansion, injectLocal, type InjectOptions, type LocalCopy } from "./inject.ts";
export type { LocalMessage, LocalTls } from "./message.ts";
export { normaliseLines } from "./normalise.ts";
