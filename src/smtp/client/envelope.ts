import { unreachable } from "../../base/mod.ts";
import type { Reply } from "../grammar/mod.ts";
import { startContent } from "./content.ts";
import { rcptStatus, remoteStatus, replyText } from "./outcome.ts";
import { type PlannedCommand, planTransaction } from "./plan.ts";
import type { ClientEffect, ClientState, SessionFacts, Step, Transaction, TransactionRequest } from "./state.ts";
import { classOf, finding, finish, hostAfter, protocolError, unexpected, writeLine } from "./transitions.ts";
import type { TransactionResult } from "./types.ts";

type AwaitEnvelope = Extract<ClientState, { readonly kind: "await-envelope" }>;

/** Begins a transaction, or says at once why it cannot be. */
export function transact(session: SessionFacts, request: TransactionRequest): Step {
  const { mailMax = Infinity } = session.extensions.limits;
  if (session.mails >= mailMax) {
    // RFC 9422 §4.1
    const text = `the host takes at most ${mailMax} messages in one session`;
    const status = finding(session, "too-many-transactions", text);
    return untouched(session, request, { status, reusable: false, host: "ok" });
  }
  const planned = planTransaction(session, request);
  if (planned.kind === "refused") {
    return untouched(session, request, { status: planned.status, reusable: true, host: planned.host });
  }
  const { plan } = planned;
  const transaction: Transaction = { plan, settled: undefined, accepted: [], open: false };
  if (plan.withheld.size === plan.count) {
    const undecided = finding(session, "no-valid-recipients", "the message has no recipients");
    const { state, effects } = finish(session, transaction, { undecided, dirty: session.dirty });
    return { state, effects: effects.map((effect) => (effect.kind === "done" ? withoutTouch(effect) : effect)) };
  }
  const begun: SessionFacts = { ...session, mails: session.mails + 1, domains: plan.domains };
  const state: AwaitEnvelope = { kind: "await-envelope", session: begun, transaction, answered: 0 };
  return { state, effects: nextCommands(state) };
}

/** A transaction that is asked for when the session is over. */
export function refuseAll(state: ClientState, request: TransactionRequest): Step {
  if (state.kind !== "closed") throw new Error(`A transaction cannot begin in the state ${state.kind}`);
  const { effects } = untouched(state.session, request, { status: state.why, reusable: false, host: "ok" });
  return { state, effects };
}

/** Takes the reply to the oldest command without one. */
export function onEnvelopeReply(state: AwaitEnvelope, reply: Reply): Step {
  const command = state.transaction.plan.commands[state.answered];
  if (command === undefined) throw new Error("A reply is awaited but no command is outstanding");
  // RFC 5321 §4.2.1: 3yz answers DATA alone.
  const fits = command.kind === "data" ? classOf(reply) !== 2 : classOf(reply) !== 3;
  if (!fits) return unexpected(state, nameOf(command), reply);
  if (command.kind === "rset" && classOf(reply) !== 2) {
    return protocolError(state, `the host refused RSET: ${reply.code} ${replyText(reply)}`, reply);
  }
  const transaction = settle(state, command, reply);
  const answered = state.answered + 1;
  const next: AwaitEnvelope = { ...state, transaction, answered };
  if (command.kind === "data") return classOf(reply) === 3 ? startContent(next) : close(next);
  const { plan } = transaction;
  if (answered === plan.commands.length) return transaction.accepted.length > 0 ? startContent(next) : close(next);
  if (plan.pipelined) return { state: next, effects: [deadlineFor(plan.commands[answered])] };
  return isHopeless(next) ? close(next) : { state: next, effects: nextCommands(next) };
}

/** What the reply to `command` changes. */
function settle({ session, transaction }: AwaitEnvelope, command: PlannedCommand, reply: Reply): Transaction {
  const { peer } = session.options;
  const accepted = classOf(reply) === 2;
  switch (command.kind) {
    case "rset":
      return transaction;
    case "mail":
      return accepted ? { ...transaction, open: true } : { ...transaction, refusal: remoteStatus(reply, peer) };
    case "rcpt": {
      // After a refused MAIL the replies to what was sent ahead say nothing of their own.
      if (transaction.refusal !== undefined) return transaction;
      if (accepted) return { ...transaction, accepted: [...transaction.accepted, command.index] };
      const status = rcptStatus(reply, peer);
      return { ...transaction, settled: { index: command.index, status, before: transaction.settled } };
    }
    case "data":
      return classOf(reply) === 3 || transaction.refusal !== undefined || transaction.accepted.length === 0
        ? transaction
        : { ...transaction, refusal: remoteStatus(reply, peer) };
    default:
      return unreachable(command.kind);
  }
}

/** Ends a transaction in which no content goes. */
function close({ session, transaction }: AwaitEnvelope): Step {
  const undecided = transaction.refusal ?? finding(session, "no-valid-recipients", "the host accepted no recipient");
  return finish(session, transaction, { undecided, dirty: transaction.open, host: hostAfter(transaction) });
}

/** Nothing of what is still to be sent can lead to a delivery. */
function isHopeless({ transaction, answered }: AwaitEnvelope): boolean {
  if (transaction.refusal !== undefined) return true;
  const ahead = transaction.plan.commands[answered];
  return ahead?.kind === "data" && transaction.accepted.length === 0;
}

/** All commands at once under PIPELINING, otherwise the next one. */
function nextCommands({ session, transaction, answered }: AwaitEnvelope): readonly ClientEffect[] {
  const { commands, pipelined } = transaction.plan;
  const next = commands[answered];
  if (next === undefined) throw new Error("No command is left to send");
  // RFC 2920 §3.1
  const group = pipelined && session.extensions.pipelining ? commands.slice(answered) : [next];
  return [writeLine(group.map((command) => command.line).join("")), deadlineFor(next)];
}

function deadlineFor(command: PlannedCommand | undefined): ClientEffect {
  if (command === undefined) throw new Error("No reply is awaited");
  return { kind: "deadline", after: command.timeout, what: `the reply to ${nameOf(command)}` };
}

function untouched(
  session: SessionFacts,
  request: TransactionRequest,
  end: { readonly status: TransactionResult["recipients"][number] } & Pick<TransactionResult, "reusable" | "host">,
): Step {
  const recipients = request.recipients.map(() => end.status);
  const result: TransactionResult = { recipients, reusable: end.reusable, host: end.host, untouched: true };
  return { state: { kind: "ready", session }, effects: [{ kind: "done", result }] };
}

function withoutTouch(effect: Extract<ClientEffect, { readonly kind: "done" }>): ClientEffect {
  return { kind: "done", result: { ...effect.result, untouched: true } };
}

function nameOf(command: PlannedCommand): string {
  return command.kind.toUpperCase();
}
