import { type Bytes, systemClock } from "../base/mod.ts";
import type { Config } from "../config/mod.ts";
import { isQueueId, type QueueId, StoreError } from "../queue/mod.ts";
import type { QueueReader } from "../queue/store/mod.ts";
import { controlSocketPath } from "./control_api.ts";
import { askDaemon, type ControlFault, streamFromDaemon } from "./control_client.ts";
import { type EnvelopeJson, envelopeJson } from "./control_envelope.ts";
import { faultText } from "./control_fault.ts";
import { filterQuery } from "./control_filter.ts";
import { linesOf } from "./control_lines.ts";
import { type Entry, type Listed, type ListQuery, walkQueue } from "./control_list.ts";
import { type MessageJson, messageJson } from "./control_message.ts";
import { dropPrivileges } from "./privileges.ts";
import { openReaders } from "./shards_offline.ts";

type Each = (message: Entry) => void | Promise<void>;

/** What of the queue can be looked at whether or not a daemon runs. Members throw an Error for people to read. */
export interface QueueView {
  /** Hands over the messages one by one, in the order of age. */
  list(query: ListQuery, each: Each): Promise<Listed>;
  show(id: string): Promise<MessageJson | undefined>;
  envelope(id: string): Promise<EnvelopeJson | undefined>;
  /** The content in chunks. */
  content(id: string): Promise<AsyncIterable<Bytes> | undefined>;
}

export function queueView(config: Config): QueueView {
  const socket = controlSocketPath(config.data_dir);
  const one = async (id: string, part: "" | "/envelope"): Promise<{ value?: unknown; down?: true }> => {
    const answer = await askDaemon(socket, { method: "GET", path: `queue/${encodeURIComponent(id)}${part}` });
    if (answer.ok) return { value: answer.value };
    return refuseUnlessDown(answer.error, config) ? { down: true } : {};
  };
  return {
    async list(query, each) {
      const { filter, limit, after } = query;
      const words = filterQuery(filter);
      words.set("format", "lines");
      words.set("limit", limit === Infinity ? "all" : String(limit));
      if (after !== undefined) words.set("after", after);
      const answer = await streamFromDaemon(socket, { method: "GET", path: "queue", query: words });
      if (answer.ok) return await readLines(answer.value, each);
      refuseUnlessDown(answer.error, config);
      return (await offline(config, (reader) => listOffline(reader, query, each))) ?? { messages: 0 };
    },
    async show(id) {
      const { value, down } = await one(id, "");
      if (down !== true) return value === undefined ? undefined : (value as { message: MessageJson }).message;
      return await offline(config, async (reader) => {
        const found = isQueueId(id) ? await reader.show(id) : undefined;
        return found && messageJson(found);
      });
    },
    async envelope(id) {
      const { value, down } = await one(id, "/envelope");
      if (down !== true) return value as EnvelopeJson | undefined;
      return await offline(config, async (reader) => {
        const found = isQueueId(id) ? await reader.show(id) : undefined;
        return found && envelopeJson(found);
      });
    },
    async content(id) {
      const path = `queue/${encodeURIComponent(id)}/content`;
      const answer = await streamFromDaemon(socket, { method: "GET", path });
      if (answer.ok) return answer.value;
      if (!refuseUnlessDown(answer.error, config)) return undefined;
      return (await this.show(id)) === undefined ? undefined : contentOffline(config, id as QueueId);
    },
  };
}

/** True when no daemon runs, false when it knows no such message; throws for everything else. */
function refuseUnlessDown(fault: ControlFault, config: Config): boolean {
  if (fault.kind === "not-running") return true;
  if (fault.kind === "refused" && fault.status === 404) return false;
  throw new Error(faultText(fault, config));
}

async function readLines(stream: AsyncIterable<Bytes>, each: Each): Promise<Listed> {
  let end: (Listed & { readonly end: true }) | undefined;
  for await (const text of linesOf(stream)) {
    const line = JSON.parse(text) as { readonly message: Entry } | (Listed & { readonly end: true });
    if ("end" in line) end = line;
    else await each(line.message);
  }
  if (end === undefined) throw new Error("The daemon stopped in the middle of the list");
  return { messages: end.messages, ...(end.next === undefined ? {} : { next: end.next }) };
}

async function listOffline(reader: QueueReader, query: ListQuery, each: Each): Promise<Listed> {
  const walk = walkQueue(reader.list, query);
  for (;;) {
    const step = await walk.next();
    if (step.done === true) return step.value;
    for (const entry of step.value) await each(entry);
  }
}

async function* contentOffline(config: Config, id: QueueId): AsyncIterable<Bytes> {
  await using reader = openReader(config);
  if (reader !== undefined) yield* reader.openBody(id);
}

async function offline<T>(config: Config, work: (reader: QueueReader) => Promise<T>): Promise<T | undefined> {
  await using reader = openReader(config);
  return reader === undefined ? undefined : await work(reader);
}

/** Undefined when nothing was ever queued. */
function openReader(config: Config): QueueReader | undefined {
  // SQLite may leave files of its own beside the queue, which the daemon must be able to open.
  const dropped = dropPrivileges(config.user);
  if (!dropped.ok) throw new Error(dropped.error);
  try {
    return openReaders(config.data_dir, systemClock);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new Error(`Cannot open the queue in ${config.data_dir}: ${error.message}`, { cause: error });
  }
}
