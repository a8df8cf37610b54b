import { unreachable } from "../base/mod.ts";
import { formatMailbox } from "../mail/mod.ts";
import type { Status } from "../status/mod.ts";
import { adviceOn } from "./advice.ts";
import { isProtected } from "./protect.ts";
import { formatDate, readable, wrapped } from "./text.ts";
import type { NoticeKind, NoticeParts, ReportedRecipient } from "./types.ts";

/** The subject of a notice. */
export const SUBJECTS: { readonly [kind in NoticeKind]: string } = {
  failure: "Your message could not be delivered",
  delay: "Your message is delayed",
  success: "Your message has arrived",
};

/**
 * The first part, for people: what happened, to whom, in whose words, and what to do. May hold UTF-8. What others said stands
 * behind a bar, so that it cannot pass for ours.
 */
export function explanation(parts: NoticeParts): string {
  const { original } = parts;
  const lines = [
    wrapped(`This is the mail server ${parts.reportingMta}.`),
    "\r\n",
    wrapped(OPENINGS[parts.kind](formatDate(original.arrivedAt))),
  ];
  for (const one of parts.recipients) {
    lines.push("\r\n", `  ${readable(formatMailbox(one.recipient.mailbox))}\r\n`, ...about(one, parts));
  }
  lines.push("\r\n", wrapped(`The number of your message at this server is ${original.id}.`));
  if (isProtected(original.demand)) lines.push(wrapped(WITHHELD));
  return lines.join("");
}

function about({ recipient, action, status, retryUntil }: ReportedRecipient, parts: NoticeParts): readonly string[] {
  const { original, asked } = recipient;
  const written = original?.address ?? (asked && formatMailbox(asked));
  const via =
    written === undefined || written === formatMailbox(recipient.mailbox)
      ? []
      : [wrapped(`You wrote to ${readable(written)}.`, INDENT)];
  switch (action) {
    case "failed":
      return [...via, ...reason(status, parts), wrapped(`What to do: ${adviceOn(status)}`, INDENT)];
    case "delayed": {
      const until = retryUntil === undefined ? "" : ` until ${formatDate(retryUntil)}`;
      return [
        ...via,
        ...reason(status, parts),
        wrapped(`It is tried again${until}. You need not do anything.`, INDENT),
      ];
    }
    case "delivered":
      return [...via, wrapped("It lies in the recipient's mailbox. This does not say that it was read.", INDENT)];
    case "relayed": {
      const host = status.peer === undefined ? "the next mail server" : `the mail server ${readable(status.peer.host)}`;
      const text = `It was handed to ${host}, which does not report what becomes of it. You will hear no more unless it fails.`;
      return [...via, wrapped(text, INDENT)];
    }
    case "expanded":
      return [
        wrapped(`It was passed on from this address to several others. Only failures there are reported.`, INDENT),
      ];
    default:
      return unreachable(action);
  }
}

/** Whose words, and the words. */
function reason(status: Status, { original }: NoticeParts): readonly string[] {
  const { reply, peer, cause } = status;
  const host = peer === undefined ? "the other mail server" : `the mail server ${readable(peer.host)}`;
  const expired =
    cause === "expired" ? [wrapped("It could not be delivered in the time that this server tries.", INDENT)] : [];
  if (reply === undefined) {
    const where = peer === undefined ? "" : ` (${readable(peer.host)})`;
    return [...expired, wrapped(`The reason${where}:`, INDENT), wrapped(readable(status.text), QUOTE)];
  }
  const said = isProtected(original.demand) ? (reply.enhanced ?? "") : reply.lines.join(" ");
  const last = cause === "expired" ? `The last answer of ${host}:` : `The answer of ${host}:`;
  return [...expired, wrapped(last, INDENT), wrapped(readable(`${reply.code} ${said}`), QUOTE)];
}

const OPENINGS: { readonly [kind in NoticeKind]: (arrived: string) => string } = {
  failure: (arrived) =>
    `Your message of ${arrived} could not be delivered to the addresses below. It will not be tried again.`,
  delay: (arrived) =>
    `Your message of ${arrived} has not been delivered to the addresses below yet. It is kept here and tried again; do not send it once more.`,
  success: (arrived) =>
    `You asked to be told what becomes of your message of ${arrived}. It has come to these addresses:`,
};
const WITHHELD =
  "Your message asked for protected transport. This notice may travel without it, so that it holds neither the message nor its subject.";
const INDENT = "    ";
const QUOTE = "    | ";
