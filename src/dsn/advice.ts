import type { Status } from "../status/mod.ts";

/** What a sender can do about a failure, in one or two sentences, by cause and enhanced code (RFC 3463 §3). */
export function adviceOn(status: Status): string {
  if (status.cause === "expired") return BY_CAUSE.expired;
  const { enhanced } = status;
  if (enhanced === undefined) return GENERAL;
  const [, subject, detail] = enhanced.split(".");
  return ADVICE.get(`${subject}.${detail}`) ?? ADVICE.get(`${subject}`) ?? GENERAL;
}

const GENERAL = "Show this notice to the postmaster of the recipient's domain, who can say more.";
const BY_CAUSE = {
  expired: "Send the message again later, or reach the recipient another way.",
} as const;
const ADDRESS = "Check the address for mistakes and send the message again to the right one.";
const TOO_BIG = "Send a smaller message, or hand the large part over another way.";
const MAILBOX = "The mailbox takes no mail now. Reach the recipient another way and send the message again later.";
const UTF8 =
  "The way there does not carry addresses or subjects with letters beyond ASCII. Write to another address of the recipient.";
const TLS =
  "The message asked for protected transport, or the other side demands it, and it could not be had. Tell the postmaster of the recipient's domain; send without protection only what anybody may read.";
const SENDER = "Your own address was refused. Check the sender address in your mail program, or ask your postmaster.";
const POLICY =
  "The other side refuses this message by its own rules. Show this notice to the postmaster of the recipient's domain.";

/** By subject and detail, then by subject. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ["1", ADDRESS],
  ["1.7", SENDER],
  ["1.8", SENDER],
  ["7.27", SENDER],
  ["1.10", "The recipient's domain takes no mail at all. Check the address for mistakes."],
  ["2", MAILBOX],
  ["2.3", TOO_BIG],
  ["3.4", TOO_BIG],
  ["4.6", "Mail for this address goes round in a circle. Tell the postmaster of the recipient's domain."],
  ["6.7", UTF8],
  ["6.9", UTF8],
  ["6.10", UTF8],
  ["7", POLICY],
  ["7.10", TLS],
  ["7.30", TLS],
]);
