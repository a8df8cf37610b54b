import { type Bytes, utf8 } from "../base/mod.ts";
import { isQueueId } from "../queue/mod.ts";
import type { Operator } from "./control_api.ts";
import { isOperation, readFilter } from "./control_filter.ts";
import { envelopeJson } from "./control_envelope.ts";
import { type ListQuery, walkQueue } from "./control_list.ts";
import { messageJson } from "./control_message.ts";

/** An answer that is whole, or one that is made while it is sent. */
export type Answer =
  | { readonly status: number; readonly body: unknown }
  | { readonly status: 200; readonly type: string; readonly stream: AsyncIterable<Bytes>; readonly length?: number };

export interface QueueRequest {
  readonly method: string;
  readonly id: string | undefined;
  /** What of the message is meant. */
  readonly part: string | undefined;
  readonly query: URLSearchParams;
}

/** The routes below /v1/queue. */
export async function answerQueue(operator: Operator, request: QueueRequest): Promise<Answer> {
  const { method, id, part, query } = request;
  switch (`${method}${id === undefined ? "" : " ID"}${part === undefined ? "" : ` ${part}`}`) {
    case "GET":
      return await list(operator, query);
    case "POST":
      return await operate(operator, query);
    case "GET ID": {
      const found = await operator.show(id ?? "");
      return found === undefined ? NOT_FOUND : { status: 200, body: { version: 1, message: messageJson(found) } };
    }
    case "GET ID envelope": {
      const found = await operator.show(id ?? "");
      return found === undefined ? NOT_FOUND : { status: 200, body: envelopeJson(found) };
    }
    case "GET ID content": {
      const found = await operator.content(id ?? "");
      if (found === undefined) return NOT_FOUND;
      return { status: 200, type: "message/rfc822", stream: found.content, length: found.size };
    }
    default:
      return NOT_FOUND;
  }
}

async function list(operator: Operator, query: URLSearchParams): Promise<Answer> {
  const limit = query.get("limit") === "all" ? Infinity : Number(query.get("limit") ?? PAGE);
  const after = query.get("after") ?? undefined;
  if (!(Number.isInteger(limit) || limit === Infinity) || limit < 1) return bad("limit takes a whole number from 1");
  if (after !== undefined && !isQueueId(after)) return bad("after takes the id of a message");
  const filter = readFilter(query);
  if (!filter.ok) return bad(filter.error);
  const first = { filter: filter.value, ...(after === undefined ? {} : { after }) };
  if (query.get("format") === "lines") {
    return { status: 200, type: "application/x-ndjson", stream: lines(operator.list, { ...first, limit }) };
  }
  const listed = await operator.list({ ...first, limit: Math.min(limit, LARGEST_PAGE) });
  return { status: 200, body: { version: 1, messages: listed.map(messageJson) } };
}

/** One message a line; the last line says that nothing is missing, and where the next page begins if there may be one. */
async function* lines(list: Operator["list"], query: ListQuery): AsyncIterable<Bytes> {
  const walk = walkQueue(list, query);
  for (;;) {
    const step = await walk.next();
    if (step.done === true) {
      yield utf8(`${JSON.stringify({ end: true, version: 1, ...step.value })}\n`);
      return;
    }
    yield utf8(step.value.map((message) => `${JSON.stringify({ message })}\n`).join(""));
  }
}

async function operate(operator: Operator, query: URLSearchParams): Promise<Answer> {
  const operation = query.get("operation");
  if (!isOperation(operation)) return bad("operation takes retry, release, hold or drop");
  const filter = readFilter(query);
  if (!filter.ok) return bad(filter.error);
  const destinations = await operator.operate(filter.value, operation);
  return destinations === undefined ? NOT_FOUND : { status: 200, body: { version: 1, operation, destinations } };
}

export function bad(error: string): Answer {
  return { status: 400, body: { error } };
}

export const NOT_FOUND: Answer = { status: 404, body: { error: "There is no such thing" } };
/** Messages in a document unless asked for more, or fewer. */
const PAGE = 100;
const LARGEST_PAGE = 10_000;
