export { addressees, type Addressees, hasField, withoutPrivateFields } from "./addressees.ts";
export { parseSendmailOptions, type SendmailOptions } from "./sendmail_options.ts";
export { injectLocal, type InjectOptions } from "./inject.ts";
export type { LocalMessage } from "./message.ts";
export { normaliseLines } from "./normalise.ts";
