export { deliverToMaildir, type MaildirMessage } from "./deliver.ts";
export { maildirPath } from "./path.ts";
