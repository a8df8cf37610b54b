import { err, ok, type Result } from "../base/mod.ts";
import { formatMailbox, parseMailbox, parseMailHost } from "../mail/mod.ts";
import { type Destination, isQueueId, type Operation, type QueuedUnit, type UnitFilter } from "../queue/mod.ts";

/** The words by which an operator picks messages, on the command line and in the query of a request. */
export interface FilterWords {
  readonly id?: string | undefined;
  readonly to?: string | undefined;
  readonly from?: string | undefined;
  readonly state?: string | undefined;
}

/** What the words mean; the error is a sentence that names the word. */
export function filterOf(words: FilterWords): Result<UnitFilter, string> {
  const { id, to, from, state } = words;
  if (id !== undefined && !isQueueId(id)) return err(`${JSON.stringify(id)} is no id of a message`);
  const destination = to === undefined ? ok(undefined) : parseMailHost(to);
  if (!destination.ok) return err(`${JSON.stringify(to)} is no domain`);
  const sender = from === undefined ? ok(undefined) : senderOf(from);
  if (!sender.ok) return err(`${JSON.stringify(from)} is no address`);
  if (state !== undefined && !isState(state))
    return err(`state takes ${STATES.join(", ")}, not ${JSON.stringify(state)}`);
  return ok({
    ...(id === undefined ? {} : { message: id }),
    ...(destination.value === undefined ? {} : { destination: destination.value as string as Destination }),
    ...(sender.value === undefined ? {} : { sender: sender.value }),
    ...(state === undefined ? {} : { state }),
  });
}

/** The filter of a request. */
export function readFilter(query: URLSearchParams): Result<UnitFilter, string> {
  const word = (name: string): string | undefined => query.get(name) ?? undefined;
  return filterOf({ id: word("id"), to: word("to"), from: word("from"), state: word("state") });
}

/** How it travels; `readFilter` gives it back. */
export function filterQuery(filter: UnitFilter): URLSearchParams {
  const query = new URLSearchParams();
  if (filter.message !== undefined) query.set("id", filter.message);
  if (filter.destination !== undefined) query.set("to", filter.destination);
  if (filter.sender !== undefined) query.set("from", filter.sender);
  if (filter.state !== undefined) query.set("state", filter.state);
  return query;
}

export function isOperation(text: string | null): text is Operation {
  return OPERATIONS.includes(text as Operation);
}

function senderOf(text: string): Result<string, unknown> {
  if (text === "" || text === "<>") return ok("");
  const bare = text.startsWith("<") && text.endsWith(">") ? text.slice(1, -1) : text;
  const mailbox = parseMailbox(bare, { utf8: true });
  return mailbox.ok ? ok(formatMailbox(mailbox.value)) : mailbox;
}

function isState(text: string): text is QueuedUnit["state"] {
  return STATES.includes(text as QueuedUnit["state"]);
}

const STATES: readonly QueuedUnit["state"][] = ["due", "waiting", "leased", "held"];
const OPERATIONS: readonly Operation[] = ["retry", "release", "hold", "drop"];
