import type { Millis } from "../../base/mod.ts";
import { type BodyType, formatMailbox, needsUtf8, type Recipient } from "../../mail/mod.ts";
import type { Status } from "../../status/mod.ts";
import { formatMail, formatRcpt } from "../grammar/mod.ts";
import { findingStatus } from "./outcome.ts";
import type { SessionFacts, TransactionRequest } from "./state.ts";

/** One command of a transaction's envelope. */
export interface PlannedCommand {
  readonly kind: "rset" | "mail" | "rcpt" | "data";
  /** The recipient of a `rcpt`; -1 otherwise. */
  readonly index: number;
  readonly line: string;
  readonly timeout: Millis;
}

/** How one message is put to this server. */
export interface Plan {
  readonly commands: readonly PlannedCommand[];
  readonly pipelined: boolean;
  readonly via: "data" | "bdat";
  readonly size: number;
  /** Recipients of the whole request. */
  readonly count: number;
  /** Decided without asking the server. */
  readonly withheld: ReadonlyMap<number, Status>;
  /** Recipient domains of this session with this transaction. */
  readonly domains: ReadonlySet<string>;
  /** A limit of the session kept some recipient back, so only a new session helps. */
  readonly exhausted: boolean;
}

export type Planned =
  | { readonly kind: "plan"; readonly plan: Plan }
  /** Nothing of the message can go to this server as it is. */
  | { readonly kind: "refused"; readonly status: Status; readonly host: "ok" | "failed" };

/** Decides what is sent, and how, before the first octet of a transaction. */
export function planTransaction(session: SessionFacts, request: TransactionRequest): Planned {
  const body = bodyFor(session, request);
  const refusal = demandFault(session, request) ?? contentFault(session, request, body) ?? utf8Fault(session, request);
  if (refusal !== undefined) {
    // RFC 8689 §4.2.1: another host of the domain may keep the promise.
    return { kind: "refused", status: refusal, host: refusal.cause === "requiretls-unsupported" ? "failed" : "ok" };
  }
  const { withheld, domains, exhausted } = withhold(session, request);
  const smtpUtf8 = usesUtf8(session, request);
  const via = body === "binarymime" || prefersBdat(session) ? "bdat" : "data";
  const commands: PlannedCommand[] = [];
  const { timeouts } = session.options;
  if (session.dirty) commands.push({ kind: "rset", index: -1, line: "RSET\r\n", timeout: timeouts.rset });
  commands.push({
    kind: "mail",
    index: -1,
    line: mailLine(session, request, { body, smtpUtf8 }),
    timeout: timeouts.mail,
  });
  for (const [index, recipient] of request.recipients.entries()) {
    if (withheld.has(index)) continue;
    const line = rcptLine(session, recipient, { nullPath: request.envelope.reversePath.kind === "null", smtpUtf8 });
    commands.push({ kind: "rcpt", index, line, timeout: timeouts.rcpt });
  }
  if (via === "data") commands.push({ kind: "data", index: -1, line: "DATA\r\n", timeout: timeouts.data });
  const { pipelining } = session.extensions;
  const { size } = request.content;
  const count = request.recipients.length;
  return { kind: "plan", plan: { commands, pipelined: pipelining, via, size, count, withheld, domains, exhausted } };
}

/** The BODY parameter that the content needs, or undefined where none is needed or possible. */
function bodyFor({ extensions }: SessionFacts, request: TransactionRequest): BodyType | undefined {
  if (isBinary(request)) return "binarymime";
  const wanted = request.content.eightBit || request.envelope.body !== "7bit";
  return wanted && extensions.eightBitMime ? "8bitmime" : undefined;
}

/** Content that DATA cannot carry, or that is declared so (RFC 3030 §3). */
function isBinary({ content, envelope }: TransactionRequest): boolean {
  return content.bareCrLf || content.nul || !content.endsInCrlf || envelope.body === "binarymime";
}

function prefersBdat({ options, extensions }: SessionFacts): boolean {
  return options.chunking === "preferred" && extensions.chunking;
}

function demandFault(session: SessionFacts, request: TransactionRequest): Status | undefined {
  if (!request.envelope.demand.propagate || promises(session) || request.requireTls === "wanted") return undefined;
  // RFC 8689 §4.2.1
  return findingStatus("requiretls-unsupported", "the host does not offer REQUIRETLS", session.options.peer);
}

/** The promise of REQUIRETLS counts only when it is made inside TLS (RFC 8689 §4.2.1). */
function promises({ secured, extensions }: SessionFacts): boolean {
  return secured && extensions.requireTls;
}

function contentFault(session: SessionFacts, { content }: TransactionRequest, body?: BodyType): Status | undefined {
  const { extensions, options } = session;
  if (extensions.size !== undefined && extensions.size > 0 && content.size > extensions.size) {
    // RFC 1870 §6.1
    const text = `the message has ${content.size} octets, the host takes at most ${extensions.size}`;
    return findingStatus("message-too-big", text, options.peer);
  }
  if (body === "binarymime" && !(extensions.chunking && extensions.binaryMime)) {
    // RFC 3030 §3
    return findingStatus("binary-refused", "the host does not take binary content (BINARYMIME)", options.peer);
  }
  if (content.eightBit && body === undefined) {
    // RFC 6152 §3
    return findingStatus("conversion-required", "the host does not take 8-bit content (8BITMIME)", options.peer);
  }
  return undefined;
}

