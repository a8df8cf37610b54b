import { unreachable } from "../base/mod.ts";
import { literalAddress, literalOf, parseDomain, parseMailHost } from "../mail/mod.ts";
import type { Status } from "../status/mod.ts";
import { isProtected } from "./protect.ts";
import { exactField, field, formatDate, printable, typedAddress, typedOriginal } from "./text.ts";
import type { NoticeParts, Original, ReportedRecipient } from "./types.ts";
import type { Action } from "./wishes.ts";

/** The content of message/delivery-status: one group about the message, one for each recipient (RFC 3464 §2.1). */
export function statusFields(parts: NoticeParts, global: boolean): string {
  const { original } = parts;
  const { envid } = original.dsn;
  // RFC 3464 §2.2
  const message = [
    // RFC 3461 §6.3
    envid === undefined ? "" : exactField("Original-Envelope-Id", printableExactly(envid)),
    field("Reporting-MTA", `dns; ${parts.reportingMta}`),
    receivedFrom(original),
    field("Arrival-Date", formatDate(original.arrivedAt)),
  ].join("");
  return [message, ...parts.recipients.map((one) => recipientFields(one, original, global))].join("\r\n");
}

// RFC 3464 §2.3
function recipientFields(one: ReportedRecipient, original: Original, global: boolean): string {
  const { recipient, action, status, lastAttempt, retryUntil } = one;
  const { peer } = status;
  return [
    recipient.original === undefined ? "" : exactField("Original-Recipient", typedOriginal(recipient.original, global)),
    // RFC 3464 §2.3.2: as it was accepted, whatever an alias made of it.
    exactField("Final-Recipient", typedAddress(recipient.asked ?? recipient.mailbox, global)),
    field("Action", action),
    field("Status", statusCode(status, action)),
    peer === undefined ? "" : field("Remote-MTA", mtaName(peer.host)),
    diagnosticCode(status, action, isProtected(original.demand)),
    lastAttempt === undefined ? "" : field("Last-Attempt-Date", formatDate(lastAttempt)),
    field("Final-Log-ID", original.id),
    // RFC 3464 §2.3.9: in notices of a delay alone.
    retryUntil === undefined || action !== "delayed" ? "" : field("Will-Retry-Until", formatDate(retryUntil)),
  ].join("");
}

/** The enhanced code where it fits the action and the grammar of RFC 3464 §2.3.4, otherwise the general one of its class. */
function statusCode({ enhanced }: Status, action: Action): string {
  const class_ = classOf(action);
  const fits = enhanced?.startsWith(`${class_}.`) === true && STATUS_CODE.test(enhanced);
  // RFC 3461 §6.3
  return fits ? enhanced : `${class_}.0.0`;
}

function classOf(action: Action): 2 | 4 | 5 {
  switch (action) {
    case "failed":
      return 5;
    case "delayed":
      return 4;
    case "delivered":
    case "relayed":
    case "expanded":
      return 2;
    default:
      return unreachable(action);
  }
}

/**
 * The reply as it came, or what we found ourselves, which is no SMTP (RFC 3464 §2.3.6). Of what protected mail was answered
 * only the codes are told, for the words may quote it.
 */
function diagnosticCode({ reply, text }: Status, action: Action, protectedMail: boolean): string {
  if (reply === undefined) {
    return action === "failed" || action === "delayed"
      ? field("Diagnostic-Code", `x-hopseal; ${printable(text) || UNKNOWN}`)
      : "";
  }
  const said = protectedMail ? (reply.enhanced ?? "") : reply.lines.join(" ");
  return field("Diagnostic-Code", `smtp; ${printable(`${reply.code} ${said}`)}`);
}

/** The client as it named itself, with its address as a comment (RFC 3464 §2.2.4); nothing for mail of this machine. */
function receivedFrom({ origin, demand }: Original): string {
  const { helo, client } = origin;
  if (client === undefined || isProtected(demand)) return "";
  const literal = literalOf(client);
  const named = helo !== undefined && parseMailHost(helo).ok ? helo : literal;
  const comment = named === literal ? "" : ` (${literalAddress(literal) ?? literal})`;
  return field("Received-From-MTA", `dns; ${named}${comment}`);
}

/** RFC 3461 §9.3: a name, or an address literal; what is neither is named by its own type. */
function mtaName(host: string): string {
  if (parseDomain(host).ok && !IPV4.test(host)) return `dns; ${host}`;
  const literal = literalOf(host);
  return literal === NO_ADDRESS && host !== "::" ? `x-local; ${printable(host) || UNKNOWN}` : `dns; ${literal}`;
}

/** RFC 3464 §2.2.1: an identifier keeps its spelling, every space of it. */
function printableExactly(text: string): string {
  return text.replace(UNPRINTABLE, "?");
}

const UNKNOWN = "unknown";
const STATUS_CODE = /^[245]\.(?:0|[1-9]\d{0,2})\.(?:0|[1-9]\d{0,2})$/;
const IPV4 = /^[\d.]+$/;
/** What `literalOf` makes of something that is no address. */
const NO_ADDRESS: string = literalOf("");
const UNPRINTABLE = /[^\x20-\x7e]/gu;
