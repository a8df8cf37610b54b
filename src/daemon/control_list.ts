import { type QueuedMessage, type QueueId, type Store, StoreError, type UnitFilter } from "../queue/mod.ts";
import { type DamagedJson, type MessageJson, messageJson } from "./control_message.ts";

export interface ListQuery {
  readonly filter: UnitFilter;
  /** Infinity for all. */
  readonly limit: number;
  readonly after?: QueueId;
}

export interface Listed {
  readonly messages: number;
  /** There may be more after this id. */
  readonly next?: string;
}

export type Entry = MessageJson | DamagedJson;

/** Walks the queue page by page. A message whose row is damaged is an entry that says so, and holds no other up. */
export async function* walkQueue(list: Store["list"], query: ListQuery): AsyncGenerator<readonly Entry[], Listed> {
  const { filter, limit } = query;
  let after = query.after;
  let messages = 0;
  // One at a time while a damaged row lies ahead, so that the sound ones before it come out.
  let page = PAGE;
  while (messages < limit) {
    const wanted = Math.min(page, limit - messages);
    const found = await readPage(list, { filter, limit: wanted, ...(after === undefined ? {} : { after }) });
    if (found.kind === "damaged" && wanted > 1) {
      page = 1;
      continue;
    }
    const entries = found.kind === "damaged" ? [found.entry] : found.messages.map(messageJson);
    if (found.kind === "damaged") page = PAGE;
    if (entries.length > 0) yield entries;
    messages += entries.length;
    after = (entries.at(-1)?.id as QueueId | undefined) ?? after;
    if (entries.length < wanted) return { messages };
  }
  return { messages, ...(after === undefined ? {} : { next: after }) };
}

type Page =
  | { readonly kind: "sound"; readonly messages: readonly QueuedMessage[] }
  | { readonly kind: "damaged"; readonly entry: DamagedJson };

async function readPage(list: Store["list"], query: Parameters<Store["list"]>[0]): Promise<Page> {
  try {
    return { kind: "sound", messages: await list(query) };
  } catch (error) {
    if (!(error instanceof StoreError) || error.id === undefined) throw error;
    return { kind: "damaged", entry: { id: error.id, damaged: error.message } };
  }
}

/** Messages read at a time. */
const PAGE = 100;