/** SMTPUTF8 matters only where something is not ASCII in fact (RFC 6531 §3.4). */
function utf8Fault(session: SessionFacts, request: TransactionRequest): Status | undefined {
  if (session.extensions.smtpUtf8) return undefined;
  const { reversePath } = request.envelope;
  // RFC 6531 §3.2: no such message goes to a host without the extension.
  if (reversePath.kind === "mailbox" && needsUtf8(reversePath.mailbox)) {
    return findingStatus("utf8-sender-refused", "the host does not offer SMTPUTF8", session.options.peer);
  }
  return contentNeedsUtf8(request)
    ? findingStatus("utf8-content-refused", "the host does not offer SMTPUTF8", session.options.peer)
    : undefined;
}

function contentNeedsUtf8({ envelope, content }: TransactionRequest): boolean {
  return envelope.smtpUtf8 && content.eightBit;
}

function withhold(
  session: SessionFacts,
  request: TransactionRequest,
): Pick<Plan, "withheld" | "domains" | "exhausted"> {
  const { extensions, options } = session;
  const { rcptMax = Infinity, rcptDomainMax = Infinity } = extensions.limits;
  const withheld = new Map<number, Status>();
  const domains = new Set(session.domains);
  let count = 0;
  let exhausted = false;
  for (const [index, { mailbox }] of request.recipients.entries()) {
    if (needsUtf8(mailbox) && !extensions.smtpUtf8) {
      // RFC 6531 §3.2
      withheld.set(index, findingStatus("utf8-recipient-refused", "the host does not offer SMTPUTF8", options.peer));
    } else if (count >= rcptMax) {
      // RFC 9422 §4.2
      const text = `the host takes at most ${rcptMax} recipients in one transaction`;
      withheld.set(index, findingStatus("too-many-recipients", text, options.peer));
    } else if (!domains.has(mailbox.domain) && domains.size >= rcptDomainMax) {
      // RFC 9422 §4.3
      const text = `the host takes recipients of at most ${rcptDomainMax} domains in one session`;
      withheld.set(index, findingStatus("too-many-recipients", text, options.peer));
      exhausted = true;
    } else {
      domains.add(mailbox.domain);
      count++;
    }
  }
  return { withheld, domains, exhausted };
}

/** Given when something needs it, and only then (RFC 6531 §3.4). */
function usesUtf8({ extensions }: SessionFacts, request: TransactionRequest): boolean {
  if (!extensions.smtpUtf8) return false;
  const { reversePath } = request.envelope;
  if (reversePath.kind === "mailbox" && needsUtf8(reversePath.mailbox)) return true;
  return contentNeedsUtf8(request) || request.recipients.some(({ mailbox }) => needsUtf8(mailbox));
}

function mailLine(
  session: SessionFacts,
  { envelope, content }: TransactionRequest,
  { body, smtpUtf8 }: { readonly body: BodyType | undefined; readonly smtpUtf8: boolean },
): string {
  const { extensions } = session;
  const requireTls = envelope.demand.propagate && promises(session);
  return formatMail({
    reversePath: envelope.reversePath,
    ...(extensions.size === undefined ? {} : { size: content.size }),
    ...(body === undefined ? {} : { body }),
    smtpUtf8,
    ...(extensions.dsn ? dsnOf(envelope, requireTls) : {}),
    requireTls,
  });
}

function dsnOf(
  { dsn, reversePath }: TransactionRequest["envelope"],
  requireTls: boolean,
): TransactionRequest["envelope"]["dsn"] {
  const envid = dsn.envid === undefined ? {} : { envid: dsn.envid };
  // RFC 3461 §6.1: no RET with a null reverse-path.
  if (reversePath.kind === "null") return envid;
  // RFC 8689 §5: what was sent under REQUIRETLS never comes back whole.
  return requireTls ? { ...envid, ret: "hdrs" } : dsn;
}

/** RFC 3461 §5.2.1: ORCPT may be added, and is then the address under which we took the recipient. */
function originalOf(accepted: Recipient["asked"]): Recipient["original"] {
  if (accepted === undefined) return undefined;
  return { type: needsUtf8(accepted) ? "utf-8" : "rfc822", address: formatMailbox(accepted) };
}

function rcptLine(
  { extensions }: SessionFacts,
  { mailbox, asked: accepted, original = originalOf(accepted), notify }: Recipient,
  { nullPath, smtpUtf8 }: { readonly nullPath: boolean; readonly smtpUtf8: boolean },
): string {
  if (!extensions.dsn) return formatRcpt({ mailbox });
  // RFC 3461 §6.1: with a null reverse-path only NEVER may be asked for.
  const asked = nullPath && notify !== "never" ? undefined : notify;
  return formatRcpt({
    mailbox,
    ...(asked === undefined ? {} : { notify: asked }),
    ...(original === undefined ? {} : { original }),
    utf8: smtpUtf8,
  });
}
